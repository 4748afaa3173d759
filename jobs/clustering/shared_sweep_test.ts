import assert from "node:assert/strict";
import { nearestNeighbours, refined } from "./neighbours.ts";
import type { Points } from "./points.ts";
import { type ProductBackend, roundingSlack } from "./products.ts";
import { onnxProducts } from "./products_onnx.ts";
import { wasmProducts } from "./products_wasm.ts";
import { isSharable, sharedSweep } from "./shared_sweep.ts";
import { normalise, seeded } from "./test_support.ts";

const DIM = 20, K = 16;

function random(count: number, seed: number): Points {
  const next = seeded(seed);
  const vectors = new Float32Array(new SharedArrayBuffer(count * DIM * 4));
  for (let i = 0; i < vectors.length; i++) vectors[i] = next() - .5;
  return { vectors: normalise(vectors, DIM), dim: DIM, count };
}

const quiet = { step: () => {} };

Deno.test("threads that share a sweep find what one finds alone", async () => {
  // Neither a whole number of strips nor of blocks.
  const points = random(17_003, 1);
  const copied = { ...points, vectors: Float32Array.from(points.vectors) };
  for (const products of [await onnxProducts(3), wasmProducts(3)]) {
    try {
      assert.ok(isSharable(points, products));
      assert.ok(!isSharable(copied, products), "others cannot see what is not in shared memory");
      const lists = await sharedSweep(points, K, { products, ...quiet });
      const together = refined(points, lists!, quiet.step);
      const alone = await nearestNeighbours(copied, K, { products, ...quiet });
      for (let at = 0; at < alone.ids.length; at++) {
        const off = Math.abs(together.similarities[at] - alone.similarities[at]);
        assert.ok(off <= 2 * roundingSlack(DIM), `${products.name}: entry ${at} is off by ${off}`);
      }
      for (let p = 0; p < points.count; p++) {
        const list = new Set(together.ids.subarray(p * K, (p + 1) * K));
        assert.equal(list.size, K);
        assert.ok(!list.has(p));
      }
      assert.deepEqual(await nearestNeighbours(points, K, { products, ...quiet }), together);
    } finally {
      await products.close();
    }
  }
});

Deno.test("progress rises to the end; who stops it waits for nobody and leaves no thread", async () => {
  const points = random(20_000, 2), products = await onnxProducts(2);
  try {
    const seen: number[] = [];
    await nearestNeighbours(points, K, { products, step: (part) => seen.push(part) });
    assert.ok(seen.length > 50);
    assert.equal(seen.at(-1), 1);
    assert.ok(seen.every((part, i) => part <= 1 && (i === 0 || part >= seen[i - 1])));
    let stoppedAt = 0;
    const step = (part: number) => {
      if (part < .2) return;
      stoppedAt = performance.now();
      throw new DOMException("", "AbortError");
    };
    // A thread that goes on would fail this test's check for what it leaves behind.
    await assert.rejects(nearestNeighbours(points, K, { products, step }), { name: "AbortError" });
    assert.ok(performance.now() - stoppedAt < 2000);
  } finally {
    await products.close();
  }
});

Deno.test("where a thread fails, one does all of it", async () => {
  const points = random(16_400, 3), products = await onnxProducts(1);
  const withThreads: ProductBackend = { ...products, threads: 3 };
  const { Worker } = globalThis;
  try {
    globalThis.Worker = class extends Worker {
      constructor(_: string | URL, options?: WorkerOptions) {
        super(import.meta.resolve("./there_is_no_such_thread.ts"), options);
      }
    };
    const found = await nearestNeighbours(points, K, { products: withThreads, ...quiet });
    globalThis.Worker = Worker;
    const copied = { ...points, vectors: Float32Array.from(points.vectors) };
    const expected = await nearestNeighbours(copied, K, { products, ...quiet });
    found.similarities.forEach((cosine, at) => {
      assert.ok(Math.abs(cosine - expected.similarities[at]) <= 2 * roundingSlack(DIM));
    });
  } finally {
    globalThis.Worker = Worker;
    await products.close();
  }
});
