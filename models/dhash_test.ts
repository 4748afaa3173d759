import assert from "node:assert/strict";
import fc from "fast-check";
import { differenceHash } from "./dhash.ts";

const row = (...levels: number[]) => levels;
const picture = (levels: number[]) => Uint8Array.from(Array(8).fill(levels).flat());

Deno.test("a bit is 1 where a cell is darker than its right neighbour, left to right", () => {
  const { dhash, flat } = differenceHash(picture(row(0, 9, 5, 6, 4, 7, 3, 8, 2)));
  assert.equal(dhash, "aa".repeat(8));
  assert.equal(flat, false);
  const first = picture(row(9, 8, 7, 6, 5, 4, 3, 2, 1));
  first[8] = 30;
  assert.equal(differenceHash(first).dhash, "0100000000000000");
});

Deno.test("ramps and low contrast are flat", () => {
  const rising = differenceHash(picture(row(0, 10, 20, 30, 40, 50, 60, 70, 80)));
  assert.deepEqual(rising, { dhash: "f".repeat(16), flat: true });
  assert.deepEqual(differenceHash(picture(row(9, 8, 7, 6, 5, 4, 3, 2, 0))), {
    dhash: "0".repeat(16),
    flat: true,
  });
  assert.equal(differenceHash(picture(row(0, 7, 0, 7, 0, 7, 0, 7, 0))).flat, true);
  assert.equal(differenceHash(picture(row(0, 8, 0, 8, 0, 8, 0, 8, 0))).flat, false);
});

Deno.test("brightness does not change the hash; it always has 16 digits", () => {
  const levels = fc.uint8Array({ minLength: 72, maxLength: 72, max: 200 });
  fc.assert(fc.property(levels, fc.integer({ min: 0, max: 55 }), (grey, more) => {
    const { dhash } = differenceHash(grey);
    assert.match(dhash, /^[0-9a-f]{16}$/);
    assert.equal(differenceHash(grey.map((level) => level + more)).dhash, dhash);
  }));
});

Deno.test("another number of cells is a mistake", () => {
  assert.throws(() => differenceHash(new Uint8Array(64)), /72 grey levels, got 64/);
});
