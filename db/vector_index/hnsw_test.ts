import assert from "node:assert/strict";
import { createExactIndex } from "./exact.ts";
import { createGrowingIndex } from "./growing.ts";
import { createHnswIndex } from "./hnsw.ts";
import type { VectorIndex } from "./index.ts";
import { clusteredVectors, recall, withHnswlib } from "./testing.ts";

Deno.test("hnswlib finds 98 of 100 true neighbours, also after removals", () =>
  withHnswlib((library) => {
    const { vectors, queries } = clusteredVectors(5000, 64, { queries: 100 });
    const exact = createExactIndex(64), index = createHnswIndex(library, 64);
    // Ids beyond 32 bits: the addon alone would cut them off.
    const idOf = (i: number) => 2 ** 40 + i;
    vectors.forEach((vector, i) => {
      exact.add(idOf(i), vector);
      index.add(idOf(i), vector);
    });
    assert.ok(recall(index, exact, queries) >= 0.98);
    for (let i = 0; i < 5000; i += 3) {
      exact.remove(idOf(i));
      index.remove(idOf(i));
    }
    assert.equal(index.size, exact.size);
    assert.ok(recall(index, exact, queries) >= 0.98);
    // Back again, and one in the place of another.
    for (let i = 0; i < 300; i += 3) {
      exact.add(idOf(i), vectors[i + 1]);
      index.add(idOf(i), vectors[i + 1]);
    }
    index.add(idOf(1), vectors[2]);
    exact.add(idOf(1), vectors[2]);
    assert.equal(index.size, exact.size);
    assert.ok(recall(index, exact, queries) >= 0.98);
    const [hit] = index.search(vectors[8], 1), [truth] = exact.search(vectors[8], 1);
    assert.equal(hit.id, truth.id);
    assert.ok(Math.abs(hit.score - truth.score) < 1e-5);
  }));

Deno.test("hnswlib gets no argument that could end the process", () =>
  withHnswlib((library) => {
    const index = createHnswIndex(library, 2);
    assert.deepEqual(index.search(new Float32Array([1, 0]), 10), []);
    index.add(5, new Float32Array([1, 0]));
    assert.equal(index.search(new Float32Array([1, 0]), 1_000_000).length, 1);
    index.remove(5);
    index.remove(5);
    index.remove(6);
    assert.deepEqual(index.search(new Float32Array([1, 0]), 1), []);
    assert.throws(() => index.add(1, new Float32Array(3)), /has 3 values/);
    assert.throws(() => index.search(new Float32Array([NaN, 0]), 1), /no finite number/);
    assert.throws(() => index.search(new Float32Array([1, 0]), -1), /look for -1/);
  }));

Deno.test("an index that grows changes over to the graph without losing anything on the way", () =>
  withHnswlib((library) => {
    const { vectors, queries } = clusteredVectors(1500, 16, { queries: 30 });
    const exact = createExactIndex(16);
    const index = createGrowingIndex(library, 16, { exactLimit: 1000 });
    const both = (act: (one: VectorIndex) => void) => [exact, index].forEach(act);
    vectors.slice(0, 1000).forEach((vector, i) => both((one) => one.add(i, vector)));
    assert.equal(index.build(1000), false);
    assert.equal(index.kind, "exact");
    both((one) => one.add(1000, vectors[1000]));
    assert.equal(index.build(0), true);
    // While it is built, vectors come and go.
    vectors.slice(1001, 1400).forEach((vector, i) => both((one) => one.add(1001 + i, vector)));
    for (let id = 0; id < 1400; id += 7) both((one) => one.remove(id));
    assert.equal(index.build(0.01), true);
    for (const id of [1, 500, 1398]) both((one) => one.add(id, vectors[1400 + id % 50]));
    assert.equal(index.size, exact.size);
    assert.equal(recall(index, exact, queries), 1);
    assert.equal(index.kind, "growing");
    while (index.build(5)) assert.ok(recall(index, exact, queries) >= 0.98);
    assert.equal(index.kind, "hnsw");
    vectors.slice(1400).forEach((vector, i) => both((one) => one.add(1400 + i, vector)));
    both((one) => one.remove(1));
    assert.equal(index.size, exact.size);
    for (let id = 0; id < 1500; id++) assert.equal(index.has(id), exact.has(id));
    assert.ok(recall(index, exact, queries) >= 0.98);
  }));

Deno.test("without hnswlib an index stays exact at any size", () => {
  const { vectors, queries } = clusteredVectors(200, 8, { queries: 1 });
  const index = createGrowingIndex(null, 8, { exactLimit: 100 });
  vectors.forEach((vector, i) => index.add(i, vector));
  assert.equal(index.build(1000), false);
  assert.equal(index.kind, "exact");
  assert.equal(index.search(queries[0], 200).length, 200);
});
