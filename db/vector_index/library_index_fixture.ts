import assert from "node:assert/strict";
import { and, eq, inArray, sql } from "drizzle-orm";
import type { Database, Db } from "../client.ts";
import { embeddings, photos } from "../schema.ts";
import { bytesOfVector } from "../vectors.ts";
import type { LibraryIndex } from "./library_index.ts";

export const DIMENSION = 24;

/** What the suite is run on. */
export interface Backend {
  database: Database;
  /** Whether statements of several connections can be under way at once. */
  concurrent: boolean;
  open(settings: OpenSettings): LibraryIndex;
}

export interface OpenSettings {
  url: string;
  model: string;
  dimension: number;
  exactLimit?: number;
}

/** The same photos, and vectors for them, in every case. */
export interface Fixture extends Backend {
  db: Db;
  ids: number[];
  vectors: Float32Array[];
  queries: Float32Array[];
}

export function open(fixture: Fixture, name: string, exactLimit?: number) {
  const model = `${name}'s@000000000000`;
  const { database, db, ids, vectors } = fixture;
  const index = patient(
    fixture.open({ url: database.url, model, dimension: DIMENSION, exactLimit }),
  );
  const put = async (given: Map<number, Float32Array>) => {
    await db.insert(embeddings).values([...given].map((one) => row(model, one)))
      .onConflictDoUpdate({
        target: [embeddings.photoId, embeddings.model],
        set: { vector: sql`excluded.vector` },
      });
  };
  /** The first `count` of the fixture's. */
  const store = async (count: number) => {
    const given = new Map(ids.slice(0, count).map((id, i) => [id, vectors[i]]));
    await put(given);
    return given;
  };
  return { index, model, put, store };
}

/** Asks again while vectors are missing: a slow machine loads no thousand in two seconds. */
function patient(index: LibraryIndex): LibraryIndex {
  return {
    ...index,
    async search(...given) {
      for (const end = performance.now() + 30_000;;) {
        const found = await index.search(...given);
        if (found.missing === 0) return found;
        assert(performance.now() < end, `${found.missing} are missing still after 30 s`);
      }
    },
  };
}

/** A search within half a second of another may see what that one saw. */
export const later = () => new Promise((resolve) => setTimeout(resolve, 550));

export const row = (model: string, [photoId, vector]: [number, Float32Array]) => ({
  photoId,
  model,
  vector: bytesOfVector(vector),
});

export const remove = (db: Db, model: string, ids: number[]) =>
  db.delete(embeddings).where(and(eq(embeddings.model, model), inArray(embeddings.photoId, ids)));

export async function built(index: LibraryIndex): Promise<void> {
  await index.warm();
  for (const end = performance.now() + 30_000;;) {
    const { state } = await index.progress();
    if (state === "ready") return;
    assert(performance.now() < end, `still ${state} after 30 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export const only = (truth: Map<number, Float32Array>, ids: number[]) =>
  new Map(ids.flatMap((id) => truth.has(id) ? [[id, truth.get(id)!]] : []));

const product = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * b[i], 0);

export const best = (
  truth: Map<number, Float32Array>,
  { query, k }: { query: Float32Array; k: number },
) =>
  [...truth].map(([id, vector]) => ({ id, score: product(query, vector) }))
    .sort((a, b) => b.score - a.score).slice(0, k);

/** The k nearest in order; two whose scores are the same but for the last digit may be exchanged. */
export function assertNearest(
  hits: { id: number; score: number }[],
  truth: Map<number, Float32Array>,
  { query, k }: { query: Float32Array; k: number },
): void {
  const wanted = best(truth, { query, k });
  assert.equal(hits.length, wanted.length);
  assert.equal(new Set(hits.map((hit) => hit.id)).size, hits.length);
  hits.forEach(({ id, score }, i) => {
    assert(Math.abs(score - wanted[i].score) < 1e-6, `number ${i} has ${score}`);
    assert(Math.abs(score - product(query, truth.get(id)!)) < 1e-6, `photo ${id} has ${score}`);
  });
}

export async function addPhotos(db: Db, count: number): Promise<number[]> {
  const rows = await db.insert(photos).values(Array.from({ length: count }, () => ({
    sha256: crypto.randomUUID(),
    byteSize: 1,
    width: 1,
    height: 1,
    format: "jpeg",
    dhash: "0",
    flat: true,
    firstMtimeMs: 0,
    firstPath: "/p",
    previewWidth: 1,
    previewHeight: 1,
  }))).returning({ id: photos.id });
  return rows.map((one) => one.id).sort((a, b) => a - b);
}
