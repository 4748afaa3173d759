import { createBest } from "./best.ts";
import { createIdRows } from "./id_rows.ts";
import {
  checkCount,
  checkId,
  checkVector,
  type FindOptions,
  sameVector,
  type VectorIndex,
} from "./index.ts";
import { createRowScorer } from "./row_scorer.ts";
import { type Selection, selectRows } from "./selection.ts";

/** An index that still has its vectors at hand. */
export interface ExactIndex extends VectorIndex {
  readonly dimension: number;
  /** The id whose removal moves no other vector; undefined if there is none. */
  last(): number | undefined;
  /** A view of the vector, good until the next change. */
  vector(id: number): Float32Array | null;
}

/** Vectors allocated at a time: 2 MB at 512 dimensions. */
const BLOCK_ROWS = 1024;

/** Bytes scored at once, which stay in a core's cache: with 128 KB 50,000 × 512 take twice as long. */
const PORTION_BYTES = 1 << 16;

/**
 * Looks at every vector, so it misses nothing: 9 ms at 50,000 × 512. The vectors lie in blocks
 * without gaps: the last row moves into the place of a removed one, and a block that is empty then is
 * given back at once. One array that doubles held, at 100,000 × 512, 134 MB twice while it grew.
 */
export function createExactIndex(
  dimension: number,
  scorer = createRowScorer(dimension),
): ExactIndex {
  const blocks: Float32Array<ArrayBuffer>[] = [];
  const idOf: number[] = [];
  const rowOf = createIdRows();
  const stride = 4 * dimension;
  const portion = Math.min(BLOCK_ROWS, Math.max(1, Math.floor(PORTION_BYTES / stride)));
  const at = (row: number) => (row % BLOCK_ROWS) * dimension;
  const blockOf = (row: number) => blocks[Math.floor(row / BLOCK_ROWS)];
  const view = (row: number) => blockOf(row).subarray(at(row), at(row) + dimension);

  function vectorOf(id: number): Float32Array | null {
    const row = rowOf.get(id);
    return row < 0 ? null : view(row);
  }

  function scan(offer: (row: number, score: number) => void): void {
    for (let from = 0, count; from < idOf.length; from += count) {
      const block = from - from % BLOCK_ROWS + BLOCK_ROWS;
      count = Math.min(portion, block - from, idOf.length - from);
      scorer.values.set(blockOf(from).subarray(at(from), at(from) + count * dimension));
      const scores = scorer.score(count, { offset: 0, stride });
      for (let i = 0; i < count; i++) offer(from + i, scores[i]);
    }
  }

  function scanSelected(
    { marks }: Selection,
    offer: (row: number, score: number) => void,
  ): void {
    const rows: number[] = [];
    const flush = () => {
      const scores = scorer.score(rows.length, { offset: 0, stride });
      rows.forEach((row, i) => offer(row, scores[i]));
      rows.length = 0;
    };
    for (let row = marks.indexOf(1); row >= 0; row = marks.indexOf(1, row + 1)) {
      scorer.values.set(view(row), rows.length * dimension);
      if (rows.push(row) === portion) flush();
    }
    flush();
  }

  function find(vector: Float32Array, k: number, { among }: FindOptions = {}) {
    checkVector(vector, dimension);
    checkCount(k);
    const selection = among ? selectRows(among, rowOf, idOf.length) : null;
    const candidates = selection?.count ?? idOf.length;
    const best = createBest(Math.min(k, candidates));
    scorer.setQuery(vector);
    if (selection) scanSelected(selection, best.offer);
    else scan(best.offer);
    const hits = best.sorted().map(({ row, score }) => ({ id: idOf[row], score }));
    return { hits, candidates, exact: true };
  }

  return {
    dimension,
    get size() {
      return idOf.length;
    },
    has: (id) => rowOf.get(id) >= 0,
    holds(id, vector) {
      const held = vectorOf(id);
      return held !== null && sameVector(held, vector);
    },
    ids: () => Float64Array.from(idOf),
    last: () => idOf.at(-1),
    vector: vectorOf,
    add(id, vector) {
      checkId(id);
      checkVector(vector, dimension);
      const held = rowOf.get(id);
      const row = held < 0 ? idOf.length : held;
      if (row === blocks.length * BLOCK_ROWS) blocks.push(new Float32Array(BLOCK_ROWS * dimension));
      view(row).set(vector);
      idOf[row] = id;
      rowOf.set(id, row);
    },
    remove(id) {
      const row = rowOf.get(id);
      if (row < 0) return;
      const last = idOf.length - 1;
      view(row).set(view(last));
      rowOf.set(idOf[last], row);
      idOf[row] = idOf[last];
      idOf.pop();
      rowOf.delete(id);
      // Not left to the garbage collector, which comes when it wants.
      if (at(last) === 0) blocks.pop()!.buffer.transfer(0);
    },
    search: (vector, k, options) => find(vector, k, options).hits,
    find,
  };
}
