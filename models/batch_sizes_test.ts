import assert from "node:assert/strict";
import { adaptiveBatchSizes, type BatchSizes } from "./batch_sizes.ts";

const GIGABYTE = 2 ** 30;

/** Runs full batches at a cost of `seconds(items)` until the size has settled. */
function work(sizes: BatchSizes, seconds: (items: number) => number): number {
  for (let run = 0; run < 100; run++) sizes.record(sizes.current(), seconds(sizes.current()));
  return sizes.current();
}

// A GPU: what a run costs beside its pictures is shared by them, until there is nothing to share.
const gpu = (items: number) => 0.02 + items * 0.001;

Deno.test("batches grow while that makes a picture cheaper", () => {
  const sizes = adaptiveBatchSizes({ start: 8, most: 1024, spare: () => 8 * GIGABYTE });
  // 3.5, 2.25, 1.63, 1.31, 1.16, 1.08 ms a picture at 8, 16, 32 … 256: the last gains 7 per cent.
  assert.equal(work(sizes, gpu), 128);
});

Deno.test("on a CPU, where a picture costs the same in any batch, they stay small", () => {
  const sizes = adaptiveBatchSizes({ start: 4, most: 16, spare: () => 8 * GIGABYTE });
  assert.equal(work(sizes, (items) => items * 0.085), 4);
});

Deno.test("they never grow beyond their limit, nor where memory is short", () => {
  assert.equal(
    work(adaptiveBatchSizes({ start: 8, most: 64, spare: () => 8 * GIGABYTE }), gpu),
    64,
  );
  assert.equal(work(adaptiveBatchSizes({ start: 8, most: 64, spare: () => GIGABYTE / 2 }), gpu), 8);
});

Deno.test("the run in which shaders are compiled, slow runs and partial batches mislead nobody", () => {
  const sizes = adaptiveBatchSizes({ start: 8, most: 16, spare: () => 8 * GIGABYTE });
  let run = 0;
  sizes.record(3, 100);
  assert.equal(work(sizes, (items) => gpu(items) * (run++ % 4 < 2 ? 50 : 1)), 16);
});

Deno.test("what does not fit is halved, and stays so", () => {
  const sizes = adaptiveBatchSizes({ start: 8, most: 64, spare: () => 8 * GIGABYTE });
  assert.equal(work(sizes, gpu), 64);
  sizes.tooMany(64);
  assert.equal(sizes.current(), 32);
  sizes.tooMany(16);
  assert.equal(sizes.current(), 8);
  assert.equal(work(sizes, gpu), 8);
  sizes.tooMany(1);
  assert.equal(sizes.current(), 1);
});
