import { addInput, addOutput, floats, integers, node } from "../../models/builtin/onnx_writer.ts";
import { constants, convolution, type FeatureMap, makeNet, type Net } from "./layers.ts";

// scrfd_10g_bnkps.py of InsightFace: ResNetV1e of basic blocks, PAFPN, one head a stride.
const STEM = [28, 28, 56];
const STAGES = [
  { blocks: 3, channels: 56 },
  { blocks: 4, channels: 88 },
  { blocks: 2, channels: 88 },
  { blocks: 3, channels: 224 },
];
const NECK = 56;
const HEAD = { channels: 80, convolutions: 3, anchors: 2 };
const SIDE = 640;

// Random weights would find nothing or everything. Whatever the picture, these cells of the coarsest
// grid (x, y of 20 × 20) find a face of 128 pixels; they lie in the picture for every usual format.
const FACES: [number, number][] = [[4, 4], [10, 10]];
const HALF_SIDE = 64 / 32;
// Where ArcFace wants eyes, nose and mouth, from the middle of the face, in cells of 32 pixels.
const LANDMARKS = [[-0.7, -0.6], [0.7, -0.6], [0, 0.1], [-0.6, 0.8], [0.6, 0.8]];

/**
 * The shape of InsightFace's SCRFD-10G with landmarks (det_10g.onnx), batch norms folded, with
 * random weights: `input.1` [1, 3, height, width] in, sides multiples of 32 up to 640, nine outputs.
 * It finds `faces` (0, 1 or 2) faces at fixed places of every picture. Multiplications are counted
 * for 640 × 640.
 */
export function scrfd10g({ faces = FACES.length }: { faces?: number } = {}): Net {
  const net = makeNet("detector");
  const input = addInput(net.graph, "input.1", "float32", [1, 3, "height", "width"]);
  const levels = neck(net, backbone(net, { name: input, channels: 3, side: SIDE }));
  const outputs = levels.map((level, index) =>
    head(net, level, { index, faces: index === levels.length - 1 ? FACES.slice(0, faces) : [] })
  );
  for (const [kind, columns] of [1, 4, 10].entries()) {
    for (const output of outputs) {
      addOutput(net.graph, output.names[kind], [output.rows, columns]);
    }
  }
  return net;
}

function relu(net: Net, input: FeatureMap): FeatureMap {
  return { ...input, name: node(net.graph, "Relu", [input.name]) };
}

function add(net: Net, one: FeatureMap, other: FeatureMap): FeatureMap {
  return { ...one, name: node(net.graph, "Add", [one.name, other.name]) };
}

function pool(net: Net, input: FeatureMap, kind: "AveragePool" | "MaxPool"): FeatureMap {
  const [kernel, padding] = kind === "MaxPool" ? [3, 1] : [2, 0];
  const name = node(net.graph, kind, [input.name], {
    kernel_shape: [kernel, kernel],
    strides: [2, 2],
    pads: [padding, padding, padding, padding],
  });
  return { ...input, name, side: input.side / 2 };
}

function backbone(net: Net, input: FeatureMap): FeatureMap[] {
  let state = input;
  for (const [i, channels] of STEM.entries()) {
    state = relu(net, convolution(net, state, { channels, kernel: 3, stride: i === 0 ? 2 : 1 }));
  }
  state = pool(net, state, "MaxPool");
  return STAGES.map(({ blocks, channels }, stage) => {
    for (let i = 0; i < blocks; i++) {
      state = block(net, state, { channels, stride: stage > 0 && i === 0 ? 2 : 1 });
    }
    return state;
  });
}

function block(
  net: Net,
  input: FeatureMap,
  { channels, stride }: { channels: number; stride: number },
): FeatureMap {
  const first = relu(net, convolution(net, input, { channels, kernel: 3, stride }));
  // Small, so that a dozen additions do not pile up.
  const second = convolution(net, first, { channels, kernel: 3, gain: 0.5 });
  if (stride === 1 && input.channels === channels) return relu(net, add(net, second, input));
  const smaller = stride === 2 ? pool(net, input, "AveragePool") : input;
  const shortcut = convolution(net, smaller, { channels, kernel: 1, gain: 1 });
  return relu(net, add(net, second, shortcut));
}

function neck(net: Net, [, ...stages]: FeatureMap[]): FeatureMap[] {
  const plain = { channels: NECK, gain: 0.7 };
  const lateral = stages.map((stage) => convolution(net, stage, { ...plain, kernel: 1 }));
  for (const i of [2, 1]) lateral[i - 1] = add(net, lateral[i - 1], twice(net, lateral[i]));
  const inner = lateral.map((level) => convolution(net, level, { ...plain, kernel: 3 }));
  for (const i of [0, 1]) {
    const smaller = convolution(net, inner[i], { ...plain, kernel: 3, stride: 2 });
    inner[i + 1] = add(net, inner[i + 1], smaller);
  }
  const [finest, ...others] = inner;
  return [finest, ...others.map((level) => convolution(net, level, { ...plain, kernel: 3 }))];
}

function twice(net: Net, input: FeatureMap): FeatureMap {
  const name = node(net.graph, "Resize", [
    input.name,
    "",
    floats(net.graph, [4], [1, 1, 2, 2]),
  ], { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" });
  return { ...input, name, side: input.side * 2 };
}

function head(
  net: Net,
  input: FeatureMap,
  { index, faces }: { index: number; faces: [number, number][] },
) {
  const { anchors, channels, convolutions } = HEAD;
  let state = input;
  for (let i = 0; i < convolutions; i++) {
    state = relu(net, convolution(net, state, { channels, kernel: 3 }));
  }
  const { side } = state;
  const out = (values: number[], gain: number) => {
    const all = Array.from({ length: anchors }, () => values).flat();
    net.parameters += all.length;
    const bias = floats(net.graph, [all.length], all);
    return convolution(net, state, { channels: all.length, kernel: 3, gain, bias }).name;
  };
  const flat = (name: string, columns: number, as: string) => {
    const last = node(net.graph, "Transpose", [name], { perm: [0, 2, 3, 1] });
    return node(net.graph, "Reshape", [last, integers(net.graph, [-1, columns])], {}, as);
  };
  // −9 is a score of 0.0001.
  const logits = raise(net, out([-9], 0.01), { faces, side, anchors });
  const boxes = node(net.graph, "Mul", [
    out([HALF_SIDE, HALF_SIDE, HALF_SIDE, HALF_SIDE], 0.01),
    constants(net, [1], 1),
  ]);
  const scores = flat(logits, 1, `logits_${index}`);
  const names = [
    node(net.graph, "Sigmoid", [scores], {}, `score_${index}`),
    flat(boxes, 4, `bbox_${index}`),
    flat(out(LANDMARKS.flat(), 0.01), 10, `kps_${index}`),
  ];
  return { names, rows: `rows_${index}` };
}

// The first anchor of each chosen cell gets 11 more, which makes a score of 0.88.
function raise(
  { graph }: Net,
  logits: string,
  { faces, side, anchors }: { faces: [number, number][]; side: number; anchors: number },
): string {
  if (faces.length === 0) return logits;
  const raised = new Float32Array(anchors * side * side);
  for (const [x, y] of faces) raised[y * side + x] = 11;
  const area = node(graph, "Slice", [
    node(graph, "Shape", [logits]),
    integers(graph, [2]),
    integers(graph, [4]),
  ]);
  const here = node(graph, "Slice", [
    floats(graph, [1, anchors, side, side], raised),
    integers(graph, [0, 0]),
    area,
    integers(graph, [2, 3]),
  ]);
  return node(graph, "Add", [logits, here]);
}
