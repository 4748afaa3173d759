import { closeSync, openSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type RowReader, rowReader } from "./graph_file.ts";
import type { RowScorer } from "./row_scorer.ts";

/** Vectors of the graph's rows in a file of this process's own. */
export interface ScratchRows extends RowReader {
  /** Throws what the disk says. */
  put(row: number, vector: Float32Array): void;
  close(): void;
}

/**
 * Opens such a file in the folder. What a snapshot's file has not yet is read from it in a microsecond
 * or two, where hnswlib takes 60 to hand out a vector. It has holes where nothing was put, and is gone
 * with the process.
 */
export function openScratchRows(
  folder: string,
  { dimension, scorer }: { dimension: number; scorer: RowScorer },
): ScratchRows {
  const path = join(folder, `making-rows-${crypto.randomUUID()}`);
  const file = openSync(path, "wx+");
  const stride = 4 * dimension;
  // An open file needs no name, but on Windows.
  const named = Deno.build.os === "windows";
  if (!named) unlinkSync(path);
  return {
    ...rowReader(file, { firstRow: 0, vectorAt: 0, stride }, scorer),
    put(row, vector) {
      const bytes = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
      if (writeSync(file, bytes, 0, stride, row * stride) !== stride) {
        throw new Error("The disk took less than a vector");
      }
    },
    close() {
      closeSync(file);
      if (named) unlinkSync(path);
    },
  };
}
