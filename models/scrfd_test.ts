import assert from "node:assert/strict";
import fc from "fast-check";
import { type Candidate, decodeScrfd, letterbox, type Output, overlap, suppress } from "./scrfd.ts";

const SIZE = 64;
const STRIDES = [8, 16, 32];
const plain = { size: SIZE, minScore: 0.5, scaleX: 1, scaleY: 1 };

// Outputs of a detector that found nothing, `anchors` per cell, ready to be written into.
function outputs(anchors: number, batch: boolean): Output[] {
  const dims = (rows: number, columns: number) => batch ? [1, rows, columns] : [rows, columns];
  return [1, 4, 10].flatMap((columns) =>
    STRIDES.map((stride) => {
      const rows = anchors * (SIZE / stride) ** 2;
      return { data: new Float32Array(rows * columns), dims: dims(rows, columns) };
    })
  );
}

for (const [anchors, batch] of [[1, false], [2, false], [2, true]] as const) {
  Deno.test(`a face is decoded: ${anchors} anchors, ${batch ? "with" : "no"} batch axis`, () => {
    for (const [level, stride] of STRIDES.entries()) {
      const all = outputs(anchors, batch);
      const cells = SIZE / stride;
      // The second cell of the second row, its last anchor.
      const row = (cells + 1) * anchors + anchors - 1;
      all[level].data[row] = 0.75;
      all[3 + level].data.set([0.5, 1, 1.5, 2], row * 4);
      all[6 + level].data.set([-0.25, 0, 0.25, 0, 0, 0.5, -0.25, 1, 0.25, 1], row * 10);
      const found = decodeScrfd(all, { ...plain, scaleX: 0.5, scaleY: 0.25 });
      assert.equal(found.length, 1);
      assert.equal(found[0].score, 0.75);
      assert.deepEqual(found[0].box, [stride, 0, 4 * stride, 12 * stride]);
      assert.deepEqual(found[0].landmarks[2], [2 * stride, 6 * stride]);
      assert.deepEqual(found[0].landmarks[4], [2.5 * stride, 8 * stride]);
      assert.deepEqual(decodeScrfd(all, { ...plain, minScore: 0.76 }), []);
    }
  });
}

Deno.test("outputs may come in any order", () => {
  const all = outputs(2, false);
  all[1].data[3] = 0.9;
  all[4].data.set([1, 1, 1, 1], 12);
  assert.deepEqual(decodeScrfd(all.toReversed(), plain), decodeScrfd(all, plain));
  assert.equal(decodeScrfd(all, plain).length, 1);
});

Deno.test("outputs of another family or size are refused", () => {
  assert.throws(() => decodeScrfd(outputs(2, false).slice(0, 6), plain), /no SCRFD/);
  assert.throws(() => decodeScrfd(outputs(2, false), { ...plain, size: 96 }), /scores at stride/);
});

const face = (box: Candidate["box"], score: number): Candidate => ({ box, score, landmarks: [] });

Deno.test("of faces that overlap by more than 0.4 the best is kept", () => {
  const best = face([0, 0, 10, 10], 0.9);
  const same = face([1, 0, 10, 10], 0.8);
  const near = face([6, 0, 10, 10], 0.7);
  assert.deepEqual(suppress([near, same, best]), [best, near]);
});

Deno.test("what suppression keeps does not overlap, and what it drops does", () => {
  const side = fc.integer({ min: 1, max: 60 });
  const some = fc.tuple(side, side, side, side, fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([x, y, w, h, score]) => face([x, y, w, h], score));
  fc.assert(fc.property(fc.array(some, { maxLength: 20 }), (faces) => {
    const kept = suppress(faces);
    for (const [i, one] of kept.entries()) {
      assert.ok(kept.every((other, j) => i === j || overlap(one.box, other.box) <= 0.4));
    }
    for (const dropped of faces.filter((one) => !kept.includes(one))) {
      const beaten = kept.some((one) =>
        one.score >= dropped.score && overlap(one.box, dropped.box) > 0.4
      );
      assert.ok(beaten);
    }
  }));
});

Deno.test("overlap is 1 for a box with itself, 0 beside it, symmetric", () => {
  assert.equal(overlap([0, 0, 4, 4], [0, 0, 4, 4]), 1);
  assert.equal(overlap([0, 0, 4, 4], [4, 0, 4, 4]), 0);
  assert.equal(overlap([0, 0, 4, 4], [2, 0, 4, 4]), overlap([2, 0, 4, 4], [0, 0, 4, 4]));
  assert.equal(overlap([0, 0, 4, 4], [2, 0, 4, 4]), 8 / 24);
});

Deno.test("the picture lies at the top left of a black square", async () => {
  const image = { data: new Uint8Array(40 * 20 * 3).fill(200), width: 40, height: 20 };
  const { pixels, scaleX, scaleY } = await letterbox(image, SIZE);
  assert.deepEqual([pixels.length, scaleX, scaleY], [SIZE * SIZE * 3, 1.6, 1.6]);
  const level = (x: number, y: number) => pixels[(y * SIZE + x) * 3];
  assert.deepEqual([level(0, 0), level(63, 31), level(0, 32), level(63, 63)], [200, 200, 0, 0]);
  const tall = await letterbox({ data: new Uint8Array(3 * 900), width: 1, height: 900 }, SIZE);
  assert.equal(tall.pixels.length, SIZE * SIZE * 3);
});
