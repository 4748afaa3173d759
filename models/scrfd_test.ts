import assert from "node:assert/strict";
import { type Output, STRIDES } from "./candidates.ts";
import { decodeScrfd } from "./scrfd.ts";

const [WIDTH, HEIGHT] = [96, 64];
const plain = { width: WIDTH, height: HEIGHT, minScore: 0.5, scaleX: 1, scaleY: 1 };

// Outputs of a detector that found nothing, `anchors` per cell, ready to be written into.
function outputs(anchors: number, batch: boolean): Output[] {
  const dims = (rows: number, columns: number) => batch ? [1, rows, columns] : [rows, columns];
  return [1, 4, 10].flatMap((columns) =>
    STRIDES.map((stride) => {
      const rows = anchors * (WIDTH / stride) * (HEIGHT / stride);
      return { data: new Float32Array(rows * columns), dims: dims(rows, columns) };
    })
  );
}

for (const [anchors, batch] of [[1, false], [2, false], [2, true]] as const) {
  Deno.test(`a face is decoded: ${anchors} anchors, ${batch ? "with" : "no"} batch axis`, () => {
    for (const [level, stride] of STRIDES.entries()) {
      const all = outputs(anchors, batch);
      const columns = WIDTH / stride;
      // The second cell of the second row, its last anchor.
      const row = (columns + 1) * anchors + anchors - 1;
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
  assert.throws(() => decodeScrfd(outputs(2, false), { ...plain, height: 96 }), /scores at stride/);
});
