import {
  addInput,
  addOutput,
  encodeModel,
  floats,
  integers,
  makeGraph,
  node,
} from "./onnx_writer.ts";
import { range, scaled } from "./operators.ts";
import { type Colour, memberships, type Space } from "./palette.ts";

/**
 * A face recogniser in ArcFace's form for the drawn people of the sample library: which colours lie
 * where on the aligned face. The white of the eyes is taken for white, so that the light on a
 * picture (dim, warm, cold) does not count.
 */

const side = 112;
/** Side after averaging 2 × 2 pixels, which calms JPEG's noise. */
const cells = side / 2;

/** Aligned faces: middle of the eyes and a tenth of their distance, in cells of the grid above. */
const middle = { x: 55.913 / 2, y: 51.599 / 2 };
const unit = 3.524 / 2;

/** Colours of hair, headwear, skin, eyes and frames, roughly even over what people wear. */
const palette: Colour[] = [
  [32, 30, 40],
  [70, 44, 28],
  [110, 68, 40],
  [160, 150, 110],
  [240, 210, 130],
  [246, 186, 24],
  [208, 98, 32],
  [200, 48, 32],
  [240, 90, 120],
  [132, 80, 180],
  [44, 94, 184],
  [64, 122, 192],
  [120, 180, 220],
  [32, 164, 160],
  [46, 144, 72],
  [74, 122, 76],
  [104, 112, 124],
  [166, 172, 182],
  [244, 240, 232],
  [252, 222, 200],
  [240, 194, 158],
  [202, 144, 98],
  [138, 86, 54],
];

const plain: Space = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];

/** Distance at which a colour is no longer the same: 20 levels of 255. */
const sigma = 0.08;

/**
 * Regions in units of a tenth of the eyes' distance from the middle of the eyes, as boxes left, top,
 * right, bottom, and how much they weigh: hair or hat tells most, then the iris.
 */
const regions: { weight: number; boxes: [number, number, number, number][] }[] = [
  { weight: 1.2, boxes: [[-7, -14, 7, -10.6]] },
  { weight: 0.5, boxes: [[-6.8, -0.9, -3.2, 1.9], [3.2, -0.9, 6.8, 1.9]] },
  { weight: 0.4, boxes: [[-3.4, 7.6, 3.4, 9.4], [-1.4, -4, 1.4, 1.6]] },
  { weight: 0.3, boxes: [[-5, 14, 5, 16]] },
  { weight: 0.3, boxes: [[-6.6, 3.6, -3.4, 4.6], [3.4, 3.6, 6.6, 4.6]] },
];

/** Length of the output vector: every colour in every region. */
export const recogniserDimension = palette.length * regions.length;

/** Encodes the recogniser. */
export function buildRecogniser(): Uint8Array {
  const graph = makeGraph("recogniser");
  const input = addInput(graph, "input.1", "float32", ["N", 3, side, side]);
  const averaged = node(graph, "AveragePool", [input], { kernel_shape: [2, 2], strides: [2, 2] });
  const pixels = scaled(graph, averaged, { times: 0.5, plus: 0.5 });
  const eyes = node(graph, "Slice", [
    pixels,
    integers(graph, [Math.round(middle.y - 3 * unit), Math.round(middle.x - 8 * unit)]),
    integers(graph, [Math.round(middle.y + 3 * unit), Math.round(middle.x + 8 * unit)]),
    integers(graph, [2, 3]),
  ]);
  const white = node(graph, "ReduceMax", [eyes], { axes: [2, 3], keepdims: 1 });
  const safe = node(graph, "Max", [white, floats(graph, [1], [0.2])]);
  const colours = memberships(graph, node(graph, "Div", [pixels, safe]), {
    palette,
    space: plain,
    sigma,
  });
  const flat = node(graph, "Reshape", [
    colours,
    integers(graph, [0, palette.length, cells * cells]),
  ]);
  const shares = node(graph, "MatMul", [
    flat,
    floats(graph, [cells * cells, regions.length], masks()),
  ]);
  node(graph, "Flatten", [shares], { axis: 1 }, "embedding");
  addOutput(graph, "embedding", ["N", recogniserDimension]);
  return encodeModel(graph, "Tells the drawn people of Safelight's sample library apart.");
}

/** [cells², regions]: averages over each region, times its weight. */
function masks(): Float32Array {
  const values = new Float32Array(cells * cells * regions.length);
  regions.forEach(({ weight, boxes }, region) => {
    const inside = range(cells * cells).filter((cell) => {
      const x = (cell % cells + 0.5 - middle.x) / unit;
      const y = (Math.floor(cell / cells) + 0.5 - middle.y) / unit;
      return boxes.some(([left, top, right, bottom]) =>
        x > left && x < right && y > top && y < bottom
      );
    });
    for (const cell of inside) values[cell * regions.length + region] = weight / inside.length;
  });
  return values;
}
