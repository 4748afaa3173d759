import { join } from "node:path";
import {
  addInput,
  addOutput,
  encodeModel,
  floats,
  type Graph,
  makeGraph,
  node,
} from "./builtin/onnx_writer.ts";
import { sha256 } from "./identity.ts";

/**
 * Graphs for tests, as small as they can be and still run: the vector of a picture is its mean
 * colour, that of a text a fixed mix of its ids, and the detector sees one face of score 0.75 in
 * every picture, 32 pixels wide around (20, 20) of its 64 × 64 input; with another score that.
 */
export const tinyGraphs = {
  visual: (batch: number | string = "N", size = 224) => meanColour("image", [batch, size]),
  recogniser: (batch: number | string = "N") => meanColour("input.1", [batch, 112]),
  textual: (type: "int32" | "int64" = "int32") => {
    const graph = makeGraph("textual");
    const text = addInput(graph, "text", type, [1, 77]);
    const mix = floats(graph, [77, 3], Array.from({ length: 231 }, (_, i) => Math.sin(i)));
    node(graph, "MatMul", [node(graph, "Cast", [text], { to: 1 }), mix], {}, "embedding");
    addOutput(graph, "embedding", [1, 3]);
    return bytes(graph);
  },
  detector: (landmarks = true, score = FACE[1][0]) => {
    const graph = makeGraph("detector");
    const image = addInput(graph, "input.1", "float32", [1, 3, 64, 64]);
    for (const columns of landmarks ? [1, 4, 10] : [1, 4]) {
      for (const stride of [8, 16, 32]) {
        const rows = 2 * (64 / stride) ** 2;
        const values = new Float32Array(rows * columns);
        // The last anchor of the cell at (16, 16) of the finest level.
        const face = columns === 1 ? [score] : FACE[columns];
        if (stride === 8) values.set(face, 2 * (2 * 8 + 2) * columns);
        const name = `out_${columns}_${stride}`;
        node(graph, "Identity", [floats(graph, [rows, columns], values)], {}, name);
        addOutput(graph, name, [rows, columns]);
      }
    }
    // The picture is read, as a graph must, but changes nothing.
    node(graph, "GlobalAveragePool", [image]);
    return bytes(graph);
  },
  /** The same face in YuNet's form: its score is the root of 0.75 × 0.75. */
  yunet: () => {
    const graph = makeGraph("yunet");
    const image = addInput(graph, "input", "float32", [1, 3, 64, 64]);
    const [width, height] = [Math.log(4), Math.log(4)];
    const kinds = { cls: [0.75], obj: [0.75], bbox: [0.5, 0.5, width, height], kps: FACE[10] };
    for (const [kind, face] of Object.entries(kinds)) {
      for (const stride of [8, 16, 32]) {
        const rows = (64 / stride) ** 2;
        const values = new Float32Array(rows * face.length);
        if (stride === 8) values.set(face, (2 * 8 + 2) * face.length);
        const name = `${kind}_${stride}`;
        node(graph, "Identity", [floats(graph, [1, rows, face.length], values)], {}, name);
        addOutput(graph, name, [1, rows, face.length]);
      }
    }
    node(graph, "GlobalAveragePool", [image]);
    return bytes(graph);
  },
};

const FACE: Record<number, number[]> = {
  1: [0.75],
  4: [1.5, 1.5, 2.5, 2.5],
  10: [-0.5, 0, 1.5, 0, 0.5, 0.75, -0.25, 1.5, 1.25, 1.5],
};

/** Writes the four graphs and their manifest into a folder, with `changes` to the manifest. */
export async function writeTinyPack(
  dir: string,
  changes: { name?: string; builtin?: boolean; batch?: number } = {},
): Promise<void> {
  const files = {
    visual: tinyGraphs.visual(changes.batch),
    textual: tinyGraphs.textual(),
    detector: tinyGraphs.detector(),
    recogniser: tinyGraphs.recogniser(changes.batch),
  };
  const plain = { mean: [0, 0, 0], std: [1, 1, 1] };
  const role = async (name: keyof typeof files, rest: Record<string, unknown>) => {
    await Deno.writeFile(join(dir, `${name}.onnx`), files[name]);
    return { file: `${name}.onnx`, sha256: await sha256(files[name]), ...rest };
  };
  const manifest = {
    name: changes.name ?? "tiny",
    licence: "MIT",
    builtin: changes.builtin ?? false,
    roles: {
      visual: await role("visual", { input: "image", size: 224, ...plain, dimension: 3 }),
      textual: await role("textual", { input: "text", context: 77, dimension: 3 }),
      detector: await role("detector", {
        input: "input.1",
        size: 64,
        ...plain,
        thresholds: { detection: 0.5 },
      }),
      recogniser: await role("recogniser", {
        input: "input.1",
        size: 112,
        ...plain,
        dimension: 3,
        thresholds: { certain: 0.9, likely: 0.8 },
      }),
    },
    tokenizer: { kind: "words", vocabulary: "vocabulary.json" },
  };
  const vocabulary = { start: 1, end: 2, unknown: 3, words: { red: 10, sea: 20 } };
  await Deno.writeTextFile(join(dir, "manifest.json"), JSON.stringify(manifest));
  await Deno.writeTextFile(join(dir, "vocabulary.json"), JSON.stringify(vocabulary));
}

function meanColour(input: string, [batch, size]: [number | string, number]) {
  const graph = makeGraph("mean colour");
  const image = addInput(graph, input, "float32", [batch, 3, size, size]);
  node(graph, "Flatten", [node(graph, "GlobalAveragePool", [image])], { axis: 1 }, "embedding");
  addOutput(graph, "embedding", [batch, 3]);
  return bytes(graph);
}

function bytes(graph: Graph): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(encodeModel(graph, "for tests"));
}
