import type { Points } from "./points.ts";
import type { ProductBackend } from "./products.ts";
import type { Step } from "./steps.ts";
import { tileLists, writeTile } from "./tile_lists.ts";

/**
 * A point is compared with as many lists at most, and only with those whose centres are by this
 * cosine no further than its nearest: somebody of many pictures has a centre nearly to himself.
 * Against 16 lists for everybody this halves the products, and of the neighbours of people with
 * three pictures 2 % are missed instead of 4 (20,000 faces, siblings and blurred ones among them).
 */
export const PROBES = 24;
const MARGIN = .25;

export interface ProbeOptions {
  probes: number;
  products: ProductBackend;
  step: Step;
}

export interface Probed {
  lists: number;
  probes: number;
  /** count × probes: the lists of each point, nearest first; `lists` where there is no further. */
  ids: Int32Array;
}

/** Finds the lists whose centres (row-major unit vectors) are nearest to each point. */
export async function nearestLists(
  { vectors, dim, count }: Points,
  centres: Float32Array,
  { probes, products, step }: ProbeOptions,
): Promise<Probed> {
  const { rowBlock, columnBlock } = products;
  const lists = centres.length / dim;
  const numbers = Int32Array.from({ length: Math.max(rowBlock, lists) }, (_, i) => i);
  const ids = new Int32Array(count * probes);
  const best = tileLists(rowBlock, {
    k: probes,
    rows: rowBlock,
    columns: columnBlock,
    rowsOnly: true,
  });
  for (let top = 0; top < count; top += rowBlock) {
    const height = Math.min(rowBlock, count - top);
    // A copy, so that no backend copies all points for this one pass.
    const rows = vectors.slice(top * dim, (top + height) * dim);
    best.cosines.fill(-Infinity);
    best.worst.fill(-Infinity);
    for (let left = 0; left < lists; left += columnBlock) {
      step(top / count);
      const columns = centres.subarray(left * dim, (left + columnBlock) * dim);
      const width = columns.length / dim;
      await writeTile(best, products.products(rows, columns, dim, best.tile), height * width);
      best.merge(numbers.subarray(0, height), numbers.subarray(left, left + width));
    }
    for (let r = 0; r < height; r++) {
      const start = r * probes, least = best.cosines[start] - MARGIN;
      for (let at = start; at < start + probes; at++) {
        ids[top * probes + at] = best.cosines[at] >= least ? best.ids[at] : lists;
      }
    }
  }
  return { lists, probes, ids };
}
