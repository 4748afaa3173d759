import assert from "node:assert/strict";
import fc from "fast-check";
import { createExactIndex } from "./exact.ts";
import { clusteredVectors } from "./testing.ts";

const vector = (...values: number[]) => new Float32Array(values);

Deno.test("the nearest come first, with their cosines", () => {
  const index = createExactIndex(2);
  index.add(7, vector(1, 0));
  index.add(8, vector(0, 1));
  index.add(9, vector(-1, 0));
  assert.deepEqual(index.search(vector(1, 0), 2), [{ id: 7, score: 1 }, { id: 8, score: 0 }]);
  assert.deepEqual(index.search(vector(0, 1), 10).map((hit) => hit.id), [8, 7, 9]);
  index.add(9, vector(0, 1));
  assert.equal(index.size, 3);
  assert.equal(index.search(vector(0, 1), 2)[1].id, 9);
  assert.deepEqual(createExactIndex(2).search(vector(1, 0), 5), []);
});

/** Sums of the same numbers in another order: they differ in the last digit of a float32. */
const same = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-6, `${a} and ${b}`);

// The first dimension is added up by a loop of JavaScript, the other by WebAssembly.
for (const dimension of [5, 20]) {
  Deno.test(`whatever is added and removed, a search agrees with sorting all of it, in ${dimension} dimensions`, () => {
    const { vectors, queries } = clusteredVectors(60, dimension, { queries: 3 });
    const step = fc.record({ id: fc.integer({ min: 1, max: 40 }), from: fc.nat({ max: 59 }) });
    fc.assert(
      fc.property(
        fc.array(fc.record({ step, removes: fc.boolean() }), { maxLength: 200 }),
        fc.integer({ min: 1, max: 50 }),
        (steps, k) => {
          const index = createExactIndex(dimension);
          const model = new Map<number, Float32Array>();
          for (const { step: { id, from }, removes } of steps) {
            if (removes) index.remove(id);
            else index.add(id, vectors[from]);
            if (removes) model.delete(id);
            else model.set(id, vectors[from]);
          }
          assert.equal(index.size, model.size);
          assert.deepEqual(new Set(index.ids()), new Set(model.keys()));
          for (const [i, query] of queries.entries()) {
            // The last query looks among some ids, which are given twice and with others.
            const among = i === 2 ? [3, 40, 1, 77, 3, 12, 13, 14, 15] : null;
            const candidates = [...model].filter(([id]) => !among || among.includes(id));
            const scores = candidates
              .map(([, one]) => one.reduce((sum, value, i) => sum + value * query[i], 0))
              .sort((a, b) => b - a).slice(0, k);
            const options = among ? { among: Float64Array.from(among) } : {};
            const { hits, ...found } = index.find(query, k, options);
            assert.deepEqual(found, { candidates: candidates.length, exact: true });
            assert.equal(hits.length, scores.length);
            hits.forEach((hit, i) => same(hit.score, scores[i]));
            for (const { id, score } of hits) {
              same(model.get(id)!.reduce((sum, value, i) => sum + value * query[i], 0), score);
              assert.ok(!among || among.includes(id));
              assert.ok(index.holds(id, model.get(id)!));
            }
            assert.equal(new Set(hits.map((hit) => hit.id)).size, hits.length);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
}

Deno.test("more vectors than it was made for fit", () => {
  const { vectors } = clusteredVectors(3000, 3, { queries: 0 });
  const index = createExactIndex(3);
  vectors.forEach((one, i) => index.add(i + 1, one));
  assert.equal(index.size, 3000);
  for (const id of [1, 1024, 1025, 3000]) assert.deepEqual(index.vector(id), vectors[id - 1]);
  assert.equal(index.vector(3001), null);
});

Deno.test("what would spoil the index is refused by name", () => {
  const index = createExactIndex(2);
  assert.throws(() => index.add(1, vector(1)), /has 1 values; this index holds 2/);
  assert.throws(() => index.add(1, vector(NaN, 0)), /no finite number/);
  assert.throws(() => index.add(1.5, vector(1, 0)), /1.5 is no id/);
  assert.throws(() => index.search(vector(1, 0), 0), /look for 0 neighbours/);
  assert.throws(() => index.search(vector(Infinity, 0), 1), RangeError);
  assert.equal(index.size, 0);
});
