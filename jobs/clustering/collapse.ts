import { type DisjointSets, disjointSets, membersOf, numbered, union } from "./disjoint_sets.ts";
import { emptyLists, insert, type Neighbours, refineRow } from "./neighbours.ts";
import { type Points, similarity, subset } from "./points.ts";
import { type ProductBackend, roundingSlack } from "./products.ts";
import type { Labelling } from "./select.ts";
import type { Step } from "./steps.ts";

/** Near-duplicates as one: groups of points, each with the point that stands for it. */
export interface Groups {
  of: Int32Array;
  count: number;
  representatives: Int32Array;
}

/**
 * Collects pairs of cosine `threshold` or more into groups (connected components): give `onPair` to
 * the neighbour sweep, then read `groups`. Close to the threshold the cosine is computed in
 * float64.
 */
export function nearDuplicates(points: Points, threshold: number): {
  onPair(p: number, q: number): void;
  groups(): Groups;
} {
  const sets = disjointSets(points.count);
  return {
    onPair(p, q) {
      if (similarity(points, p, q) >= threshold) union(sets, p, q);
    },
    groups: () => grouped(points, sets),
  };
}

function grouped(points: Points, sets: DisjointSets): Groups {
  const numbering = numbered(sets);
  const { starts, members } = membersOf(numbering);
  const mean = sumOf(points, members);
  for (let i = 0; i < points.dim; i++) mean[i] /= points.count;
  const representatives = new Int32Array(numbering.count);
  for (let g = 0; g < numbering.count; g++) {
    representatives[g] = medoid(points, members.subarray(starts[g], starts[g + 1]), mean);
  }
  return { ...numbering, representatives };
}

/**
 * The member most similar to all members: as Σ p·q = p·Σq, one pass over them. Of members that tie
 * (both of any two do) it takes the one furthest from `mean`, the mean of all points, when given:
 * blurred faces drift towards that, and the choice does not depend on the order of points.
 */
export function medoid(points: Points, members: Int32Array, mean?: Float64Array): number {
  if (members.length === 1) return members[0];
  const sum = sumOf(points, members);
  if (mean) { for (let i = 0; i < points.dim; i++) sum[i] -= 1e-3 * mean[i]; }
  let best = members[0], highest = -Infinity;
  for (const p of members) {
    let score = 0;
    for (let i = 0; i < points.dim; i++) score += points.vectors[p * points.dim + i] * sum[i];
    if (score > highest) [best, highest] = [p, score];
  }
  return best;
}

function sumOf({ vectors, dim }: Points, members: Int32Array): Float64Array {
  const sum = new Float64Array(dim);
  for (const p of members) for (let i = 0; i < dim; i++) sum[i] += vectors[p * dim + i];
  return sum;
}

interface ReduceOptions {
  /** Entries a list must have, or as many as there are other representatives. */
  needed: number;
  products: ProductBackend;
  step: Step;
}

/**
 * The neighbour lists of the representatives among themselves, from the lists over all points:
 * other members are dropped, and the bound on what is unlisted stays true. Lists left with less
 * than `needed` entries (a burst beside them had filled them) are found anew by products.
 */
export async function reduceNeighbours(
  points: Points,
  { neighbours, groups }: { neighbours: Neighbours; groups: Groups },
  { needed, products, step }: ReduceOptions,
): Promise<{ points: Points; neighbours: Neighbours }> {
  const { k } = neighbours;
  const { representatives, of, count } = groups;
  const reduced: Neighbours = {
    k,
    ids: new Int32Array(count * k).fill(-1),
    similarities: new Float64Array(count * k).fill(-Infinity),
    unlisted: Float64Array.from(representatives, (p) => neighbours.unlisted[p]),
  };
  const short: number[] = [];
  for (let g = 0; g < count; g++) {
    let length = 0;
    for (let at = representatives[g] * k; at < (representatives[g] + 1) * k; at++) {
      const id = neighbours.ids[at];
      if (id < 0 || representatives[of[id]] !== id) continue;
      reduced.ids[g * k + length] = of[id];
      reduced.similarities[g * k + length++] = neighbours.similarities[at];
    }
    if (length < Math.min(needed, count - 1)) short.push(g);
  }
  const kept = subset(points, representatives);
  await findAnew(kept, { reduced, short, products, step });
  return { points: kept, neighbours: reduced };
}

interface FindOptions {
  reduced: Neighbours;
  short: number[];
  products: ProductBackend;
  step: Step;
}

async function findAnew(points: Points, { reduced, short, products, step }: FindOptions) {
  const { k } = reduced;
  const { vectors, dim, count } = points;
  for (let top = 0; top < short.length; top += products.rowBlock) {
    const rows = short.slice(top, top + products.rowBlock);
    const lists = emptyLists(rows.length, k);
    const block = subset(points, rows).vectors;
    for (let left = 0; left < count; left += products.columnBlock) {
      step((top + rows.length * left / count) / short.length);
      const right = Math.min(count, left + products.columnBlock);
      const tile = await products.products(block, vectors.subarray(left * dim, right * dim), dim);
      for (let r = 0; r < rows.length; r++) {
        for (let id = left; id < right; id++) {
          const cosine = tile[r * (right - left) + id - left];
          if (cosine > lists.worst[r] && id !== rows[r]) insert(lists, r, { id, cosine });
        }
      }
    }
    for (let r = 0; r < rows.length; r++) {
      const ids = lists.ids.subarray(r * k, (r + 1) * k);
      refineRow(points, reduced, { row: rows[r], ids, point: rows[r] });
      reduced.unlisted[rows[r]] = Math.min(1, lists.worst[r] + roundingSlack(dim));
    }
  }
  step(1);
}

/**
 * Gives every point the label and strength of its representative. A group of `minClusterSize`
 * points or more whose representative is noise is a cluster of its own, with strength 1: that many
 * pictures of one face are a person even if nothing else resembles them.
 */
export function expandLabels(
  { labels, strengths }: Labelling,
  groups: Groups,
  minClusterSize: number,
): Labelling {
  const sizes = new Int32Array(groups.count);
  for (const g of groups.of) sizes[g]++;
  const labelOf = labels.slice(), strengthOf = strengths.slice();
  let next = labels.reduce((most, label) => Math.max(most, label + 1), 0);
  for (let g = 0; g < groups.count; g++) {
    if (labelOf[g] >= 0 || sizes[g] < minClusterSize) continue;
    labelOf[g] = next++;
    strengthOf[g] = 1;
  }
  return {
    labels: Int32Array.from(groups.of, (g) => labelOf[g]),
    strengths: Float32Array.from(groups.of, (g) => strengthOf[g]),
  };
}
