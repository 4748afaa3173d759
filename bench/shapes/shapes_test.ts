import assert from "node:assert/strict";
import { encodeModel } from "../../models/builtin/onnx_writer.ts";
import { InferenceSession, Tensor } from "../../models/onnxruntime.ts";
import { arcfaceR50 } from "./arcface_r50.ts";
import { scrfd10g } from "./scrfd_10g.ts";
import { vitB32Visual } from "./vit_b_32.ts";

// Parameters in millions and multiply-adds in billions, as the papers and the published files have
// them: CLIP's visual half 87.85 and 4.41; w600k_r50.onnx of 174.4 MB and 6.3 (Deng et al. 2019);
// det_10g.onnx of 16.9 MB and, at 640 × 480, 9.98 (Guo et al. 2021), so 13.3 at 640 × 640.
Deno.test("the shapes are as large and as slow as the models they stand for", () => {
  const figures = [vitB32Visual, arcfaceR50, scrfd10g].map((make) => {
    const { parameters, macs } = make();
    return [(parameters / 1e6).toFixed(1), (macs / 1e9).toFixed(1)];
  });
  assert.deepEqual(figures, [["87.8", "4.4"], ["43.6", "6.3"], ["4.2", "13.3"]]);
});

Deno.test("the detector finds as many faces as it was told, whatever the picture's shape", async () => {
  for (const faces of [0, 1, 2]) {
    const session = await InferenceSession.create(encodeModel(scrfd10g({ faces }).graph, "a test"));
    for (const [height, width] of [[480, 640], [640, 448]]) {
      const pixels = Float32Array.from({ length: 3 * height * width }, (_, i) => Math.sin(i * i));
      const dims = [1, 3, height, width];
      const outputs = await session.run({ "input.1": new Tensor("float32", pixels, dims) });
      const all = Object.values(outputs);
      assert.equal(all.length, 9);
      assert.ok(all.every(({ data }) => (data as Float32Array).every(Number.isFinite)));
      const scores = all.filter(({ dims }) => dims.at(-1) === 1)
        .flatMap(({ data }) => [...data as Float32Array]);
      assert.equal(scores.length, 2 * height * width * (1 / 64 + 1 / 256 + 1 / 1024));
      assert.equal(scores.filter((score) => score >= 0.5).length, faces);
    }
    await session.release();
  }
});
