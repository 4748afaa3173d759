import type { Points } from "./points.ts";
import { type ProductBackend, roundingSlack } from "./products.ts";
import { similarities } from "./similarities.ts";
import { isSharable, sharedSweep } from "./shared_sweep.ts";
import type { Step } from "./steps.ts";
import { tileLists, writeTile } from "./tile_lists.ts";

/** The most similar other points of every point, in lists of at most `k`. */
export interface Neighbours {
  k: number;
  /** count × k, most similar first; a shorter list ends in −1. */
  ids: Int32Array;
  /** count × k cosines in float64; −Infinity behind a list's end. */
  similarities: Float64Array;
  /** Per point, no unlisted point is more similar than this; −Infinity when all are listed. */
  unlisted: Float64Array;
}

export interface SweepOptions {
  products: ProductBackend;
  step: Step;
}

/**
 * Finds every point's `k` most similar others by computing all products, each pair once (tiles on
 * and above the diagonal, both lists updated). Candidates come from the float32 products; the
 * similarities kept are computed again in float64, so they do not depend on the backend.
 */
export async function nearestNeighbours(
  points: Points,
  k: number,
  { products, step }: SweepOptions,
): Promise<Neighbours> {
  const work = sweepWork(points.count, { k, products });
  const { refining, total } = work;
  const sweeping = { products, step: (part: number) => step(sweptWork(work, part) / total || 0) };
  const shared = isSharable(points, products) ? await sharedSweep(points, k, sweeping) : null;
  const lists = shared ?? await sweepAlone(points, k, sweeping);
  return refined(points, lists, (part) => step(1 - (1 - part) * refining / total || part));
}

async function sweepAlone(
  { vectors, dim, count }: Points,
  k: number,
  { products, step }: SweepOptions,
): Promise<Lists> {
  const { rowBlock, columnBlock } = products;
  const lists = tileLists(count, {
    k,
    rows: Math.min(count, rowBlock),
    columns: Math.min(count, columnBlock),
  });
  const { sweep } = sweepWork(count, { k, products });
  let done = 0;
  for (let first = 0; first < count; first += rowBlock) {
    const rows = { first, end: Math.min(count, first + rowBlock) };
    for (let left = first; left < count; left += columnBlock) {
      step(done / sweep);
      const columns = { first: left, end: Math.min(count, left + columnBlock) };
      const size = (rows.end - rows.first) * (columns.end - columns.first);
      const tile = products.products(
        vectors.subarray(rows.first * dim, rows.end * dim),
        vectors.subarray(columns.first * dim, columns.end * dim),
        dim,
        lists.tile,
      );
      await writeTile(lists, tile, size);
      lists.mergeUpper(rows, columns);
      done += size;
    }
  }
  return lists;
}

/** What a sweep costs, in products. */
export interface SweepWork {
  /** Products of its tiles. */
  sweep: number;
  /** Putting points into lists. */
  inserting: number;
  /** Computing the lists' similarities again. */
  refining: number;
  total: number;
  /** Points for an entry of a list. */
  rivals: number;
}

/** Of a similarity that is computed alone: putting a point into a list. */
const INSERTION = .2;

export function sweepWork(
  count: number,
  { k, products: { rowBlock, pace } }: { k: number; products: ProductBackend },
): SweepWork {
  let sweep = 0;
  for (let first = 0; first < count; first += rowBlock) {
    sweep += Math.min(rowBlock, count - first) * (count - first);
  }
  const entries = count * Math.max(0, Math.min(k, count - 1)), rivals = Math.max(1, count / k);
  const inserting = INSERTION * pace * entries * (1 + Math.log(rivals));
  const refining = pace * entries;
  return { sweep, inserting, refining, total: sweep + inserting + refining, rivals };
}

/**
 * The work that is done with a part of the products. Of m points seen by then a list takes the next
 * with probability k/m, so that most insertions come first: of 10,000 points' half with a tenth.
 */
export function sweptWork({ sweep, inserting, rivals }: SweepWork, part: number): number {
  return sweep * part + inserting * Math.log(1 + part * rivals) / Math.log(1 + rivals);
}

/** Rows of candidate lists in float32, best first; `worst` is the last entry of each. */
export interface Lists {
  k: number;
  ids: Int32Array;
  cosines: Float32Array;
  worst: Float32Array;
}

export function emptyLists(count: number, k: number): Lists {
  return {
    k,
    ids: new Int32Array(count * k).fill(-1),
    cosines: new Float32Array(count * k).fill(-Infinity),
    worst: new Float32Array(count).fill(-Infinity),
  };
}

export function insert(
  { k, ids, cosines, worst }: Lists,
  row: number,
  { id, cosine }: { id: number; cosine: number },
): void {
  const start = row * k;
  let at = start + k - 1;
  for (; at > start && cosines[at - 1] < cosine; at--) {
    cosines[at] = cosines[at - 1];
    ids[at] = ids[at - 1];
  }
  cosines[at] = cosine;
  ids[at] = id;
  worst[row] = cosines[start + k - 1];
}

/** The lists with their similarities in float64, each pair's computed once. */
export function refined(points: Points, { k, ids, worst }: Lists, step: Step): Neighbours {
  const { count, dim } = points;
  const result = {
    k,
    ids: new Int32Array(count * k).fill(-1),
    similarities: new Float64Array(count * k).fill(-Infinity),
    unlisted: new Float64Array(count),
  };
  const listed = new Int32Array(k), cosines = new Float64Array(k);
  for (let p = 0; p < count; p++) {
    if (p % 256 === 0) step(p / count);
    // From the front those whose own lists are done and tell, from the back the others.
    let known = 0, unknown = k;
    for (let at = p * k; at < (p + 1) * k && ids[at] >= 0; at++) {
      const similarity = ids[at] < p ? listedSimilarity(result, ids[at], p) : NaN;
      if (similarity === similarity) {
        listed[known] = ids[at];
        cosines[known++] = similarity;
      } else listed[--unknown] = ids[at];
    }
    similarities(points, p, { ids: listed.subarray(unknown), into: cosines.subarray(unknown) });
    listed.copyWithin(known, unknown);
    cosines.copyWithin(known, unknown);
    putInOrder(result, p, { ids: listed, cosines, length: known + k - unknown });
    result.unlisted[p] = Math.min(1, worst[p] + roundingSlack(dim));
  }
  step(1);
  return result;
}

/** What list `p` says of its similarity to `q`; NaN if it does not hold it. */
function listedSimilarity({ k, ids, similarities }: Neighbours, p: number, q: number): number {
  for (let at = p * k; at < (p + 1) * k; at++) if (ids[at] === q) return similarities[at];
  return NaN;
}

/** Writes one list into `result`, its similarities in float64 and in their order. */
export function refineRow(
  points: Points,
  result: Neighbours,
  { row, ids, point }: { row: number; ids: Int32Array; point: number },
): void {
  const listed = ids.filter((id) => id >= 0);
  const cosines = new Float64Array(listed.length);
  similarities(points, point, { ids: listed, into: cosines });
  putInOrder(result, row, { ids: listed, cosines, length: listed.length });
}

function putInOrder(
  result: Neighbours,
  row: number,
  { ids, cosines, length }: { ids: Int32Array; cosines: Float64Array; length: number },
): void {
  const start = row * result.k;
  for (let i = 0; i < length; i++) {
    let at = start + i;
    for (; at > start && result.similarities[at - 1] < cosines[i]; at--) {
      result.similarities[at] = result.similarities[at - 1];
      result.ids[at] = result.ids[at - 1];
    }
    result.similarities[at] = cosines[i];
    result.ids[at] = ids[i];
  }
}
