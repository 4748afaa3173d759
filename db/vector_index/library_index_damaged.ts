import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { embeddings } from "../schema.ts";
import { bytesOfVector } from "../vectors.ts";
import type { LibraryIndex } from "./library_index.ts";
import { assertNearest, best, type Fixture, later, only } from "./library_index_fixture.ts";

/** Damaged vectors come beside the good ones, and into their place, and are repaired. */
export async function leaveOutDamaged(
  { db, ids, vectors, queries: [query] }: Fixture,
  { index, model, truth }: {
    index: LibraryIndex;
    model: string;
    truth: Map<number, Float32Array>;
  },
): Promise<void> {
  const short = bytesOfVector(vectors[0].subarray(1));
  const spoilt = bytesOfVector(vectors[0].map((value, i) => i === 5 ? NaN : value));
  const damaged = [short, spoilt, new Uint8Array(7), new Uint8Array(0)];
  const put = (id: number, vector: Uint8Array) =>
    db.insert(embeddings).values({ photoId: id, model, vector }).onConflictDoUpdate({
      target: [embeddings.photoId, embeddings.model],
      set: { vector },
    });
  const check = async () => {
    await later();
    // Before it was copied, perhaps, and after.
    for (let i = 0; i < 2; i++) {
      const found = await index.search(query, 5);
      assertNearest(found.hits, truth, { query, k: 5 });
      const passing = ids.slice(0, 1300).filter((_, i) => i % 2 === 0);
      const among = sql`select x from unnest(${sql.param(passing)}::bigint[]) as given (x)`;
      const part = only(truth, passing);
      const chosen = await index.search(query, 2000, { among });
      assertNearest(chosen.hits, part, { query, k: 2000 });
      assert.equal(chosen.candidates, part.size);
      await index.warm();
    }
    const { state } = await index.progress();
    assert(state !== "loading");
    // It may be counted a little later than what is found.
    const size = async () => (await index.search(query, 1)).size;
    for (let i = 0; i < 20 && await size() !== truth.size; i++) await later();
    assert.equal(await size(), truth.size);
  };
  for (const [i, vector] of damaged.entries()) await put(ids[1200 + i], vector);
  await check();
  // Repaired, and others damaged that were found.
  await put(ids[1200], bytesOfVector(query));
  truth.set(ids[1200], query);
  const gone = best(truth, { query, k: 5 }).slice(1).map((hit) => hit.id);
  for (const [i, vector] of damaged.entries()) {
    await put(gone[i], vector);
    truth.delete(gone[i]);
  }
  await check();
  await put(gone[0], bytesOfVector(query));
  truth.set(gone[0], query);
  await check();
}
