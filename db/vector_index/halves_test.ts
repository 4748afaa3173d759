import assert from "node:assert/strict";
import { halvesError, halvesText } from "./halves.ts";
import { clusteredVectors, unit } from "./testing.ts";

const read = (text: string) => new Float32Array(JSON.parse(text));

Deno.test("every half is written so that it is read again", () => {
  const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const finite = [...new Float16Array(bits.buffer)].filter(Number.isFinite);
  const halves = Float32Array.from(finite);
  const again = new Float16Array(read(halvesText(halves)!));
  // The sign of nothing is lost.
  assert.deepEqual([...again], finite.map((half) => half + 0));
});

Deno.test("a value between two halves becomes the nearer", () => {
  assert.equal(halvesText(new Float32Array([0.1, -1, 0, 1 / 3])), "[0.099976,-1,0,0.33325]");
});

Deno.test("what half precision cannot hold is told", () => {
  assert.equal(halvesText(new Float32Array([0.1, 65504])), "[0.099976,65504]");
  for (const value of [65520, -1e9, Infinity, NaN]) {
    assert.equal(halvesText(new Float32Array([0.1, value])), null);
  }
});

Deno.test("no product of halves is off by more than the error", () => {
  const { vectors, queries } = clusteredVectors(300, 64, { queries: 20 });
  // All of them are rounded to the same side.
  const worst = unit(Float32Array.from({ length: 64 }, () => 1 + 2 ** -11 - 2 ** -20));
  for (const query of [...queries, worst]) {
    const error = halvesError(query);
    assert(error < 0.0015);
    const halves = new Float16Array(query);
    for (const vector of [...vectors, worst]) {
      const stored = new Float16Array(vector);
      let exact = 0, rounded = 0;
      for (let i = 0; i < 64; i++) {
        exact += query[i] * vector[i];
        rounded = Math.fround(rounded + Math.fround(halves[i] * stored[i]));
      }
      assert(Math.abs(exact - rounded) <= error);
    }
  }
});
