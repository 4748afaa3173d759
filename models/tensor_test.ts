import assert from "node:assert/strict";
import fc from "fast-check";
import { normalised, toPlanes } from "./tensor.ts";

Deno.test("pixels become planes, picture after picture, channel after channel", () => {
  const planes = toPlanes(
    [Uint8Array.of(0, 51, 102, 255, 204, 153), new Uint8Array(6)],
    { mean: [0, 0.2, 0.4], std: [1, 0.5, 0.25] },
  );
  const expected = [0, 1, 0, 1.2, 0, 0.8, 0, 0, -0.4, -0.4, -1.6, -1.6];
  assert.equal(planes.length, expected.length);
  for (const [i, value] of expected.entries()) {
    assert.ok(Math.abs(planes[i] - value) < 1e-6, `${i}`);
  }
});

Deno.test("planes may come as B, G, R; mean and deviation stay those of their colour", () => {
  const pixels = [Uint8Array.of(0, 51, 102, 255, 204, 153)];
  const form = { mean: [0, 0.2, 0.4], std: [1, 0.5, 0.25] } as const;
  const rgb = toPlanes(pixels, { ...form, order: "rgb" } as never);
  const bgr = toPlanes(pixels, { ...form, order: "bgr" } as never);
  assert.deepEqual([...bgr], [...rgb.subarray(4, 6), ...rgb.subarray(2, 4), ...rgb.subarray(0, 2)]);
  assert.deepEqual([...rgb], [...toPlanes(pixels, form as never)]);
});

Deno.test("pictures of one batch have one size", () => {
  const plain = { mean: [0, 0, 0], std: [1, 1, 1] } as const;
  assert.throws(
    () => toPlanes([new Uint8Array(6), new Uint8Array(3)], plain as never),
    /3 bytes, expected 6/,
  );
});

Deno.test("a normalised vector has length 1 and keeps its direction", () => {
  const value = fc.double({ min: -1e3, max: 1e3, noNaN: true });
  fc.assert(fc.property(fc.array(value, { minLength: 1, maxLength: 50 }), (values) => {
    fc.pre(values.some((value) => Math.abs(value) > 1e-3));
    const vector = normalised(Float32Array.from(values));
    const length = Math.hypot(...vector);
    assert.ok(Math.abs(length - 1) < 1e-5);
    assert.ok(vector.reduce((sum, value, i) => sum + value * values[i], 0) > 0);
  }));
});

Deno.test("zeros and NaN are no vector", () => {
  assert.throws(() => normalised(new Float32Array(4)), /length 0/);
  assert.throws(() => normalised(Float32Array.of(1, NaN)), /length NaN/);
});
