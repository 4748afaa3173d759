import type { ExactIndex } from "./exact.ts";

/** Rows written or read at once: 2 MB at 512 dimensions, a millisecond or two. */
const PART_ROWS = 1024;

/**
 * Writes the vectors one after the other. The index may change meanwhile: returns the id of each
 * row written, NaN where the vector was gone when its turn came.
 */
export async function writeRows(
  path: string,
  { index, dimension }: { index: ExactIndex; dimension: number },
): Promise<Float64Array> {
  const ids = index.ids();
  using file = await Deno.open(path, { write: true, createNew: true });
  for (let from = 0; from < ids.length; from += PART_ROWS) {
    const rows = Math.min(PART_ROWS, ids.length - from);
    const part = new Float32Array(rows * dimension);
    for (let i = 0; i < rows; i++) {
      const vector = index.vector(ids[from + i]);
      if (vector) part.set(vector, i * dimension);
      else ids[from + i] = NaN;
    }
    const bytes = new Uint8Array(part.buffer);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  }
  return ids;
}

/** Adds what `writeRows` wrote. Throws an Error where the file is too short. */
export async function readRows(
  path: string,
  { ids, dimension, stopping, add }: {
    ids: Float64Array;
    dimension: number;
    stopping: () => boolean;
    add: (id: number, vector: Float32Array) => void;
  },
): Promise<void> {
  using file = await Deno.open(path);
  for (let from = 0; from < ids.length && !stopping(); from += PART_ROWS) {
    const rows = Math.min(PART_ROWS, ids.length - from);
    const part = new Float32Array(rows * dimension);
    const bytes = new Uint8Array(part.buffer);
    for (let at = 0; at < bytes.length;) {
      const read = await file.read(bytes.subarray(at));
      if (read === null) throw new Error(`${path} ends after ${from} of ${ids.length} rows`);
      at += read;
    }
    for (let i = 0; i < rows; i++) {
      const id = ids[from + i];
      if (!Number.isNaN(id)) add(id, part.subarray(i * dimension, (i + 1) * dimension));
    }
  }
}
