import { disjointSets, find, union } from "./disjoint_sets.ts";
import { type Neighbours, refined, sweepWork, sweptWork } from "./neighbours.ts";
import { type Points, subset } from "./points.ts";
import type { ProductBackend } from "./products.ts";
import type { Step } from "./steps.ts";
import { type Span, tileLists, writeTile } from "./tile_lists.ts";

/**
 * Lists of the most similar points outside a point's own group, where groups are any sets of points
 * that are probably one cluster. Lists of the most similar of all points are full of the same
 * person where she has more pictures than they have entries, and say nothing of how near others
 * are: without these, nearly half of all products are computed again to join the exact tree.
 */
export interface Outward {
  /** Per point: its group, or −1 for none. */
  groups: Int32Array;
  lists: Neighbours;
}

export interface OutwardOptions {
  k: number;
  /** A cosine that points of one cluster often reach and others seldom: where groups are parted. */
  threshold: number;
  products: ProductBackend;
  step: Step;
}

/** Entries of an outward list. One, and the tree's certain edges are few; three add nothing. */
const OUTWARD = 2;
/** Points that groups gather around: more find smaller clusters, and cost as many products each. */
const SAMPLE_PART = 1 / 40, SAMPLE_ROOTS = 2.5;

export function sampleSize(count: number): number {
  return Math.ceil(Math.min(count * SAMPLE_PART, SAMPLE_ROOTS * Math.sqrt(count)));
}

/** Products that `groupedNeighbours` takes, with what else it does in the same unit. */
export function groupedWork(
  count: number,
  { k, products }: { k: number; products: ProductBackend },
): { grouping: number; sweep: number; refining: number; total: number } {
  const { refining, total } = sweepWork(count, { k, products });
  const parts = {
    grouping: sampleSize(count) * count,
    sweep: (total - refining) * 1.05,
    refining: refining * (1 + OUTWARD / k),
  };
  return { ...parts, total: parts.grouping + parts.sweep + parts.refining };
}

/** `nearestNeighbours`, and lists of what is nearest outside each point's group. */
export async function groupedNeighbours(
  points: Points,
  { k, threshold, products, step }: OutwardOptions,
): Promise<{ neighbours: Neighbours; outward: Outward }> {
  const work = groupedWork(points.count, { k, products });
  const groups = await provisionalGroups(points, {
    threshold,
    products,
    step: (part) => step(part * work.grouping / work.total),
  });
  return await outwardNeighbours(points, groups, {
    k,
    products,
    step: (part) => step((work.grouping + part * (work.total - work.grouping)) / work.total),
  });
}

/** The same for given groups: each product is computed once, and put into both kinds of lists. */
export async function outwardNeighbours(
  points: Points,
  groups: Int32Array,
  { k, products, step }: Omit<OutwardOptions, "threshold">,
): Promise<{ neighbours: Neighbours; outward: Outward }> {
  const { vectors, dim, count } = points;
  const { rowBlock, columnBlock } = products;
  const { sweep, refining } = groupedWork(count, { k, products });
  const shape = { rows: Math.min(count, rowBlock), columns: Math.min(count, columnBlock) };
  const all = tileLists(count, { k, ...shape });
  const outside = tileLists(count, { k: OUTWARD, ...shape });
  const sweeping = sweepWork(count, { k, products });
  const swept = sweptWork(sweeping, 1);
  let done = 0;
  for (let first = 0; first < count; first += rowBlock) {
    const rows = { first, end: Math.min(count, first + rowBlock) };
    for (let left = first; left < count; left += columnBlock) {
      step(sweptWork(sweeping, done / sweeping.sweep) / swept * sweep / (sweep + refining));
      const columns = { first: left, end: Math.min(count, left + columnBlock) };
      const width = columns.end - columns.first;
      const size = (rows.end - rows.first) * width;
      const tile = products.products(
        vectors.subarray(rows.first * dim, rows.end * dim),
        vectors.subarray(columns.first * dim, columns.end * dim),
        dim,
        all.tile,
      );
      await writeTile(all, tile, size);
      all.mergeUpper(rows, columns);
      outside.tile.set(all.tile.subarray(0, size));
      leaveOutOwn(outside.tile, { rows, columns, groups });
      outside.mergeUpper(rows, columns);
      done += size;
    }
  }
  const refine = (part: number) => step((sweep + part * refining) / (sweep + refining));
  const most = k / (k + OUTWARD);
  const neighbours = refined(points, all, (part) => refine(part * most));
  const lists = refined(points, outside, (part) => refine(most + part * (1 - most)));
  return { neighbours, outward: { groups, lists } };
}

/** Makes the entries of pairs of one group such that no list takes them. */
function leaveOutOwn(
  tile: Float32Array,
  { rows, columns, groups }: { rows: Span; columns: Span; groups: Int32Array },
): void {
  const width = columns.end - columns.first;
  const within = new Map<number, number[]>();
  for (let c = 0; c < width; c++) {
    const group = groups[columns.first + c];
    if (group < 0) continue;
    const members = within.get(group);
    if (members) members.push(c);
    else within.set(group, [c]);
  }
  for (let r = 0; r < rows.end - rows.first; r++) {
    const members = within.get(groups[rows.first + r]);
    if (!members) continue;
    for (let m = 0; m < members.length; m++) tile[r * width + members[m]] = -Infinity;
  }
}

/**
 * Groups points around a sample, every so many: a point goes to the most similar of it, if that
 * is similar enough, and sample points that are similar enough are one group.
 */
async function provisionalGroups(
  points: Points,
  { threshold, products, step }: Omit<OutwardOptions, "k">,
): Promise<Int32Array> {
  const { vectors, dim, count } = points;
  const { rowBlock, columnBlock } = products;
  const size = sampleSize(count);
  const sample = Int32Array.from({ length: size }, (_, i) => Math.floor(i * count / size));
  const sampled = subset(points, sample).vectors;
  const numbers = Int32Array.from({ length: Math.max(rowBlock, size) }, (_, i) => i);
  const best = tileLists(rowBlock, { k: 1, rows: rowBlock, columns: columnBlock, rowsOnly: true });
  const sets = disjointSets(size);
  const nearest = new Int32Array(count).fill(-1);
  for (let top = 0, next = 0; top < count; top += rowBlock) {
    step(top / count);
    const height = Math.min(rowBlock, count - top);
    // A copy, so that no backend copies all points for this one pass.
    const rows = vectors.slice(top * dim, (top + height) * dim);
    const first = next;
    while (next < size && sample[next] < top + height) next++;
    best.cosines.fill(-Infinity);
    best.worst.fill(-Infinity);
    for (let left = 0; left < size; left += columnBlock) {
      const columns = sampled.subarray(left * dim, (left + columnBlock) * dim);
      const width = columns.length / dim;
      await writeTile(best, products.products(rows, columns, dim, best.tile), height * width);
      best.merge(numbers.subarray(0, height), numbers.subarray(left, left + width));
      for (let i = first; i < next; i++) {
        const line = (sample[i] - top) * width;
        for (let c = 0; c < width; c++) {
          if (best.tile[line + c] >= threshold) union(sets, i, left + c);
        }
      }
    }
    for (let r = 0; r < height; r++) {
      if (best.cosines[r] >= threshold) nearest[top + r] = best.ids[r];
    }
  }
  return nearest.map((i) => i < 0 ? -1 : find(sets, i));
}
