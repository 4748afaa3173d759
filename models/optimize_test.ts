import assert from "node:assert/strict";
import { join } from "node:path";
import {
  addInput,
  addOutput,
  encodeModel,
  floats,
  type Graph,
  integers,
  makeGraph,
  node,
} from "./builtin/onnx_writer.ts";
import { freeDimensions } from "./free_batch.ts";
import { optimizeGraph } from "./optimize.ts";
import { embedPixels, openSession } from "./session.ts";
import { readSignature } from "./signature.ts";
import { tinyGraphs } from "./tiny_pack.ts";

const ROLE = {
  input: "image",
  size: 16,
  mean: [0, 0, 0] as [number, number, number],
  std: [1, 1, 1] as [number, number, number],
};

async function optimized(
  bytes: Uint8Array,
  use: (result: Awaited<ReturnType<typeof optimizeGraph>>, path: string) => Promise<void> | void,
) {
  const dir = await Deno.makeTempDir();
  const path = join(dir, "model.onnx");
  await Deno.writeFile(path, bytes);
  try {
    await use(await optimizeGraph(path), path);
    // The original is as it was, and nothing half-written is left.
    assert.deepEqual((await Deno.readFile(path)).length, bytes.length);
    const names = [...Deno.readDirSync(dir)].map(({ name }) => name);
    assert.ok(names.every((name) => /^model(\.batch)?\.onnx$/.test(name)), names.join());
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const values = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * 1.7) + 0.1);

/** A picture's tokens behind a class token, one layer with two heads, as PyTorch exports CLIP's. */
function transformer(graph: Graph) {
  const image = addInput(graph, "image", "float32", [1, 3, 16, 16]);
  const reshape = (input: string, shape: number[]) =>
    node(graph, "Reshape", [input, integers(graph, shape)]);
  const transpose = (input: string, perm: number[]) => node(graph, "Transpose", [input], { perm });
  // 16 patches of 4 × 4 pixels, as tokens of width 4, behind the class token.
  const patches = node(graph, "Conv", [image, floats(graph, [4, 3, 4, 4], values(192))], {
    strides: [4, 4],
    kernel_shape: [4, 4],
  });
  const tokens = transpose(reshape(patches, [1, 4, 16]), [0, 2, 1]);
  const joined = node(graph, "Concat", [floats(graph, [1, 1, 4], values(4)), tokens], { axis: 1 });
  // [tokens, 1, width] → [tokens, heads, width of a head] → [heads, tokens, width of a head]
  const heads = transpose(reshape(transpose(joined, [1, 0, 2]), [17, 2, 2]), [1, 0, 2]);
  const weights = node(graph, "Softmax", [
    node(graph, "MatMul", [heads, transpose(heads, [0, 2, 1])]),
  ], { axis: -1 });
  const mixed = transpose(node(graph, "MatMul", [weights, heads]), [1, 0, 2]);
  const flat = reshape(mixed, [17, 4]);
  const projected = node(graph, "MatMul", [flat, floats(graph, [4, 4], values(16))]);
  const back = transpose(reshape(projected, [17, 1, 4]), [1, 0, 2]);
  node(graph, "ReduceMean", [back], { axes: [1], keepdims: 0 }, "embedding");
  addOutput(graph, "embedding", [1, 4]);
}

Deno.test("a CLIP-like graph for one picture takes several afterwards, with the same results", () => {
  const graph = makeGraph("transformer");
  transformer(graph);
  return optimized(encodeModel(graph, "for tests"), async (result, path) => {
    assert.ok("path" in result, JSON.stringify(result));
    assert.ok(result.cosine >= 0.9999);
    assert.deepEqual(
      readSignature(await Deno.readFile(result.path)).inputs[0].shape,
      [null, 3, 16, 16],
    );
    const pictures = Array.from(
      { length: 5 },
      (_, n) => Uint8Array.from({ length: 768 }, (_, i) => (i * (n + 3)) % 256),
    );
    const [one, many] = await Promise.all([path, result.path].map(async (path) => {
      const session = await openSession(path, { threads: 1 });
      const vectors = await embedPixels(session, { ...ROLE, dimension: 4 }, pictures);
      await session.release();
      return vectors;
    }));
    for (const [i, vector] of one.entries()) {
      assert.ok(vector.every((value, at) => Math.abs(value - many[i][at]) < 1e-5));
    }
  });
});

