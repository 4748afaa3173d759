import type hnswlib from "hnswlib-node";
import { createBest } from "./best.ts";
import { type GraphFile, openGraphFile } from "./graph_file.ts";
import { createGraphRows, type GraphRows } from "./graph_rows.ts";
import {
  checkCount,
  checkId,
  checkVector,
  type FindOptions,
  type Found,
  sameVector,
  type VectorIndex,
} from "./index.ts";
import { createRowScorer, type RowScorer } from "./row_scorer.ts";
import { openScratchRows, type ScratchRows } from "./scratch_rows.ts";
import { type Selection, selectRows } from "./selection.ts";

// 50,000 × 512: built in 28 to 44 s; recall@10 .96 with ef 100. With ef 200 a query takes 0.9 ms.
const LINKS = 16;
const EF_CONSTRUCTION = 200;
const EF_SEARCH = 200;
// Among chosen ids the graph's ways lead through others: of a million × 512 recall@10 was .97 among a
// fifth with ef 200, and .993 with 800, for 48 ms instead of 24.
const EF_MOST = 800;
/** Among a tenth of all or fewer the vectors are compared one by one. */
const FEW_OF = 10;
// Where what passes lies far from the query, the graph is walked to its end, with a question to the
// filter at every row. After so many, some 60 ms, or as many as take about as long as comparing all
// that pass (200,000 of a million: 124 ms), those are compared instead.
const ASKED_MOST = 30_000;
const ASKED_SHARE = 1 / 3;
const FIRST_CAPACITY = 1024;

export interface GraphIndex extends VectorIndex {
  /** As `VectorIndex`; up to `exactUpTo` candidates are compared one by one. */
  find(vector: Float32Array, k: number, options?: FindOptions & { exactUpTo?: number }): Found;
  /** Rows of the graph, those that are free too: what its memory goes by. */
  readonly rows: number;
  /** True while it is being written: then nothing can be added; the rest goes on. */
  readonly writing: boolean;
  /**
   * Writes hnswlib's file from another thread. Returns the ids of the file's rows, NaN where a row
   * is free. Whether the disk took all of it is to be looked up in the file.
   */
  write(path: string): Promise<Float64Array>;
  /**
   * From now on rows that have not changed since the last `write` are read from its file. Goes on as
   * before where it cannot be opened.
   */
  readFrom(path: string): void;
  /** Closes that file. */
  close(): void;
}

export interface GraphOptions {
  /** How many vectors will come; more are no fault. */
  expected?: number;
  scorer?: RowScorer;
  /** A folder for a copy of the vectors that no snapshot has yet; null: hnswlib has to hand them out. */
  scratch?: string | null;
}

/**
 * An index over hnswlib's graph: approximate, and its time hardly grows with the library. Adding
 * takes about half a millisecond, so it belongs into a thread of its own. The place of a removed
 * vector is given to the next: what comes and goes makes it no larger.
 */
export function createHnswIndex(
  { HierarchicalNSW }: typeof hnswlib,
  dimension: number,
  { expected = 0, ...options }: GraphOptions = {},
): GraphIndex {
  const graph = new HierarchicalNSW("ip", dimension);
  const capacity = Math.max(FIRST_CAPACITY, expected);
  graph.initIndex({ maxElements: capacity, m: LINKS, efConstruction: EF_CONSTRUCTION });
  return overGraph(graph, createGraphRows(capacity), { ...options, dimension });
}

/**
 * The index that `write` wrote to the file, with the ids it returned. The file must be verified:
 * hnswlib takes a damaged one for good, and ends the process later. Throws an Error where file and
 * ids do not belong together.
 */
export async function readHnswIndex(
  { HierarchicalNSW }: typeof hnswlib,
  dimension: number,
  { path, ids, ...options }: GraphOptions & { path: string; ids: Float64Array<ArrayBuffer> },
): Promise<GraphIndex> {
  const graph = new HierarchicalNSW("ip", dimension);
  await graph.readIndex(path);
  if (graph.getCurrentCount() !== ids.length) {
    throw new Error(`${path} has ${graph.getCurrentCount()} rows, and ${ids.length} ids`);
  }
  const rows = createGraphRows(graph.getMaxElements(), ids);
  const { scorer = createRowScorer(dimension) } = options;
  const file = openIfPossible(path, { dimension, scorer });
  // Without it a copy would have holes where those rows are that come from it.
  const scratch = file ? options.scratch : null;
  return overGraph(graph, rows, { dimension, scorer, scratch, file });
}

/** Null where it cannot be: removed by another process, or too many are open. */
function openIfPossible(...given: Parameters<typeof openGraphFile>): GraphFile | null {
  try {
    return openGraphFile(...given);
  } catch {
    return null;
  }
}

