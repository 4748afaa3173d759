import assert from "node:assert/strict";
import { inArray, sql } from "drizzle-orm";
import type { Db } from "../../db/client.ts";
import { clusters, faceModels, faces, people, photos } from "../../db/schema.ts";
import { writeServing } from "../../db/serving_queries.ts";
import { type TestDatabase, testDatabase } from "../../db/testing.ts";
import { bytesOfVector } from "../../db/vectors.ts";
import { PeopleFault } from "./fault.ts";
import { learnPeople } from "./learn.ts";

/** A small library for tests of what people do to it: faces of a model that is shown. */

export const MODEL = "test-faces";
const DIMENSION = 16;

/** Rows that one statement can insert: it takes 65,534 values. */
const AT_ONCE = 3000;

/** A face to be put into a library; absent: nobody's, in no cluster. */
export interface Planted {
  /** Whose it looks like: 0, 1, … */
  look: number;
  photo: number;
  cluster?: number;
  person?: number;
  confirmed?: boolean;
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Faces of one look have a cosine of about .8, those of different looks of 0 to .3. */
function vectorOf(look: number, random: () => number): Float32Array {
  const vector = Float32Array.from({ length: DIMENSION }, () => (random() - 0.5) * 0.5);
  vector[look % DIMENSION] += 1;
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

/**
 * Photos with these faces in an empty database, which must have this model's thresholds after it;
 * clusters and people (named P0, P1, … or, where `named` says no, without a name) as the faces tell.
 */
export async function plant(
  db: Db,
  planted: Planted[],
  { seed = 1, named = () => true }: { seed?: number; named?: (person: number) => boolean } = {},
) {
  const random = seeded(seed);
  await writeServing(db, { faces: MODEL });
  await db.insert(faceModels).values({
    model: MODEL,
    dimension: DIMENSION,
    certain: 0.75,
    likely: 0.5,
  }).onConflictDoNothing();
  const photoIds = await inserted(planted.map(({ photo }) => photo), async (all) => {
    const rows = await db.insert(photos).values(all.map((photo) => ({
      sha256: `${seed} ${photo}`,
      byteSize: 1,
      width: 10,
      height: 10,
      format: "jpeg",
      dhash: `${photo}`,
      flat: false,
      firstMtimeMs: 0,
      firstPath: `/${photo}`,
      previewWidth: 10,
      previewHeight: 10,
    }))).returning({ id: photos.id });
    return rows.map(({ id }) => id);
  });
  const clusterIds = await inserted(planted.map(({ cluster }) => cluster), async (all) => {
    const rows = await db.insert(clusters).values(all.map(() => ({ model: MODEL, size: 0 })))
      .returning({ id: clusters.id });
    return rows.map(({ id }) => id);
  });
  const personIds = await inserted(planted.map(({ person }) => person), async (all) => {
    const rows = await db.insert(people).values(
      all.map((person) => ({ name: named(person) ? `P${person}` : null })),
    ).returning({ id: people.id });
    return rows.map(({ id }) => id);
  });
  const rows = planted.map((face, index) => ({
    photoId: photoIds.get(face.photo)!,
    model: MODEL,
    box: [(index % 50) / 50, Math.floor(index / 50) % 50 / 50, 0.015, 0.015],
    landmarks: Array(10).fill(0),
    score: 0.9,
    quality: 0.3 + random() * 0.6,
    embedding: bytesOfVector(vectorOf(face.look, random)),
    clusterId: face.person === undefined ? clusterIds.get(face.cluster!) : undefined,
    personId: personIds.get(face.person!),
    confirmed: face.person !== undefined && (face.confirmed ?? true),
    similarity: face.person !== undefined && face.confirmed === false ? 0.8 : null,
  }));
  const ids: number[] = [];
  for (let start = 0; start < rows.length; start += AT_ONCE) {
    const some = await db.insert(faces).values(rows.slice(start, start + AT_ONCE))
      .returning({ id: faces.id });
    ids.push(...some.map(({ id }) => id));
  }
  await db.execute(sql`
    update clusters c set size = (select count(*) from faces f where f.cluster_id = c.id),
      cover_face_id = (select min(id) from faces f where f.cluster_id = c.id)`);
  await db.execute(sql`delete from clusters where size = 0`);
  await db.transaction((tx) => learnPeople(tx, [...personIds.values()]));
  return {
    faces: ids,
    photos: photoIds,
    clusters: clusterIds,
    people: personIds,
  };
}

async function inserted(
  wanted: (number | undefined)[],
  insert: (all: number[]) => Promise<number[]>,
): Promise<Map<number, number>> {
  const all = [...new Set(wanted.filter((one) => one !== undefined))].sort((a, b) => a - b);
  const ids = all.length === 0 ? [] : await insert(all);
  return new Map(all.map((one, index) => [one, ids[index]]));
}

/** Everything that somebody can change, row by row as text: equal for equal states. */
export async function stateOf(db: Db): Promise<Record<string, string[]>> {
  const state: Record<string, string[]> = {};
  const queries = {
    people: sql`select to_jsonb(p) - 'stale' as row from people p`,
    faces: sql`select to_jsonb(f) - 'embedding' as row from faces f`,
    clusters: sql`select to_jsonb(c) as row from clusters c`,
    rejections: sql`select to_jsonb(r) as row from rejections r`,
    splits: sql`select to_jsonb(s) as row from splits s`,
    suggestions: sql`select to_jsonb(s) as row from suggestions s`,
    proposals: sql`select to_jsonb(p) as row from proposals p`,
  };
  for (const [table, query] of Object.entries(queries)) {
    const rows = await db.execute<{ row: string }>(
      sql`select row::text as row from (${query}) t order by row`,
    );
    state[table] = rows.map(({ row }) => row);
  }
  return state;
}

/** Prototypes and thresholds of everybody, found anew. */
export async function learnt(db: Db): Promise<string[]> {
  return await db.transaction(async (tx) => {
    const rows = await tx.select({ id: people.id }).from(people).orderBy(people.id);
    await learnPeople(tx, rows.map(({ id }) => id));
    const found = await tx.execute<{ row: string }>(sql`
      select to_jsonb(p)::text as row from prototypes p
      union all select to_jsonb(t)::text from person_thresholds t order by 1`);
    return found.map(({ row }) => row);
  });
}

/** Who does what in these tests. */
export const BY = "tester";

/** A fresh database with such faces for each; people from 5 on have no name. */
export async function withLibrary(
  planted: Parameters<typeof plant>[1],
  work: (
    at: Awaited<ReturnType<typeof plant>> & { db: Db; database: TestDatabase },
  ) => Promise<void>,
): Promise<void> {
  const database = await testDatabase();
  try {
    const library = await plant(database.db, planted, { named: (person) => person < 5 });
    await work({ ...library, db: database.db, database });
  } finally {
    await database.drop();
  }
}

let photo = 0;
/** Faces of one look, each on a photo of its own. */
export const some = (count: number, look: number, rest: object = {}) =>
  Array.from({ length: count }, () => ({ look, photo: photo++, ...rest }));

/** The rows of faces, in the order of their ids. */
export const faceRows = (db: Db, ids: number[]) =>
  db.select().from(faces).where(inArray(faces.id, ids)).orderBy(faces.id);

/** Checks that the action is refused as it should be, and has changed nothing. */
export async function refused(
  db: Db,
  action: () => Promise<unknown>,
  { kind, message }: { kind: PeopleFault["kind"]; message: RegExp },
): Promise<void> {
  const before = await stateOf(db);
  await assert.rejects(action, (error: unknown) => {
    assert(error instanceof PeopleFault, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    return true;
  });
  assert.deepEqual(await stateOf(db), before);
}
