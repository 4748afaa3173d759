import assert from "node:assert/strict";
import { adaptiveBatchSize } from "./batch_size.ts";

/** Sizes of batches on a machine that does `pace` items a second, one commit after the other. */
function sizes(batches: number, pace: number, size = adaptiveBatchSize()) {
  return Array.from({ length: batches }, () => {
    const items = size.current();
    size.record(items, items / pace);
    return items;
  });
}

Deno.test("batches grow and shrink to what is done in 0.6 s", () => {
  assert.deepEqual(sizes(12, 20).slice(0, 2), [2, 2], "it begins small");
  assert.equal(sizes(30, 20).at(-1), 12);
  assert.equal(sizes(30, 1000).at(-1), 64, "not without limit");
  const size = adaptiveBatchSize();
  sizes(20, 20, size);
  const shrinking = sizes(20, 2, size);
  assert.equal(shrinking.at(-1), 1);
  assert(shrinking[3] <= 3, `still ${shrinking[3]} after three slow batches`);
});

Deno.test("the first batch, which loads models, tells nothing", () => {
  const size = adaptiveBatchSize();
  size.record(2, 60);
  assert.equal(size.current(), 2);
});

Deno.test("every decoder gets a picture, however long it takes", () => {
  const size = adaptiveBatchSize({ least: 8 });
  assert.equal(size.current(), 8);
  sizes(20, 0.5, size);
  assert.equal(size.current(), 8);
});
