import assert from "node:assert/strict";
import fc from "fast-check";
import { alignFace, fitSimilarity, type Point } from "./align.ts";

const coordinate = fc.double({ min: -500, max: 500, noNaN: true });
const triangle: Point[] = [[0, 0], [10, 0], [0, 7], [3, 3], [-4, 9]];

Deno.test("a similarity is found again from the points it moved", () => {
  const angles = fc.double({ min: -3, max: 3, noNaN: true });
  const scales = fc.double({ min: 0.05, max: 20, noNaN: true });
  fc.assert(fc.property(angles, scales, coordinate, coordinate, (angle, scale, tx, ty) => {
    const [a, b] = [scale * Math.cos(angle), scale * Math.sin(angle)];
    const moved = triangle.map(([x, y]): Point => [a * x - b * y + tx, b * x + a * y + ty]);
    const fitted = fitSimilarity(triangle, moved);
    for (
      const [value, expected] of [[fitted.a, a], [fitted.b, b], [fitted.tx, tx], [fitted.ty, ty]]
    ) {
      assert.ok(Math.abs(value - expected) < 1e-6);
    }
  }));
});

Deno.test("no other similarity is nearer to points that do not fit", () => {
  const points = fc.array(fc.tuple(coordinate, coordinate), { minLength: 5, maxLength: 5 });
  const nudge = fc.double({ min: -0.5, max: 0.5, noNaN: true });
  fc.assert(fc.property(points, nudge, nudge, nudge, nudge, (to, da, db, dx, dy) => {
    const { a, b, tx, ty } = fitSimilarity(triangle, to);
    const distance = (a: number, b: number, tx: number, ty: number) =>
      triangle.reduce(
        (sum, [x, y], i) =>
          sum + (a * x - b * y + tx - to[i][0]) ** 2 + (b * x + a * y + ty - to[i][1]) ** 2,
        0,
      );
    assert.ok(
      distance(a, b, tx, ty) <= distance(a + da, b + db, tx + dx, ty + dy) * (1 + 1e-9) + 1e-6,
    );
  }));
});

Deno.test("points that are one cannot be aligned", () => {
  assert.throws(() => fitSimilarity([[1, 1], [1, 1]], [[0, 0], [5, 5]]), /one point/);
});

Deno.test("landmarks on the template give the picture itself, shifted ones shift it", () => {
  const side = 112;
  const data = Uint8Array.from({ length: side * side * 3 }, (_, i) => (i * 7919) % 251);
  const image = { data, width: side, height: side };
  const template: Point[] = [
    [38.2946, 51.6963],
    [73.5318, 51.5014],
    [56.0252, 71.7366],
    [41.5493, 92.3655],
    [70.7299, 92.2041],
  ];
  assert.deepEqual(alignFace(image, template), data);
  const left = alignFace(image, template.map(([x, y]): Point => [x - 10, y]));
  const pixel = (pixels: Uint8Array, x: number, y: number) => pixels[(y * side + x) * 3];
  assert.equal(pixel(left, 50, 60), pixel(data, 40, 60));
  assert.equal(pixel(left, 5, 60), 0, "beyond the edge is black");
});

Deno.test("a crop is bilinear, and black beyond the picture, wherever the face lies", () => {
  const [width, height] = [23, 17];
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7919) % 251);
  const level = (x: number, y: number, channel: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : data[(y * width + x) * 3 + channel];
  const side = 20;
  const template: Point[] = [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [
    41.5493,
    92.3655,
  ], [70.7299, 92.2041]].map(([x, y]) => [x * side / 112, y * side / 112]);
  const near = fc.tuple(
    fc.double({ min: -9, max: 32, noNaN: true }),
    fc.integer({ min: -9, max: 26 }),
  );
  fc.assert(fc.property(fc.array(near, { minLength: 5, maxLength: 5 }), (landmarks) => {
    const crop = alignFace({ data, width, height }, landmarks, side);
    const { a, b, tx, ty } = fitSimilarity(template, landmarks);
    for (let at = 0; at < crop.length; at++) {
      const [u, v] = [Math.floor(at / 3) % side, Math.floor(at / 3 / side)];
      const [x, y] = [a * u - b * v + tx, b * u + a * v + ty];
      let expected = 0;
      for (const [column, row] of [[0, 0], [1, 0], [0, 1], [1, 1]]) {
        const [i, j] = [Math.floor(x) + column, Math.floor(y) + row];
        expected += level(i, j, at % 3) * (1 - Math.abs(x - i)) * (1 - Math.abs(y - j));
      }
      assert.ok(Math.abs(crop[at] - expected) < 0.501, `${u} ${v}: ${crop[at]}, ${expected}`);
    }
  }));
});
