import assert from "node:assert/strict";
import fc from "fast-check";
import type { Point } from "./align.ts";
import { faceQuality, type FaceTraits, frontality, sharpness } from "./quality.ts";

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const traits = fc.record({
  side: fc.double({ min: 0, max: 4000, noNaN: true }),
  pose: unit,
  sharpness: fc.double({ min: 0, max: 10000, noNaN: true }),
  score: unit,
  visible: unit,
});
const frontal: Point[] = [[30, 40], [70, 40], [50, 60], [35, 80], [65, 80]];

Deno.test("quality is within 0…1 and rises with every trait", () => {
  fc.assert(fc.property(traits, traits, (one, other) => {
    const names = Object.keys(one) as (keyof FaceTraits)[];
    const better = Object.fromEntries(
      names.map((name) => [name, Math.max(one[name], other[name])]),
    ) as unknown as FaceTraits;
    const quality = faceQuality(one);
    assert.ok(quality >= 0 && quality <= 1);
    assert.ok(faceQuality(better) >= quality);
    for (const name of names) {
      assert.ok(faceQuality({ ...one, [name]: better[name] }) >= quality, name);
    }
  }));
});

Deno.test("each trait alone can spoil a face, and a good one has it all", () => {
  const good = { side: 300, pose: 1, sharpness: 1000, score: 0.9, visible: 1 };
  assert.ok(faceQuality(good) > 0.9);
  for (const name of Object.keys(good)) assert.equal(faceQuality({ ...good, [name]: 0 }), 0, name);
});

Deno.test("frontality is 1 ahead, falls as the nose wanders, and is 0 in profile", () => {
  assert.equal(frontality(frontal), 1);
  const noseAt = (x: number, y: number) =>
    frontality(frontal.map((point, i): Point => i === 2 ? [x, y] : point));
  for (const step of [1, 2, 3]) {
    assert.ok(noseAt(50 + step * 5, 60) < noseAt(45 + step * 5, 60));
    assert.ok(noseAt(50, 60 + step * 5) < noseAt(50, 55 + step * 5));
  }
  assert.equal(noseAt(30, 60), 0);
  assert.equal(noseAt(80, 60), 0);
  assert.equal(noseAt(50, 85), 0);
  assert.equal(frontality(frontal.map((): Point => [5, 5])), 0);
});

Deno.test("frontality does not depend on where, how large or how turned a face is", () => {
  const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
  const nose = fc.tuple(number(31, 69), number(41, 79));
  fc.assert(
    fc.property(nose, number(-3, 3), number(0.1, 50), number(-900, 900), (nose, angle, k, t) => {
      const face = frontal.map((point, i): Point => i === 2 ? nose : point);
      const [a, b] = [k * Math.cos(angle), k * Math.sin(angle)];
      const moved = face.map(([x, y]): Point => [a * x - b * y + t, b * x + a * y - t]);
      assert.ok(Math.abs(frontality(moved) - frontality(face)) < 1e-6);
    }),
  );
});

Deno.test("sharpness is 0 for a flat crop and falls with blur", () => {
  const side = 32;
  const stripes = (width: number) =>
    Uint8Array.from({ length: side * side * 3 }, (_, i) => {
      const x = Math.floor(i / 3) % side;
      return 128 + 100 * Math.sin(x * 2 * Math.PI / width);
    });
  assert.equal(sharpness(new Uint8Array(side * side * 3).fill(99), side), 0);
  assert.ok(sharpness(stripes(4), side) > sharpness(stripes(8), side));
  assert.ok(sharpness(stripes(8), side) > sharpness(stripes(16), side));
});
