import assert from "node:assert/strict";
import { type Output, STRIDES } from "./candidates.ts";
import { decodeYunet, YUNET_OUTPUTS } from "./yunet.ts";

const [WIDTH, HEIGHT] = [96, 64];
const plain = { width: WIDTH, height: HEIGHT, minScore: 0.5, scaleX: 1, scaleY: 1 };

// Outputs of a detector that found nothing, ready to be written into.
function outputs(): Record<string, Output> {
  return Object.fromEntries(
    Object.entries(YUNET_OUTPUTS).map(([name, columns]) => {
      const stride = Number(name.split("_")[1]);
      const cells = (WIDTH / stride) * (HEIGHT / stride);
      return [name, { data: new Float32Array(cells * columns), dims: [1, cells, columns] }];
    }),
  );
}

function see(
  all: Record<string, Output>,
  face: { stride: number; cell: number; cls: number; obj: number; box?: number[]; kps?: number[] },
) {
  const { stride, cell } = face;
  all[`cls_${stride}`].data[cell] = face.cls;
  all[`obj_${stride}`].data[cell] = face.obj;
  all[`bbox_${stride}`].data.set(face.box ?? [0, 0, 0, 0], cell * 4);
  all[`kps_${stride}`].data.set(face.kps ?? new Array(10).fill(0), cell * 10);
}

for (const stride of STRIDES) {
  Deno.test(`a face is decoded at stride ${stride}, in pixels of the picture`, () => {
    const all = outputs();
    // The second cell of the second row; twice and four times a cell wide and high.
    const cell = WIDTH / stride + 1;
    const box = [0.5, 0.25, Math.log(2), Math.log(4)];
    see(all, { stride, cell, cls: 0.81, obj: 1, box, kps: [0, 0, 1, 0, 0.5, 0.5, 0, 1, 1, 1] });
    const found = decodeYunet(all, { ...plain, scaleX: 0.5, scaleY: 0.25 });
    assert.equal(found.length, 1);
    const [face] = found;
    assert.ok(Math.abs(face.score - 0.9) < 1e-6);
    const expected = [1, -3, 4, 16].map((cells) => cells * stride);
    face.box.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-4, `${face.box}`));
    assert.deepEqual(face.landmarks[0], [2 * stride, 4 * stride]);
    assert.deepEqual(face.landmarks[2], [3 * stride, 6 * stride]);
    assert.deepEqual(face.landmarks[4], [4 * stride, 8 * stride]);
    assert.deepEqual(decodeYunet(all, { ...plain, minScore: 0.91 }), []);
  });
}

Deno.test("scores are held within 0…1 before they are multiplied", () => {
  const all = outputs();
  see(all, { stride: 8, cell: 0, cls: 1.5, obj: 0.64 });
  // Two negatives would make a face.
  see(all, { stride: 32, cell: 5, cls: -1, obj: -1 });
  const found = decodeYunet(all, plain);
  assert.equal(found.length, 1);
  assert.ok(Math.abs(found[0].score - 0.8) < 1e-6);
  all.cls_8.data[0] = NaN;
  assert.deepEqual(decodeYunet(all, plain), []);
});

Deno.test("of faces that overlap by more than 0.3 the best is kept, across strides", () => {
  const all = outputs();
  const large = Math.log(4);
  see(all, { stride: 8, cell: 14, cls: 0.8, obj: 0.8, box: [0, 0, large, large] });
  // Half a box further: a third of both together; and one a box and a half further.
  see(all, { stride: 8, cell: 16, cls: 0.9, obj: 0.9, box: [0, 0, large, large] });
  see(all, { stride: 8, cell: 22, cls: 0.7, obj: 0.7, box: [0, 0, large, large] });
  see(all, { stride: 16, cell: 8, cls: 0.6, obj: 0.6, box: [0, -0.5, Math.log(2), Math.log(2)] });
  const scores = decodeYunet(all, plain).map(({ score }) => Math.round(score * 10) / 10);
  assert.deepEqual(scores, [0.9, 0.7]);
});

Deno.test("outputs of another family or size are refused", () => {
  const { kps_16: _, ...some } = outputs();
  assert.throws(
    () => decodeYunet(some, plain),
    /no YuNet: it has no output "kps_16", only cls_8, /,
  );
  assert.throws(
    () => decodeYunet(outputs(), { ...plain, width: 64 }),
    /gave 96 numbers in "cls_8"; an input of 64 × 64 pixels has 64 there/,
  );
});
