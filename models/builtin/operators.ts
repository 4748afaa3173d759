import { floats, type Graph, node } from "./onnx_writer.ts";
import type { Row } from "./geometry.ts";

/** Limits values to 0…1. */
export function clip(graph: Graph, input: string): string {
  return node(graph, "Clip", [input, floats(graph, [], [0]), floats(graph, [], [1])]);
}

/** input · times + plus. */
export function scaled(
  graph: Graph,
  input: string,
  { times, plus }: { times: number; plus: number },
): string {
  const product = node(graph, "Mul", [input, floats(graph, [1], [times])]);
  return plus === 0 ? product : node(graph, "Add", [product, floats(graph, [1], [plus])]);
}

/** All of them multiplied. */
export function product(graph: Graph, [first, ...rest]: string[]): string {
  return rest.reduce((result, factor) => node(graph, "Mul", [result, factor]), first);
}

/** A 1 × 1 convolution over [N, channels, h, w] given as sparse rows; everything times `scale`. */
export function linear(
  graph: Graph,
  input: string,
  { channels, rows, scale = 1 }: { channels: number; rows: Row[]; scale?: number },
): string {
  const weights = new Float32Array(rows.length * channels);
  const constants = new Float32Array(rows.length);
  rows.forEach((row, i) => {
    for (const [key, value] of Object.entries(row)) {
      if (key === "one") constants[i] = value * scale;
      else weights[i * channels + Number(key)] = value * scale;
    }
  });
  return node(graph, "Conv", [
    input,
    floats(graph, [rows.length, channels, 1, 1], weights),
    floats(graph, [rows.length], constants),
  ]);
}

/** Divides vectors [N, D] by their length; the zero vector stays zero. */
export function normalised(graph: Graph, input: string, as: string): string {
  const length = node(graph, "ReduceL2", [input], { axes: [1], keepdims: 1 });
  const safe = node(graph, "Max", [length, floats(graph, [1], [1e-6])]);
  return node(graph, "Div", [input, safe], {}, as);
}

/** 0, 1, … count − 1. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
