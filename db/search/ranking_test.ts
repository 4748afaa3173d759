import assert from "node:assert/strict";
import fc from "fast-check";
import { createExactIndex } from "../vector_index/exact.ts";
import type { LibraryIndex } from "../vector_index/library_index.ts";
import { deeper, DEEPEST, indexBehind, rank, type Ranking } from "./ranking.ts";

/** An index of directions in a plane, by their cosines to `QUERY`; as a graph it calls itself inexact. */
function indexOf(cosines: number[], { exact = true } = {}): LibraryIndex {
  const index = createExactIndex(2);
  cosines.forEach((cosine, i) =>
    index.add(i + 1, new Float32Array([cosine, Math.sqrt(1 - cosine ** 2)]))
  );
  const size = cosines.length;
  return {
    search: (vector, k) =>
      Promise.resolve({ hits: index.search(vector, k), size, candidates: size, exact, missing: 0 }),
    progress: () => Promise.resolve({ state: "ready", done: size, total: size }),
    warm: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
const QUERY = new Float32Array([1, 0]);

/** All pages of `limit`, as collectPage goes through them. */
async function pages(index: LibraryIndex, { limit, k }: { limit: number; k: number }) {
  const seen: { id: number; score: number }[] = [];
  let ranking = await rank(index, { vector: QUERY, k });
  for (;;) {
    const from = indexBehind(ranking, seen.at(-1) ?? null);
    const page = ranking.hits.slice(from, from + limit);
    seen.push(...page);
    if (page.length === limit) continue;
    if (ranking.complete) return { seen, ranking };
    ranking = await rank(index, { vector: QUERY, k: deeper(ranking) });
  }
}

Deno.test("pages go through a ranking once and in order, whatever scores are the same", async () => {
  const cosine = fc.constantFrom(0.9, 0.5, 0.5, 0.25, -0.1);
  await fc.assert(fc.asyncProperty(
    fc.array(cosine, { maxLength: 120 }),
    fc.integer({ min: 1, max: 30 }),
    fc.integer({ min: 1, max: 30 }),
    async (cosines, limit, k) => {
      const { seen } = await pages(indexOf(cosines), { limit, k });
      const expected = cosines.map((score, i) => ({ id: i + 1, score: Math.fround(score) }))
        .sort((a, b) => b.score - a.score || a.id - b.id).map(({ id }) => id);
      assert.deepEqual(seen.map(({ id }) => id), expected);
    },
  ));
});

Deno.test("a graph is looked through to a depth that is told, an exact scan to the end", async () => {
  const cosines = Array.from({ length: DEEPEST + 500 }, (_, i) => 1 - i / 20_000);
  const graph: Ranking = (await pages(indexOf(cosines, { exact: false }), { limit: 900, k: 200 }))
    .ranking;
  assert.deepEqual([graph.hits.length, graph.complete, graph.capped], [DEEPEST, true, true]);
  const scan = (await pages(indexOf(cosines), { limit: 900, k: 200 })).ranking;
  assert.deepEqual([scan.hits.length, scan.complete, scan.capped], [cosines.length, true, false]);
});
