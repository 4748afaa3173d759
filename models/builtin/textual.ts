import { visualDimension } from "./colours.ts";
import {
  addInput,
  addOutput,
  encodeModel,
  floats,
  integers,
  makeGraph,
  node,
} from "./onnx_writer.ts";
import { normalised } from "./operators.ts";
import { wordVectors } from "./words.ts";

/** Tokens of a text: start, words, end, and zeros. */
export const context = 77;

/** Numbers below are padding, start, end and unknown: rows of zeros, which add nothing. */
const firstWord = 4;

/** The vocabulary file of the pack: the number of every word. */
export function buildVocabulary(): string {
  const words = wordVectors().map(({ word }, i) => [word, firstWord + i] as const);
  const vocabulary = { start: 1, end: 2, unknown: 3, words: Object.fromEntries(words) };
  return `${JSON.stringify(vocabulary, null, 2)}\n`;
}

/**
 * Encodes the word half of the joint space: the vectors of the known words are added. A text
 * without a known word gives the zero vector, which is like no picture.
 */
export function buildTextual(): Uint8Array {
  const graph = makeGraph("textual");
  const tokens = addInput(graph, "text", "int32", [1, context]);
  const vectors = wordVectors();
  const table = new Float32Array((firstWord + vectors.length) * visualDimension);
  vectors.forEach(({ vector }, i) => table.set(vector, (firstWord + i) * visualDimension));
  const rows = node(graph, "Gather", [
    floats(graph, [firstWord + vectors.length, visualDimension], table),
    tokens,
  ], { axis: 0 });
  const sum = node(graph, "ReduceSum", [rows, integers(graph, [1])], { keepdims: 0 });
  normalised(graph, sum, "embedding");
  addOutput(graph, "embedding", [1, visualDimension]);
  return encodeModel(graph, "Words for colours, light and scenery, for Safelight's demo.");
}