Deno.test("a graph whose pictures would mix is refused with the reason, and nothing is written", () => {
  const graph = makeGraph("mixing");
  const image = addInput(graph, "image", "float32", [1, 3, 16, 16]);
  // The mean over everything, also over the batch.
  const mean = node(graph, "ReduceMean", [image], { axes: [0], keepdims: 1 });
  const both = node(graph, "Add", [image, mean]);
  node(graph, "Flatten", [node(graph, "GlobalAveragePool", [both])], { axis: 1 }, "embedding");
  addOutput(graph, "embedding", [1, 3]);
  return optimized(encodeModel(graph, "for tests"), (result) => {
    assert.ok("refused" in result);
    assert.match(result.refused, /two pictures at once give other results than each alone/);
  });
});

Deno.test("a graph that gives no numbers is refused: nothing shows that they are the same", () => {
  const graph = makeGraph("broken");
  const root = node(graph, "Sqrt", [addInput(graph, "image", "float32", [1, 3, 16, 16])]);
  node(graph, "Flatten", [node(graph, "GlobalAveragePool", [root])], { axis: 1 }, "embedding");
  addOutput(graph, "embedding", [1, 3]);
  return optimized(encodeModel(graph, "for tests"), (result) => {
    assert.ok("refused" in result);
    assert.match(result.refused, /other results than each alone \(cosine NaN\)/);
  });
});

Deno.test("a graph with shapes nobody can free is refused with the reason", () => {
  const graph = makeGraph("fixed");
  const image = addInput(graph, "image", "float32", [1, 3, 16, 16]);
  const slope = floats(graph, [1, 3, 16, 16], values(768));
  const joined = node(graph, "Concat", [image, slope, slope], { axis: 1 });
  node(graph, "Flatten", [node(graph, "GlobalAveragePool", [joined])], { axis: 1 }, "embedding");
  addOutput(graph, "embedding", [1, 9]);
  return optimized(encodeModel(graph, "for tests"), (result) => {
    assert.ok("refused" in result);
    assert.match(result.refused, /its inner shapes are made for one picture: /);
  });
});

Deno.test("graphs that take batches, or no pictures, are left alone", async () => {
  await optimized(tinyGraphs.visual("N", 16), (result) => {
    assert.deepEqual(result, { refused: "it takes several pictures at once already" });
  });
  await optimized(tinyGraphs.textual(), (result) => {
    assert.deepEqual(result, { refused: "it does not take pictures" });
  });
});

Deno.test("shapes for one picture become shapes for any", () => {
  assert.deepEqual(freeDimensions([1, -1]), [0, -1]);
  assert.deepEqual(freeDimensions([-1, 768]), [-1, 768]);
  assert.deepEqual(freeDimensions([1, 50, 12, 64]), [-1, 50, 12, 64]);
  assert.deepEqual(freeDimensions([50, 1, 768]), [50, -1, 768]);
  assert.deepEqual(freeDimensions([50, 12, 64]), [50, -1, 64]);
  assert.deepEqual(freeDimensions([50, 768]), [-1, 768]);
});

const data = Deno.env.get("SAFELIGHT_TEST_DATA");

Deno.test({
  name: "MobileFaceNet, exported for one face, takes batches (SAFELIGHT_TEST_DATA)",
  ignore: !data,
  async fn() {
    const bytes = await Deno.readFile(join(data!, "models", "faces", "mobilefacenet.onnx"));
    await optimized(bytes, (result) => {
      assert.ok("path" in result && result.cosine >= 0.9999, JSON.stringify(result));
    });
  },
});