function overGraph(
  graph: hnswlib.HierarchicalNSW,
  rows: GraphRows,
  { dimension, scorer = createRowScorer(dimension), scratch = null, file = null }: GraphOptions & {
    dimension: number;
    file?: GraphFile | null;
  },
): GraphIndex {
  let copies: ScratchRows | null = null;
  let writing = false;
  // Marks of removed rows, which are set when no other thread reads the graph.
  const unmarked: number[] = [];

  // Array.from: the addon takes arrays alone.
  const add = (id: number, vector: Float32Array) => {
    checkId(id);
    checkVector(vector, dimension);
    if (writing) throw new Error("The graph is being written: nothing can be added");
    const row = rows.take(id);
    if (row >= graph.getMaxElements()) graph.resizeIndex(rows.capacity);
    // The label is the row: where it was marked as removed, hnswlib unmarks it and links it anew.
    graph.addPoint(Array.from(vector), row);
    if (scratch !== null) copy(scratch, row, vector);
  };

  function copy(folder: string, row: number, vector: Float32Array): void {
    try {
      copies ??= openScratchRows(folder, { dimension, scorer });
      copies.put(row, vector);
    } catch {
      // A full disk, or a folder that cannot be written to: it goes without.
      copies?.close();
      copies = scratch = null;
    }
  }

  function closeFiles(): void {
    file?.close();
    copies?.close();
    file = copies = null;
  }

  function remove(id: number): void {
    const row = rows.release(id);
    if (row < 0) return;
    if (writing) unmarked.push(row);
    else graph.markDelete(row);
  }

  function find(
    vector: Float32Array,
    k: number,
    { among, exactUpTo = 0 }: FindOptions & { exactUpTo?: number } = {},
  ): Found {
    checkVector(vector, dimension);
    checkCount(k);
    const candidates = among ? selectRows(among, rows.rowOf, rows.used) : null;
    const count = candidates?.count ?? rows.size;
    if (count === 0) return { hits: [], candidates: 0, exact: true };
    // Of a million, 100,000 read in a row took 79 ms; the graph 67 ms, for a recall of .987.
    const readable = candidates !== null && exactUpTo > 0 && (file ?? copies) !== null;
    if (count <= Math.max(exactUpTo, readable ? rows.size / FEW_OF : 0)) {
      const hits = findExactly(vector, candidates ?? rows.all(), Math.min(k, count));
      return { hits, candidates: count, exact: true };
    }
    const wanted = Math.min(k, count);
    const query = Array.from(vector);
    const ef = Math.min(EF_MOST, EF_SEARCH * rows.size / count);
    graph.setEf(Math.max(Math.ceil(ef), 2 * wanted));
    let asked = 0;
    const most = readable ? Math.min(ASKED_MOST, ASKED_SHARE * count) : Infinity;
    const passes = (row: number) => ++asked > most || candidates!.marks[row] === 1;
    // ef counts only what passes, so the search goes on until it has seen as many of those.
    const { neighbors } = candidates
      ? graph.searchKnn(query, wanted, passes)
      : graph.searchKnn(query, Math.min(wanted + unmarked.length, rows.used));
    if (candidates && asked > most) {
      return { hits: findExactly(vector, candidates, wanted), candidates: count, exact: true };
    }
    // Scored as in an exact scan: sums in hnswlib's order differ from those in the eighth digit,
    // and a page that begins after a score would show a photo twice once it has moved to the graph.
    const marks = new Uint8Array(rows.used);
    let found = 0;
    for (const row of neighbors) {
      if (found === wanted) break;
      if (Number.isNaN(rows.idOf(row))) continue;
      marks[row] = 1;
      found++;
    }
    const hits = findExactly(vector, { marks, count: found }, wanted);
    return { hits, candidates: count, exact: false };
  }

  // In one go, since a search's answer cannot wait for a file: 124 ms for 200,000 of a million × 512 from
  // the system's cache, 79 ms for 100,000; no other search is answered meanwhile.
  function findExactly(vector: Float32Array, selection: Selection, k: number) {
    try {
      return scoreSelected(vector, selection, k);
    } catch (error) {
      if (!file && !copies) throw error;
      // The disk failed, or somebody cut the file short: the graph has the vectors, at 60 µs each.
      closeFiles();
      scratch = null;
      return scoreSelected(vector, selection, k);
    }
  }

  function scoreSelected(vector: Float32Array, { marks }: Selection, k: number) {
    const best = createBest(k);
    scorer.setQuery(vector);
    const { inFile, others } = rows.split(marks, file?.rows ?? 0);
    file?.score(inFile, best.offer);
    if (copies) copies.score(others, best.offer);
    else handOut(others, best.offer);
    return best.sorted().map(({ row, score }) => ({ id: rows.idOf(row), score }));
  }

  function handOut(marks: Uint8Array, offer: (row: number, score: number) => void): void {
    for (let row = marks.indexOf(1); row >= 0; row = marks.indexOf(1, row + 1)) {
      scorer.values.set(graph.getPoint(row));
      offer(row, scorer.score(1, { offset: 0, stride: 4 * dimension })[0]);
    }
  }

  return {
    get size() {
      return rows.size;
    },
    get rows() {
      return rows.used;
    },
    get writing() {
      return writing;
    },
    has: (id) => rows.rowOf.get(id) >= 0,
    holds(id, vector) {
      const row = rows.rowOf.get(id);
      return row >= 0 && sameVector(graph.getPoint(row), vector);
    },
    ids: () => rows.held(),
    add,
    remove,
    search: (vector, k, options) => find(vector, k, options).hits,
    find,
    async write(path) {
      writing = true;
      try {
        const ids = rows.ids();
        rows.startFile();
        await graph.writeIndex(path);
        return ids;
      } finally {
        writing = false;
        for (const row of unmarked) graph.markDelete(row);
        unmarked.length = 0;
      }
    },
    readFrom(path) {
      const opened = openIfPossible(path, { dimension, scorer });
      if (!opened) return;
      file?.close();
      file = opened;
      rows.useFile();
      // Otherwise the disk would hold every vector once more for as long as the process lives.
      if (!rows.allInFile) return;
      copies?.close();
      copies = null;
    },
    close: closeFiles,
  };
}
