import { floats, integers, node } from "../../models/builtin/onnx_writer.ts";
import { constants, dense, type Net } from "./layers.ts";

export interface TransformerShape {
  tokens: number;
  width: number;
  heads: number;
  /** The name of what is added to the attention's scores, [tokens, tokens]. */
  mask?: string;
}

/** CLIP's layer: attention and perceptron, each behind a LayerNorm and added to what came in. */
export function transformerLayer(net: Net, input: string, shape: TransformerShape): string {
  const { graph } = net;
  const attended = attention(net, layerNorm(net, input, shape.width), shape);
  const half = node(graph, "Add", [input, attended]);
  const { width, tokens } = shape;
  const inner = dense(net, layerNorm(net, half, width), {
    from: width,
    to: 4 * width,
    rows: tokens,
  });
  // QuickGELU, which OpenAI's weights were trained with: x · sigmoid(1.702 x).
  const gate = node(graph, "Sigmoid", [
    node(graph, "Mul", [inner, floats(graph, [1], [1.702])]),
  ]);
  const activated = node(graph, "Mul", [inner, gate]);
  const outer = dense(net, activated, { from: 4 * width, to: width, rows: tokens });
  return node(graph, "Add", [half, outer]);
}

/** LayerNorm over the last axis. */
export function layerNorm(net: Net, input: string, width: number): string {
  const [scale, bias] = [constants(net, [width], 1), constants(net, [width], 0)];
  return node(net.graph, "LayerNormalization", [input, scale, bias], { epsilon: { float: 1e-5 } });
}

function attention(net: Net, input: string, shape: TransformerShape): string {
  const { graph } = net;
  const { tokens, width, heads, mask } = shape;
  const size = { from: width, to: width, rows: tokens };
  const split = (name: string, order: number[]) => {
    const apart = node(graph, "Reshape", [
      name,
      integers(graph, [0, tokens, heads, width / heads]),
    ]);
    return node(graph, "Transpose", [apart], { perm: order });
  };
  const queries = node(graph, "Mul", [
    dense(net, input, size),
    floats(graph, [1], [1 / Math.sqrt(width / heads)]),
  ]);
  const keys = split(dense(net, input, size), [0, 2, 3, 1]);
  const values = split(dense(net, input, size), [0, 2, 1, 3]);
  let scores = node(graph, "MatMul", [split(queries, [0, 2, 1, 3]), keys]);
  if (mask) scores = node(graph, "Add", [scores, mask]);
  const mixed = node(graph, "MatMul", [node(graph, "Softmax", [scores], { axis: -1 }), values]);
  net.macs += 2 * tokens * tokens * width;
  const together = node(graph, "Transpose", [mixed], { perm: [0, 2, 1, 3] });
  const joined = node(graph, "Reshape", [together, integers(graph, [0, tokens, width])]);
  return dense(net, joined, size);
}
