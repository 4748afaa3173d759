import assert from "node:assert/strict";
import { InferenceSession, Tensor } from "../onnxruntime.ts";
import {
  addInput,
  addOutput,
  encodeModel,
  floats,
  integers,
  makeGraph,
  node,
} from "./onnx_writer.ts";

Deno.test("ONNX Runtime computes what was written", async () => {
  const graph = makeGraph("affine");
  const input = addInput(graph, "x", "float32", ["N", 3]);
  const sum = node(graph, "Gemm", [input, floats(graph, [3, 2], [1, 2, 3, 4, 5, 6])], {
    alpha: { float: 0.5 },
  });
  // A negative integer and one above 127 take several bytes of a varint.
  const wide = node(graph, "Reshape", [sum, integers(graph, [-1, 1])]);
  const padded = node(graph, "Concat", [wide, floats(graph, [300, 1], new Float32Array(300))], {
    axis: -2,
  });
  node(graph, "LeakyRelu", [padded], { alpha: { float: 0.25 } }, "y");
  addOutput(graph, "y", ["M", 1]);
  const session = await InferenceSession.create(encodeModel(graph, "a test"));
  const { y } = await session.run({ x: new Tensor("float32", [1, 0, 2, -4, 0, 0], [2, 3]) });
  assert.deepEqual(y.dims, [304, 1]);
  assert.deepEqual([...y.data as Float32Array].slice(0, 5), [5.5, 7, -0.5, -1, 0]);
});

Deno.test("a tensor whose values do not fill its shape is refused", () => {
  assert.throws(
    () => floats(makeGraph("bad"), [2, 3], [1, 2]),
    /bad\/const_0: 8 bytes for shape \[2,3\]/,
  );
});
