import assert from "node:assert/strict";
import fc from "fast-check";
import { findBalance } from "./balance.ts";

/** Twenty batches of eight on cores that nobody else uses; core-seconds a picture. */
function worked(cores: number, { decoding, inference }: { decoding: number; inference: number }) {
  const balance = findBalance(cores);
  for (let batch = 0; batch < 20; batch++) {
    for (let picture = 0; picture < 8; picture++) balance.decoded(decoding);
    const { threads } = balance;
    balance.inferred(8, 8 * inference * (threads > 1 ? 1.08 : 1) / threads);
  }
  return balance.threads;
}

Deno.test("the graph gets the threads its share of the work is worth", () => {
  // ViT-B/32 on originals of 12 megapixels, and on previews.
  assert.equal(worked(2, { decoding: 0.085, inference: 0.089 }), 1);
  assert.equal(worked(2, { decoding: 0.02, inference: 0.089 }), 2);
  assert.equal(worked(8, { decoding: 0.02, inference: 0.089 }), 7);
  // A graph that costs next to nothing: opening it anew would gain nothing.
  assert.equal(worked(16, { decoding: 0.085, inference: 0.0001 }), 8);
  assert.equal(worked(1, { decoding: 0.085, inference: 0.089 }), 1);
});

Deno.test("graphs are not opened anew for nothing", () => {
  fc.assert(fc.property(
    fc.record({
      cores: fc.integer({ min: 1, max: 64 }),
      decoding: fc.double({ min: 0.001, max: 2, noNaN: true }),
      inference: fc.double({ min: 0.001, max: 2, noNaN: true }),
      noise: fc.array(fc.double({ min: 0.99, max: 1.01, noNaN: true }), { minLength: 60 }),
    }),
    ({ cores, decoding, inference, noise }) => {
      const balance = findBalance(cores);
      let changes = 0;
      for (const factor of noise) {
        const { threads } = balance;
        balance.decoded(decoding * factor);
        balance.inferred(4, 4 * inference * factor * (threads > 1 ? 1.08 : 1) / threads);
        if (balance.threads !== threads) changes++;
      }
      assert(changes <= 1, `${changes} changes under an even load`);
    },
  ));
});

Deno.test("decoders follow what inference does", () => {
  const balance = findBalance(4);
  const after = (before: number) => {
    balance.ready(before);
    return balance.decoders;
  };
  // It has enough in stock, then it will starve soon, then it does.
  assert.deepEqual([2, 2, 2, 2, 2].map(after), [3, 2, 1, 1, 1]);
  assert.deepEqual([1, 1].map(after), [2, 3]);
  assert.deepEqual([0, 0].map(after), [4, 4]);
});
