import { addInput, addOutput, floats, integers, node } from "../../models/builtin/onnx_writer.ts";
import { normalised } from "../../models/builtin/operators.ts";
import { convolution, makeNet, type Net, weights } from "./layers.ts";
import { layerNorm, transformerLayer } from "./transformer.ts";

// The figures of ViT-B/32 in Radford et al. 2021, tables 19 and 20, and of OpenAI's code.
const LAYERS = 12;
const JOINT = 512;
const PICTURE = { side: 224, patch: 32, width: 768, heads: 12 };
const TEXT = { tokens: 77, width: 512, heads: 8, words: 49408 };

/**
 * The shape of CLIP ViT-B/32's visual half with random weights: `image` [N, 3, 224, 224] float32 in,
 * `embedding` [N, 512] out, normalised. `batch` fixes N, as some exports do; `input` and `output` are
 * other names for the two.
 */
export function vitB32Visual(
  { batch, input = "image", output = "embedding" }: {
    batch?: number;
    input?: string;
    output?: string;
  } = {},
): Net {
  const net = makeNet("visual");
  const { graph } = net;
  const { side, patch, width, heads } = PICTURE;
  const image = addInput(graph, input, "float32", [batch ?? "N", 3, side, side]);
  const patches = convolution(net, { name: image, channels: 3, side }, {
    channels: width,
    kernel: patch,
    stride: patch,
    padding: 0,
    gain: 1,
  });
  const cells = (side / patch) ** 2;
  const flat = node(graph, "Reshape", [patches.name, integers(graph, [0, width, cells])]);
  const rows = node(graph, "Transpose", [flat], { perm: [0, 2, 1] });
  // A row of zeros before the patches; the class token is the first row of what is added to all.
  const padded = node(graph, "Pad", [rows, integers(graph, [0, 1, 0, 0, 0, 0])]);
  const tokens = cells + 1;
  const placed = node(graph, "Add", [padded, weights(net, [tokens, width], 0.5)]);
  let state = layerNorm(net, placed, width);
  for (let i = 0; i < LAYERS; i++) state = transformerLayer(net, state, { tokens, width, heads });
  const first = node(graph, "Slice", [
    state,
    ...[[0], [1], [1]].map((values) => integers(graph, values)),
  ]);
  const vector = node(graph, "Reshape", [first, integers(graph, [0, width])]);
  project(net, layerNorm(net, vector, width), { width, output });
  addOutput(graph, output, [batch ?? "N", JOINT]);
  return net;
}

/**
 * The shape of the textual half: `text` [1, 77] int32 in, `embedding` [1, 512] out, normalised, read
 * at the end token, which has the highest number.
 */
export function vitB32Textual(): Net {
  const net = makeNet("textual");
  const { graph } = net;
  const { tokens, width, heads, words } = TEXT;
  const text = addInput(graph, "text", "int32", [1, tokens]);
  const table = weights(net, [words, width], 0.5);
  const rows = node(graph, "Gather", [table, text], { axis: 0 });
  let state = node(graph, "Add", [rows, weights(net, [tokens, width], 0.5)]);
  const causal = Float32Array.from(
    { length: tokens * tokens },
    (_, at) => at % tokens > Math.floor(at / tokens) ? -Infinity : 0,
  );
  const mask = floats(graph, [tokens, tokens], causal);
  for (let i = 0; i < LAYERS; i++) {
    state = transformerLayer(net, state, { tokens, width, heads, mask });
  }
  const end = node(graph, "ArgMax", [text], { axis: 1, keepdims: 0 });
  const at = node(graph, "Gather", [layerNorm(net, state, width), end], { axis: 1 });
  const vector = node(graph, "Reshape", [at, integers(graph, [1, width])]);
  project(net, vector, { width, output: "embedding" });
  addOutput(graph, "embedding", [1, JOINT]);
  return net;
}

function project(
  net: Net,
  input: string,
  { width, output }: { width: number; output: string },
): void {
  const matrix = weights(net, [width, JOINT], 1 / Math.sqrt(width));
  net.macs += width * JOINT;
  normalised(net.graph, node(net.graph, "MatMul", [input, matrix]), output);
}
