import assert from "node:assert/strict";
import { createRowScorer } from "./row_scorer.ts";
import { clusteredVectors } from "./testing.ts";

for (const dimension of [1, 3, 4, 8, 12, 16, 20, 62, 64, 100, 512, 1020, 3072]) {
  Deno.test(`rows of ${dimension} values are multiplied, wherever they lie`, () => {
    const { vectors, queries: [query] } = clusteredVectors(9, dimension, { queries: 1 });
    const scorer = createRowScorer(dimension);
    // What lies between the rows must not be read: links of a graph may be no numbers.
    scorer.values.fill(NaN);
    const [first, stride] = [3, dimension + 5];
    vectors.slice(0, 4).forEach((vector, i) => scorer.values.set(vector, first + i * stride));
    scorer.setQuery(query);
    const scores = scorer.score(4, { offset: 4 * first, stride: 4 * stride });
    for (const [i, vector] of vectors.slice(0, 4).entries()) {
      const truth = vector.reduce((sum, value, j) => sum + value * query[j], 0);
      assert.ok(Math.abs(scores[i] - truth) < 1e-6, `row ${i}: ${scores[i]}, not ${truth}`);
    }
  });
}

Deno.test("there is room for a portion of rows of any size, and for their scores", () => {
  for (const dimension of [1, 4, 512, 4096]) {
    const scorer = createRowScorer(dimension);
    const most = Math.floor(scorer.values.length / dimension);
    scorer.values.fill(1);
    scorer.setQuery(new Float32Array(dimension).fill(2));
    const scores = scorer.score(most, { offset: 0, stride: 4 * dimension });
    assert.ok(most >= 8);
    assert.ok(scores.subarray(0, most).every((score) => score === 2 * dimension));
    assert.ok(scorer.values.every((value) => value === 1), "the stage was written over");
  }
});
