import { type SQL, sql } from "drizzle-orm";
import { openEngine } from "../../models/engine.ts";
import { searchEncoder } from "../../models/search_encoder.ts";
import { embeddings, files, photos } from "../schema.ts";
import { testDatabase } from "../testing.ts";
import { bytesOfVector } from "../vectors.ts";
import { createSearch } from "./search.ts";
import type { Search, SearchRequest, SearchResult } from "./types.ts";

// A search within half a second of another sees what that one saw.
export const later = () => new Promise((resolve) => setTimeout(resolve, 550));

/** A library of pictures that are red to some degree, by the real words of the built-in models. */
export async function redLibrary() {
  const database = await testDatabase();
  const { db } = database;
  const engine = await openEngine({ modelsDir: null, roles: ["text", "images"] });
  const { key: model } = engine.models.clip;
  const [red, blue] = [await engine.embedText("red"), await engine.embedText("blue")];
  let made = 0;

  /** Photos with these cosines to "red". */
  const add = (cosines: number[], options?: { camera?: string }) =>
    addVectors(cosines.map(at), options);

  async function addVectors(
    vectors: Float32Array[],
    { camera = "Leica M6" }: { camera?: string } = {},
  ): Promise<number[]> {
    const rows = await db.insert(photos).values(vectors.map(() => ({
      sha256: crypto.randomUUID(),
      ...{ byteSize: 1, width: 30, height: 20, format: "jpeg", dhash: "0", flat: true },
      ...{ firstMtimeMs: 0, firstPath: "/p", previewWidth: 1, previewHeight: 1 },
      takenAt: `2019-01-01T00:${String(made % 60).padStart(2, "0")}:00`,
      camera,
    }))).returning({ id: photos.id });
    const ids = rows.map(({ id }) => id);
    await db.insert(files).values(ids.map((photoId) => ({
      ...{ photoId, path: `/p/${++made}.jpg`, size: 1, mtimeMs: 1 },
    })));
    await db.insert(embeddings).values(ids.map((photoId, i) => ({
      ...{ photoId, model, vector: bytesOfVector(vectors[i]) },
    })));
    return ids;
  }
  // In the plane of two words, whose vectors are not at right angles.
  function at(cosine: number): Float32Array {
    const along = product(red, blue);
    const across = red.map((value, i) => blue[i] - along * value);
    const length = Math.sqrt(product(across, across));
    return red.map((value, i) => cosine * value + Math.sqrt(1 - cosine ** 2) * across[i] / length);
  }
  return {
    database,
    db,
    add,
    /** Photos of two things each, none of which is red. */
    async addOthers(count: number): Promise<number[]> {
      const names = "green yellow blue white black night snow forest meadow sea sky desert".split(
        " ",
      );
      const words = await Promise.all(names.map(engine.embedText));
      return await addVectors(Array.from({ length: count }, (_, i) => {
        const [one, two] = [words[i % 12], words[(i * 5 + Math.floor(i / 12) + 1) % 12]];
        const both = one.map((value, at) => value + 0.6 * two[at]);
        const length = Math.sqrt(product(both, both));
        return both.map((value) => value / length);
      }));
    },
    async remove(which: SQL) {
      await db.execute(sql`delete from embeddings where ${which}`);
      await db.execute(sql`delete from files where ${which}`);
    },
    engine,
    model,
    open: () =>
      createSearch(
        database,
        () => Promise.resolve(searchEncoder({ ...engine, close: async () => {} })),
      ),
    async close() {
      await engine.close();
      await database.drop();
    },
  };
}

export const product = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, x, i) => sum + x * b[i], 0);
export const ask = (search: Search, request: Partial<SearchRequest>) =>
  search.find({ words: "", filter: {}, limit: 20, ...request });
export const idsOf = ({ results }: SearchResult) => results.map(({ id }) => id);
