import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { RowScorer } from "./row_scorer.ts";

/** Where things lie in a file that hnswlib's `saveIndex` wrote, which has one row a label from 0 on. */
export interface GraphLayout {
  rows: number;
  /** Of the first row in the file, and of the vector in a row. */
  firstRow: number;
  vectorAt: number;
  stride: number;
}

/** Reads vectors from a file of rows, through the system's cache of it. */
export interface RowReader {
  /** Offers the score of every row marked; the query is the scorer's. Throws where the disk fails. */
  score(marks: Uint8Array, offer: (row: number, score: number) => void): void;
}

export interface GraphFile extends RowReader {
  readonly rows: number;
  close(): void;
}

const HEADER_BYTES = 96;

const PART_BYTES = 1 << 22;

/** Reading on is cheaper than reading anew (1.5 µs) up to about here. */
const GAP_BYTES = 1 << 14;

/** The layout, or null where the header is none of an index of this dimension. */
export function readLayout(file: number, dimension: number): GraphLayout | null {
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  if (readSync(file, header, 0, HEADER_BYTES, 0) !== HEADER_BYTES) return null;
  const size = (at: number) => Number(header.getBigUint64(at, true));
  const [level0, rows, stride, labelAt, vectorAt] = [0, 16, 24, 32, 40].map(size);
  const fits = level0 === 0 && labelAt === vectorAt + 4 * dimension && stride === labelAt + 8;
  return fits ? { rows, firstRow: HEADER_BYTES, vectorAt, stride } : null;
}

/**
 * True if the file ends where it should. hnswlib tells nobody when a disk is full: it goes on, and
 * what it leaves may end anywhere.
 */
export function isWholeFile(path: string, dimension: number): boolean {
  const file = openSync(path, "r");
  try {
    const layout = readLayout(file, dimension);
    return layout !== null && endOf(file, layout) === fstatSync(file).size;
  } finally {
    closeSync(file);
  }
}

/** Where the file of this layout must end; −1 if it ends before. */
function endOf(file: number, { rows, firstRow, stride }: GraphLayout): number {
  let at = firstRow + rows * stride;
  let part = new DataView(new ArrayBuffer(0)), partAt = at;
  // After the rows a length each and as many bytes: links of the upper layers.
  for (let row = 0; row < rows; row++) {
    if (at + 4 > partAt + part.byteLength) {
      part = new DataView(new ArrayBuffer(PART_BYTES));
      partAt = at;
      const bytes = readSync(file, part, 0, PART_BYTES, at);
      if (bytes < 4) return -1;
      part = new DataView(part.buffer, 0, bytes);
    }
    at += 4 + part.getUint32(at - partAt, true);
  }
  return at;
}

/** Opens the file for reading; it may be removed meanwhile. Throws an Error where it is none. */
export function openGraphFile(
  path: string,
  { dimension, scorer }: { dimension: number; scorer: RowScorer },
): GraphFile {
  const file = openSync(path, "r");
  const layout = readLayout(file, dimension);
  if (!layout) {
    closeSync(file);
    throw new Error(`${path} is no graph of ${dimension} dimensions`);
  }
  return {
    rows: layout.rows,
    ...rowReader(file, layout, scorer),
    close: () => closeSync(file),
  };
}

/** Reads rows that lie beside each other together. */
export function rowReader(
  file: number,
  { firstRow, vectorAt: offset, stride }: Omit<GraphLayout, "rows">,
  scorer: RowScorer,
): RowReader {
  const most = Math.floor(scorer.stage.length / stride), gap = Math.floor(GAP_BYTES / stride);

  return {
    score(marks, offer) {
      const flush = (first: number, last: number) => {
        const count = last - first + 1, bytes = count * stride;
        const read = readSync(file, scorer.stage, 0, bytes, firstRow + first * stride);
        if (read !== bytes) throw new Error("The file is shorter than it was");
        const scores = scorer.score(count, { offset, stride });
        for (let i = 0; i < count; i++) if (marks[first + i] === 1) offer(first + i, scores[i]);
      };
      let first = marks.indexOf(1), last = first;
      if (first < 0) return;
      for (let row = marks.indexOf(1, first + 1); row >= 0; row = marks.indexOf(1, row + 1)) {
        if (row - last - 1 > gap || row - first >= most) {
          flush(first, last);
          first = row;
        }
        last = row;
      }
      flush(first, last);
    },
  };
}
