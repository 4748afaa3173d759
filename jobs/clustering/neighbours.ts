import { type Points, similarity } from "./points.ts";
import { type ProductBackend, roundingSlack } from "./products.ts";
import type { Step } from "./steps.ts";

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
  /** Told once of every pair whose cosine, rounding allowed for, may be `above` this or more. */
  above?: number;
  onPair?(p: number, q: number): void;
}

/** Tiles `nearestNeighbours` computes for this many points: the unit of progress. */
export function sweepTiles(count: number, { rowBlock, columnBlock }: ProductBackend): number {
  let tiles = 0;
  for (let row = 0; row < count; row += rowBlock) tiles += Math.ceil((count - row) / columnBlock);
  return tiles;
}

/**
 * Finds every point's `k` most similar others by computing all products, each pair once (tiles on
 * and above the diagonal, both lists updated). Candidates come from the float32 products; the
 * similarities kept are computed again in float64, so they do not depend on the backend.
 */
export async function nearestNeighbours(
  points: Points,
  k: number,
  { products, step, above = Infinity, onPair }: SweepOptions,
): Promise<Neighbours> {
  const { vectors, dim, count } = points;
  const lists = emptyLists(count, k);
  const threshold = above - roundingSlack(dim);
  const tiles = sweepTiles(count, products);
  let done = 0;
  for (let top = 0; top < count; top += products.rowBlock) {
    const bottom = Math.min(count, top + products.rowBlock);
    const rows = vectors.subarray(top * dim, bottom * dim);
    for (let left = top; left < count; left += products.columnBlock) {
      step(done++ / (tiles + 1));
      const right = Math.min(count, left + products.columnBlock);
      const tile = await products.products(rows, vectors.subarray(left * dim, right * dim), dim);
      for (let p = top; p < bottom; p++) {
        const line = (p - top) * (right - left) - left;
        for (let q = Math.max(left, p + 1); q < right; q++) {
          const cosine = tile[line + q];
          if (cosine > lists.worst[p]) insert(lists, p, { id: q, cosine });
          if (cosine > lists.worst[q]) insert(lists, q, { id: p, cosine });
          if (cosine >= threshold) onPair?.(p, q);
        }
      }
    }
  }
  return refined(points, lists, step);
}

/** Rows of candidate lists in float32, best first; `worst` is the last entry of each. */
interface Lists {
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

function refined(points: Points, { k, ids, worst }: Lists, step: Step): Neighbours {
  const { count, dim } = points;
  const result = {
    k,
    ids: new Int32Array(count * k).fill(-1),
    similarities: new Float64Array(count * k).fill(-Infinity),
    unlisted: new Float64Array(count),
  };
  for (let p = 0; p < count; p++) {
    if (p % 1024 === 0) step(1 - 1e-9);
    refineRow(points, result, { row: p, ids: ids.subarray(p * k, (p + 1) * k), point: p });
    result.unlisted[p] = Math.min(1, worst[p] + roundingSlack(dim));
  }
  step(1);
  return result;
}

/** Writes one list into `result`, its similarities in float64 and in their order. */
export function refineRow(
  points: Points,
  result: Neighbours,
  { row, ids, point }: { row: number; ids: Int32Array; point: number },
): void {
  const { k } = result;
  let length = 0;
  for (const id of ids) {
    if (id < 0) continue;
    const cosine = similarity(points, point, id);
    let at = row * k + length++;
    for (; at > row * k && result.similarities[at - 1] < cosine; at--) {
      result.similarities[at] = result.similarities[at - 1];
      result.ids[at] = result.ids[at - 1];
    }
    result.similarities[at] = cosine;
    result.ids[at] = id;
  }
}
