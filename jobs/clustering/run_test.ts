import assert from "node:assert/strict";
import { cluster } from "./cluster.ts";
import { runClustering } from "./run.ts";
import { normalise, seeded } from "./test_support.ts";

const DIM = 64;

function faces(count: number): Float32Array {
  const random = seeded(5);
  return normalise(Float32Array.from({ length: count * DIM }, () => random() - .5), DIM);
}

Deno.test("the thread gives what the function gives, and reports to the end", async () => {
  const vectors = faces(1500);
  const shared = new Float32Array(new SharedArrayBuffer(vectors.byteLength));
  shared.set(vectors);
  const expected = await cluster(vectors, DIM, { minSamples: 2 });
  for (const input of [vectors, shared]) {
    const calls: [number, number][] = [];
    const onProgress = (done: number, total: number) => calls.push([done, total]);
    const result = await runClustering(input, DIM, { minSamples: 2, onProgress });
    assert.deepEqual(result, expected);
    assert.equal(calls[0][0], 0);
    assert.equal(calls.at(-1)![0], calls[0][1]);
    assert.ok(calls.every(([done], i) => i === 0 || done > calls[i - 1][0]));
  }
  assert.equal(vectors.length, 1500 * DIM, "the caller keeps its array");
});

Deno.test("the calling thread stays free while products run", async () => {
  // Plain JavaScript products: some hundred milliseconds without a turn of the thread's event loop.
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await runClustering(faces(2000), DIM, { products: "js" });
  clearInterval(timer);
  assert.ok(turns >= 10, `${turns} turns`);
});

for (const products of ["js", "onnx"] as const) {
  Deno.test(`an abort reaches the thread by shared memory, ${products}`, async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    let last = 0, all = 1;
    const run = runClustering(faces(8000), DIM, {
      products,
      signal: controller.signal,
      onProgress(done, total) {
        [last, all] = [done, total];
        if (done > 0) controller.abort(reason);
      },
    });
    await assert.rejects(run, reason);
    assert.ok(last > 0 && last < all, `stopped at ${last} of ${all}`);
  });
}

Deno.test("an abort before the start begins nothing", async () => {
  await assert.rejects(runClustering(faces(10), DIM, { signal: AbortSignal.abort() }), {
    name: "AbortError",
  });
});

Deno.test("errors come across: of the input, and of the caller's own onProgress", async () => {
  await assert.rejects(
    runClustering(new Float32Array(DIM), DIM),
    (error) => error instanceof RangeError && /vector 0 is all zeros/.test(error.message),
  );
  const own = new Error("the page is gone");
  const onProgress = () => {
    throw own;
  };
  await assert.rejects(runClustering(faces(3000), DIM, { onProgress }), own);
});
