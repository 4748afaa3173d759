import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { SearchFault } from "./types.ts";

/** Bytes that stand for the model. */
const MARK = 6;

/**
 * A picture's vector as a text for addresses: base64url of six bytes for the model and a signed byte
 * for each value, the largest of which is ±127: 691 characters at 512 dimensions, and the cosine to
 * the vector itself stays above 0.999. Nothing is kept, so any web process can turn the page.
 */
export function writePicture(vector: Float32Array, model: string): string {
  const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const values = Int8Array.from(vector, (value) => Math.round(127 * value / largest));
  return Buffer.concat([markOf(model), Buffer.from(values.buffer)]).toString("base64url");
}

/**
 * The unit vector that `writePicture` wrote down. Throws a SearchFault where it is of another model
 * than `model`, or no such text at all.
 */
export function readPicture(
  text: string,
  { key: model, dimension }: { key: string; dimension: number },
): Float32Array {
  const bytes = /^[\w-]+$/.test(text) ? Buffer.from(text, "base64url") : Buffer.alloc(0);
  if (bytes.length < MARK + 1) {
    throw new SearchFault("foreign_picture", "The picture got lost on the way: choose it again");
  }
  if (!bytes.subarray(0, MARK).equals(markOf(model)) || bytes.length !== MARK + dimension) {
    throw new SearchFault(
      "foreign_picture",
      "The picture was read with other models than those that answer now: choose it again",
    );
  }
  const vector = Float32Array.from(new Int8Array(bytes.subarray(MARK)));
  const length = Math.hypot(...vector);
  if (length === 0) {
    throw new SearchFault("foreign_picture", "The picture got lost on the way: choose it again");
  }
  return vector.map((value) => value / length);
}

const markOf = (model: string) =>
  createHash("sha256").update(model).digest().subarray(0, MARK) as Buffer;
