import { listBesideBursts } from "./beside_bursts.ts";
import type { Groups } from "./collapse.ts";
import { AT_ONCE } from "./edges.ts";
import { emptyLists, insert, type Lists, type Neighbours, refineRow } from "./neighbours.ts";
import { type Points, subset } from "./points.ts";
import { type ProductBackend, roundingSlack } from "./products.ts";
import type { Step } from "./steps.ts";

export interface ReduceOptions {
  /** Entries a list must have, or as many as there are other representatives. */
  needed: number;
  /** Whether they must be what all products would show, or what is beside the same bursts will do. */
  exact: boolean;
  products: ProductBackend;
  step: Step;
}

/**
 * The neighbour lists of the representatives among themselves, from the lists over all points:
 * other members are dropped, and the bound on what is unlisted stays true. Entries are numbers of
 * groups. Lists left with less than `needed` entries (a burst beside them had filled them) are found
 * anew: by products with all others if they must be `exact`.
 */
export async function reducedLists(
  points: Points,
  { neighbours, groups }: { neighbours: Neighbours; groups: Groups },
  { needed, exact, products, step }: ReduceOptions,
): Promise<Neighbours> {
  const { representatives, count } = groups;
  const { reduced, lengths } = amongRepresentatives(neighbours, groups, step);
  const least = Math.min(needed, count - 1);
  const short: number[] = [];
  for (let g = 0; g < count; g++) if (lengths[g] < least) short.push(g);
  const finding = { reduced, representatives, products, step };
  if (exact) await findAnew(points, { ...finding, short });
  else {
    const lists = emptyLists(short.length, reduced.k);
    const rest = await listBesideBursts(points, {
      ...{ neighbours, groups, short, lists, products },
      needed: least,
      step: (part) => step(part * .8),
    });
    writeLists(points, lists, { ...finding, short, step: (part) => step(.8 + part * .1) });
    await findAnew(points, { ...finding, short: rest, step: (part) => step(.9 + part * .1) });
  }
  step(1);
  return reduced;
}

/** What is left of lists, and how many entries each. */
export function amongRepresentatives(
  { k, ids, similarities, unlisted }: Neighbours,
  { representatives, of, count }: Groups,
  step: Step,
): { reduced: Neighbours; lengths: Int32Array } {
  const reduced: Neighbours = {
    k,
    ids: new Int32Array(count * k).fill(-1),
    similarities: new Float64Array(count * k).fill(-Infinity),
    unlisted: Float64Array.from(representatives, (p) => unlisted[p]),
  };
  const lengths = new Int32Array(count);
  for (let g = 0; g < count; g++) {
    if (g % AT_ONCE === 0) step(0);
    let to = g * k;
    for (let at = representatives[g] * k, end = at + k; at < end && ids[at] >= 0; at++) {
      if (representatives[of[ids[at]]] !== ids[at]) continue;
      reduced.ids[to] = of[ids[at]];
      reduced.similarities[to++] = similarities[at];
    }
    lengths[g] = to - g * k;
  }
  return { reduced, lengths };
}

interface FindOptions {
  reduced: Neighbours;
  short: number[];
  representatives: Int32Array;
  products: ProductBackend;
  step: Step;
}

/** Fills the `short` lists: their representatives against all others. */
async function findAnew(
  points: Points,
  { reduced, short, representatives, products, step }: FindOptions,
): Promise<void> {
  if (short.length === 0) return;
  const { k } = reduced;
  const { dim } = points;
  const count = representatives.length;
  const pointOf = (group: number) => representatives[group];
  const lists = emptyLists(short.length, k);
  const rows = subset(points, short.map(pointOf)).vectors;
  for (let left = 0; left < count; left += products.columnBlock) {
    const right = Math.min(count, left + products.columnBlock);
    const columns = subset(points, representatives.subarray(left, right)).vectors;
    for (let top = 0; top < short.length; top += products.rowBlock) {
      step((left + (right - left) * top / short.length) / count);
      const bottom = Math.min(short.length, top + products.rowBlock);
      const tile = await products.products(rows.subarray(top * dim, bottom * dim), columns, dim);
      for (let r = top; r < bottom; r++) {
        const line = (r - top) * (right - left) - left;
        for (let id = left; id < right; id++) {
          const cosine = tile[line + id];
          if (cosine > lists.worst[r] && id !== short[r]) insert(lists, r, { id, cosine });
        }
      }
    }
  }
  writeLists(points, lists, { reduced, short, representatives, step: () => step(1) });
  for (let r = 0; r < short.length; r++) {
    reduced.unlisted[short[r]] = Math.min(1, lists.worst[r] + roundingSlack(dim));
  }
}

/** Puts what was found for the `short` ones into their lists. */
function writeLists(
  points: Points,
  { k, ids }: Lists,
  { reduced, short, representatives, step }: Omit<FindOptions, "products">,
): void {
  for (let r = 0; r < short.length; r++) {
    if (r % 1024 === 0) step(r / short.length);
    const entries = ids.subarray(r * k, (r + 1) * k);
    fillRow(points, reduced, { row: short[r], entries, representatives });
  }
}

/** Writes one list of groups, its similarities in float64 and in their order. */
function fillRow(
  points: Points,
  { k, ids, similarities }: Neighbours,
  { row, entries, representatives }: {
    row: number;
    entries: Int32Array;
    representatives: Int32Array;
  },
): void {
  const one: Neighbours = {
    k,
    ids: new Int32Array(k).fill(-1),
    similarities: new Float64Array(k).fill(-Infinity),
    unlisted: new Float64Array(1),
  };
  const groupOf = new Map(
    Array.from(entries).filter((g) => g >= 0).map((g) => [representatives[g], g]),
  );
  refineRow(points, one, {
    row: 0,
    ids: Int32Array.from(groupOf.keys()),
    point: representatives[row],
  });
  ids.set(one.ids.map((p) => p < 0 ? -1 : groupOf.get(p)!), row * k);
  similarities.set(one.similarities, row * k);
}
