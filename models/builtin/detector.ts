import {
  addInput,
  addOutput,
  encodeModel,
  floats,
  type Graph,
  integers,
  makeGraph,
  node,
} from "./onnx_writer.ts";
import { anatomy, boxRows, deviations, landmarkRows, type Row } from "./geometry.ts";
import { clip, linear, product, range, scaled } from "./operators.ts";

/**
 * A face detector in SCRFD's form (nine outputs, two anchors a cell), built by hand for the drawn
 * people of the sample library: it looks for two eyes (dark inside white) above two rose cheeks.
 *
 * Everything is measured in units of a tenth of the distance between the eyes, as in the drawings;
 * in a pyramid level where that unit is one pixel, two maps say how much "eye" and "cheek" a pixel
 * is. One convolution then sums each map, and its first moments, over four windows around the
 * cell: mass and centre of gravity of either eye and either cheek. The score is the weakest mass,
 * less what the four points deviate from a face; box and landmarks are linear in the points.
 */

/** Side of the square input in pixels. */
const side = 640;

/**
 * Pyramid: at stride 8 a cell has anchors for units of 2 and 8/3 image pixels, and twice that at
 * each further stride, so faces (23 units wide) of 40 to 300 pixels have an anchor within 1/6.
 * Measured: all drawn faces of 55 to 250 pixels are found, at 41 pixels 7 of 12.
 */
const strides = [8, 16, 32];
const cellsOfUnit = [4, 3];

/** Half of the convolution's kernel of 25 × 25 units. */
const reach = 12;

/**
 * Mass in the maps below from which an eye and a cheek count as complete. A drawn cheek covers 14.5
 * square units; small and blurred ones lose half of that to their surroundings.
 */
const mass = { eye: 6, cheek: 8 };

/** Encodes the detector. */
export function buildDetector(): Uint8Array {
  const graph = makeGraph("detector");
  const image = addInput(graph, "input.1", "float32", [1, 3, side, side]);
  const half = node(graph, "AveragePool", [image], { kernel_shape: [2, 2], strides: [2, 2] });
  const kernel = windows(graph);
  let levels = markLevels(graph, marks(graph, half));
  const outputs: Record<"score" | "box" | "points", string[]> = { score: [], box: [], points: [] };
  for (const stride of strides) {
    const heads = levels.map((level, i) => head(graph, level, { kernel, cell: cellsOfUnit[i] }));
    for (const kind of ["score", "box", "points"] as const) {
      outputs[kind].push(rows(graph, heads.map((parts) => parts[kind]), {
        width: { score: 1, box: 4, points: 10 }[kind],
        name: `${kind}_${stride}`,
      }));
    }
    if (stride < 32) {
      levels = levels.map((level) =>
        node(graph, "AveragePool", [level], { kernel_shape: [2, 2], strides: [2, 2] })
      );
    }
  }
  for (const [kind, width] of [["score", 1], ["box", 4], ["points", 10]] as const) {
    strides.forEach((stride, i) =>
      addOutput(graph, outputs[kind][i], [2 * (side / stride) ** 2, width])
    );
  }
  return encodeModel(graph, "Finds the drawn people of Safelight's sample library.");
}

/** [1, 3, 320, 320] picture in (x − 127.5)/128 → [1, 3, 320, 320]: white, dark, rose in 0…1. */
function marks(graph: Graph, image: string): string {
  const lowest = node(graph, "ReduceMin", [image], { axes: [1], keepdims: 1 });
  const highest = node(graph, "ReduceMax", [image], { axes: [1], keepdims: 1 });
  const spread = node(graph, "Sub", [highest, lowest]);
  // Grey differences R − G and B − G, 128 levels to the unit.
  const differences = node(graph, "Conv", [
    image,
    floats(graph, [2, 3, 1, 1], [1, -1, 0, 0, -1, 1]),
  ]);
  const [redness, blueness] = [0, 1].map((channel) =>
    node(graph, "Gather", [differences, integers(graph, [channel])], { axis: 1 })
  );
  const white = product(graph, [
    clip(graph, scaled(graph, lowest, { times: 4, plus: 0 })),
    clip(graph, scaled(graph, spread, { times: -8, plus: 2.8 })),
  ]);
  const dark = clip(graph, scaled(graph, highest, { times: -4, plus: -1 }));
  // Rose: much more red than green, and blue not below green, which tells it from skin and orange.
  const rose = product(graph, [
    clip(graph, scaled(graph, redness, { times: 4, plus: -2 })),
    clip(graph, scaled(graph, blueness, { times: 8, plus: 0.4 })),
    clip(graph, scaled(graph, blueness, { times: -5, plus: 3.5 })),
  ]);
  return node(graph, "Concat", [white, dark, rose], { axis: 1 });
}

