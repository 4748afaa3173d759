import { bands, colourNames, moods, namedColours, visualDimension } from "./colours.ts";
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
import { clip, linear, normalised, range, scaled } from "./operators.ts";
import { memberships, type Space } from "./palette.ts";

/**
 * The picture half of a joint space of pictures and words: how much of each named colour is in each
 * third of the picture, how bright and how busy it is. It knows no things, only what the words of
 * the other half (words.ts) are made of; it does so for any photograph.
 */

const side = 224;
/** Side after averaging 4 × 4 pixels: finer detail has no say in what colour a region is. */
const cells = side / 4;

/** CLIP's normalisation, which the graph takes back. */
export const clipMean = [0.48145466, 0.4578275, 0.40821073] as const;
export const clipStd = [0.26862954, 0.26130258, 0.27577711] as const;

/**
 * Lightness, red–green and yellow–blue. Lightness counts less: a colour keeps its name in shadow.
 */
const opponent: Space = [[0.2, 0.25, 0.15], [0.7, -0.7, 0], [0.45, 0.45, -0.9]];

/** Half of the distance at which two colours get different names, in the space above. */
const sigma = 0.05;

/** Encodes the picture half. */
export function buildVisual(): Uint8Array {
  const graph = makeGraph("visual");
  const image = addInput(graph, "image", "float32", ["N", 3, side, side]);
  const averaged = node(graph, "AveragePool", [image], { kernel_shape: [4, 4], strides: [4, 4] });
  const pixels = node(graph, "Add", [
    node(graph, "Mul", [averaged, floats(graph, [1, 3, 1, 1], clipStd)]),
    floats(graph, [1, 3, 1, 1], clipMean),
  ]);
  const features = node(graph, "Concat", [colourShares(graph, pixels), moodOf(graph, pixels)], {
    axis: 1,
  });
  normalised(graph, features, "embedding");
  addOutput(graph, "embedding", ["N", visualDimension]);
  return encodeModel(graph, "Colours, brightness and bustle of a picture, for Safelight's demo.");
}

/** [N, colours · bands]: root of the share of each colour in each band, so that a little counts. */
function colourShares(graph: Graph, pixels: string): string {
  const palette = colourNames.flatMap((name) => namedColours[name]);
  const examples = memberships(graph, pixels, { palette, space: opponent, sigma });
  const owners = colourNames.flatMap((name, i) => namedColours[name].map(() => i));
  const named = linear(graph, examples, {
    channels: palette.length,
    rows: colourNames.map((_, i) =>
      Object.fromEntries(owners.flatMap((owner, at) => owner === i ? [[at, 1]] : []))
    ),
  });
  const flat = node(graph, "Reshape", [
    named,
    integers(graph, [0, colourNames.length, cells * cells]),
  ]);
  const shares = node(graph, "MatMul", [
    flat,
    floats(graph, [cells * cells, bands.length], bandMasks()),
  ]);
  const root = node(graph, "Sqrt", [
    node(graph, "Relu", [scaled(graph, shares, { times: 1, plus: -0.01 })]),
  ]);
  return node(graph, "Flatten", [root], { axis: 1 });
}

/** [cells², bands]: averages over each third of the rows. */
function bandMasks(): Float32Array {
  const bandOf = (cell: number) => Math.floor(Math.floor(cell / cells) * bands.length / cells);
  const sizes = bands.map((_, band) =>
    range(cells * cells).filter((c) => bandOf(c) === band).length
  );
  return Float32Array.from({ length: cells * cells * bands.length }, (_, i) => {
    const band = i % bands.length;
    return bandOf(Math.floor(i / bands.length)) === band ? 1 / sizes[band] : 0;
  });
}

/** [N, moods]: bright, dark from mean lightness; busy, plain from the mean step between cells. */
function moodOf(graph: Graph, pixels: string): string {
  const grey = linear(graph, pixels, { channels: 3, rows: [{ 0: 0.3, 1: 0.59, 2: 0.11 }] });
  const steps = node(graph, "Abs", [
    node(graph, "Conv", [grey, floats(graph, [2, 1, 2, 2], [-1, 1, 0, 0, -1, 0, 1, 0])]),
  ]);
  const mean = (input: string) =>
    node(graph, "ReduceMean", [input], { axes: [1, 2, 3], keepdims: 0 });
  const column = (input: string) => node(graph, "Unsqueeze", [input, integers(graph, [1])]);
  const [light, bustle] = [column(mean(grey)), column(mean(steps))];
  // Mean steps between cells: 0.005 in a clear sky, 0.03 to 0.076 in 35 photographs of people.
  const figures = {
    bright: scaled(graph, light, { times: 2.5, plus: -1.4 }),
    dark: scaled(graph, light, { times: -3.3, plus: 1.1 }),
    busy: scaled(graph, bustle, { times: 25, plus: -0.6 }),
    plain: scaled(graph, bustle, { times: -40, plus: 1.2 }),
  };
  return node(graph, "Concat", moods.map((mood) => clip(graph, figures[mood])), { axis: 1 });
}
