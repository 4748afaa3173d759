import { floats, type Graph, makeGraph, node } from "../../models/builtin/onnx_writer.ts";

/** A graph with random weights under construction, and what it has come to so far. */
export interface Net {
  graph: Graph;
  /** State of the random numbers. */
  seed: number;
  parameters: number;
  /** Multiplications with an addition that one input takes; FLOPs are twice as many. */
  macs: number;
}

/** An intermediate result [N, channels, side, side]. */
export interface FeatureMap {
  name: string;
  channels: number;
  side: number;
}

/** An empty net; the same name gives the same weights. */
export function makeNet(name: string): Net {
  const seed = [...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0) | 0, 7);
  return { graph: makeGraph(name), seed: seed || 1, parameters: 0, macs: 0 };
}

/**
 * Adds a tensor of random values of the given standard deviation, evenly spread (xorshift: 90
 * million take half a second), and returns its name.
 */
export function weights(net: Net, shape: number[], deviation: number): string {
  const count = shape.reduce((product, size) => product * size, 1);
  const values = new Float32Array(count);
  const scale = deviation * Math.sqrt(3) / 2 ** 31;
  let state = net.seed;
  for (let i = 0; i < count; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    values[i] = state * scale;
  }
  net.seed = state;
  net.parameters += count;
  return floats(net.graph, shape, values);
}

/** Adds a tensor that is `value` throughout, and returns its name. */
export function constants(net: Net, shape: number[], value: number): string {
  const count = shape.reduce((product, size) => product * size, 1);
  net.parameters += count;
  return floats(net.graph, shape, new Float32Array(count).fill(value));
}

/**
 * A convolution with bias, padded so that stride 1 keeps the side unless told otherwise. `gain` is
 * what it does to the spread of the values: √2 makes up for a ReLU (He et al. 2015), 1 for none.
 */
export function convolution(
  net: Net,
  input: FeatureMap,
  options: {
    channels: number;
    kernel: number;
    stride?: number;
    padding?: number;
    gain?: number;
    /** The name of the biases; zeros by default. */
    bias?: string;
  },
): FeatureMap {
  const { channels, kernel, stride = 1, gain = Math.SQRT2 } = options;
  const fan = input.channels * kernel * kernel;
  const padding = options.padding ?? Math.floor(kernel / 2);
  const side = Math.floor((input.side + 2 * padding - kernel) / stride) + 1;
  const name = node(net.graph, "Conv", [
    input.name,
    weights(net, [channels, input.channels, kernel, kernel], gain / Math.sqrt(fan)),
    options.bias ?? constants(net, [channels], 0),
  ], {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
  });
  net.macs += side * side * channels * fan;
  return { name, channels, side };
}

/** x · W + b on the last axis, which has `from` columns; `rows` of them for one input. */
export function dense(
  net: Net,
  input: string,
  { from, to, rows }: { from: number; to: number; rows: number },
): string {
  const product = node(net.graph, "MatMul", [
    input,
    weights(net, [from, to], 1 / Math.sqrt(from)),
  ]);
  net.macs += rows * from * to;
  return node(net.graph, "Add", [product, constants(net, [to], 0)]);
}