/** The marks at one unit of 2 and of 8/3 pixels: 320 and 240 a side. */
function markLevels(graph: Graph, level: string): string[] {
  const smaller = node(graph, "Resize", [level, "", "", integers(graph, [1, 3, 240, 240])], {
    mode: "linear",
  });
  return [level, smaller];
}

/** One anchor of every cell: marks at one pixel a unit → score [1,1,h,w], box [1,4,h,w], points [1,10,h,w]. */
function head(graph: Graph, level: string, { kernel, cell }: { kernel: string; cell: number }) {
  const blurred = node(graph, "AveragePool", [level], {
    kernel_shape: [5, 5],
    pads: [2, 2, 2, 2],
  });
  const [white, dark] = [0, 1].map((channel) =>
    node(graph, "Gather", [blurred, integers(graph, [channel])], { axis: 1 })
  );
  const rose = node(graph, "Gather", [level, integers(graph, [2])], { axis: 1 });
  const eye = scaled(graph, node(graph, "Mul", [white, dark]), { times: 4, plus: 0 });
  const maps = node(graph, "Concat", [eye, rose], { axis: 1 });
  const sums = node(graph, "Conv", [maps, kernel], {
    strides: [cell, cell],
    pads: [reach, reach, reach, reach],
  });
  const masses = linear(graph, sums, { channels: 12, rows: range(4).map((i) => ({ [i]: 1 })) });
  const moments = linear(graph, sums, {
    channels: 12,
    rows: range(8).map((i) => ({ [4 + i]: 1 })),
  });
  const perAxis = linear(graph, masses, {
    channels: 4,
    rows: range(8).map((i) => ({ [i >> 1]: 1 })),
  });
  const points = node(graph, "Div", [
    moments,
    node(graph, "Max", [perAxis, floats(graph, [1], [0.05])]),
  ]);
  const inStrides = (rows: Row[]) => linear(graph, points, { channels: 8, rows, scale: 1 / cell });
  return {
    score: score(graph, { masses, points }),
    box: inStrides(boxRows),
    points: inStrides(landmarkRows),
  };
}

/** Weakest of the four masses (1: complete), less the deviations of the four points from a face. */
function score(graph: Graph, { masses, points }: { masses: string; points: string }): string {
  const complete = floats(graph, [1, 4, 1, 1], [mass.eye, mass.eye, mass.cheek, mass.cheek]);
  const share = clip(graph, node(graph, "Div", [masses, complete]));
  const weakest = node(graph, "ReduceMin", [share], { axes: [1], keepdims: 1 });
  const rows = deviations.map(({ row }) => row);
  const column = (values: number[]) => floats(graph, [1, values.length, 1, 1], values);
  const size = node(graph, "Abs", [linear(graph, points, { channels: 8, rows })]);
  const excess = node(graph, "Relu", [
    node(graph, "Sub", [size, column(deviations.map(({ allowed }) => allowed))]),
  ]);
  const costs = node(graph, "Mul", [excess, column(deviations.map(({ cost }) => cost))]);
  const cost = node(graph, "ReduceSum", [costs, integers(graph, [1])], { keepdims: 1 });
  return clip(graph, node(graph, "Sub", [weakest, cost]));
}

/**
 * Kernel [12, 2, 25, 25]: for left eye, right eye, left cheek, right cheek the mass, then x and y of
 * each. A tap at offset t stands for the middle of its pixel, t + ½ units from the cell's corner.
 */
function windows(graph: Graph): string {
  const size = 2 * reach + 1;
  const kernel = new Float32Array(12 * 2 * size * size);
  const put = (row: number, map: number, [x, y]: [number, number], value: number) => {
    kernel[((row * 2 + map) * size + y + reach) * size + x + reach] = value;
  };
  for (const part of range(4)) {
    const isRight = part % 2 === 1;
    const map = part >> 1;
    const middle = map === 0 ? anatomy.eye.y : anatomy.cheek.y;
    for (let y = -reach; y <= reach; y++) {
      for (let x = -reach; x <= reach; x++) {
        if (isRight !== x >= 0 || Math.abs(y + 0.5 - middle) > 7) continue;
        put(part, map, [x, y], 1);
        put(4 + part * 2, map, [x, y], x + 0.5);
        put(5 + part * 2, map, [x, y], y + 0.5);
      }
    }
  }
  return floats(graph, [12, 2, size, size], kernel);
}

/** Anchors' maps [1, width, h, w] → [h · w · anchors, width], the anchors of a cell side by side. */
function rows(graph: Graph, anchors: string[], options: { width: number; name: string }): string {
  const stacked = node(graph, "Concat", anchors, { axis: 1 });
  const last = node(graph, "Transpose", [stacked], { perm: [0, 2, 3, 1] });
  const shape = integers(graph, [-1, options.width]);
  return node(graph, "Reshape", [last, shape], {}, options.name);
}
