import { addInput, addOutput, integers, node } from "../../models/builtin/onnx_writer.ts";
import { constants, convolution, dense, type FeatureMap, makeNet, type Net } from "./layers.ts";

// IResNet-50 of InsightFace (Deng et al. 2019): blocks and channels of its four stages.
const STAGES = [
  { blocks: 3, channels: 64 },
  { blocks: 4, channels: 128 },
  { blocks: 14, channels: 256 },
  { blocks: 3, channels: 512 },
];
const SIDE = 112;
const DIMENSION = 512;

/**
 * The shape of InsightFace's ArcFace R50 (w600k_r50.onnx) with random weights, batch norms behind
 * convolutions folded as in its export: `input.1` [N, 3, 112, 112] in, [N, 512] out, not normalised.
 */
export function arcfaceR50(): Net {
  const net = makeNet("recogniser");
  const { graph } = net;
  const input = addInput(graph, "input.1", "float32", ["N", 3, SIDE, SIDE]);
  let state = prelu(
    net,
    convolution(net, { name: input, channels: 3, side: SIDE }, { channels: 64, kernel: 3 }),
  );
  for (const { blocks, channels } of STAGES) {
    for (let i = 0; i < blocks; i++) {
      state = block(net, state, { channels, stride: i === 0 ? 2 : 1 });
    }
  }
  const { name, channels, side } = batchNorm(net, state);
  const columns = channels * side * side;
  const flat = node(graph, "Reshape", [name, integers(graph, [0, columns])]);
  const vector = dense(net, flat, { from: columns, to: DIMENSION, rows: 1 });
  node(graph, "Identity", [vector], {}, "embedding");
  addOutput(graph, "embedding", ["N", DIMENSION]);
  return net;
}

function block(
  net: Net,
  input: FeatureMap,
  { channels, stride }: { channels: number; stride: number },
): FeatureMap {
  const first = convolution(net, batchNorm(net, input), { channels, kernel: 3 });
  // Small, so that two dozen additions do not pile up.
  const second = convolution(net, prelu(net, first), { channels, kernel: 3, stride, gain: 0.5 });
  const shortcut = stride === 1
    ? input
    : convolution(net, input, { channels, kernel: 1, stride, gain: 1 });
  return { ...second, name: node(net.graph, "Add", [second.name, shortcut.name]) };
}

function prelu(net: Net, input: FeatureMap): FeatureMap {
  const slope = constants(net, [input.channels, 1, 1], 0.25);
  return { ...input, name: node(net.graph, "PRelu", [input.name, slope]) };
}

function batchNorm(net: Net, input: FeatureMap): FeatureMap {
  const { channels } = input;
  const values = [1, 0, 0, 1].map((value) => constants(net, [channels], value));
  const name = node(net.graph, "BatchNormalization", [input.name, ...values], {
    epsilon: { float: 1e-5 },
  });
  return { ...input, name };
}
