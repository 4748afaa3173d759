import assert from "node:assert/strict";
import fc from "fast-check";
import { cropArea } from "./crop_area.ts";

Deno.test("a crop is a square around the face with room about it", () => {
  assert.deepEqual(cropArea([0.4, 0.4, 0.1, 0.2], { width: 1000, height: 500 }), {
    left: 365,
    top: 165,
    width: 170,
    height: 170,
  });
});

Deno.test("a crop never leaves the picture", () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const side = fc.integer({ min: 1, max: 4000 });
  fc.assert(fc.property(share, share, share, share, side, side, (x, y, w, h, width, height) => {
    const area = cropArea([x, y, w, h], { width, height });
    assert.ok(area.left >= 0 && area.top >= 0 && area.width >= 1);
    assert.ok(area.left + area.width <= width && area.top + area.height <= height);
    assert.equal(area.width, area.height);
  }));
});
