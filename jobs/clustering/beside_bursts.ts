import type { Groups } from "./collapse.ts";
import { insert, type Lists, type Neighbours } from "./neighbours.ts";
import { type Points, similarity, subset } from "./points.ts";
import type { ProductBackend } from "./products.ts";
import type { Step } from "./steps.ts";

export interface BesideOptions {
  /** Lists of all points, out of which those of the representatives are made. */
  neighbours: Neighbours;
  groups: Groups;
  /** Groups whose lists are short, and `lists` a row for each, which is filled. */
  short: number[];
  lists: Lists;
  needed: number;
  products: ProductBackend;
  step: Step;
}

/** Lists gone over between two looks at the flag that cancels: some 5 ms. */
const AT_ONCE = 512;
/** What part of the time goes by before lists are compared, and of it before it is known whose. */
const BEFORE = .5, OFFERING = .3;
/** Pairs from which a call of the backend is worth its 50 µs; one by one, a pair takes 0.6 µs. */
const WORTH_A_CALL = 100;

/**
 * Finds lists for representatives whose own a burst beside them had filled, without comparing each
 * with all others: first what stands for the bursts in their lists, then whoever lists a burst that
 * they list too. Most neighbours that a burst hides are beside it as well: for 3,326 short lists
 * among 100,410 this took 7 million products in place of 334. A list may lack a nearer one that is
 * beside no burst of it. Answers the groups that are short of entries even so.
 */
export async function listBesideBursts(points: Points, options: BesideOptions): Promise<number[]> {
  const { neighbours, groups, short, lists, needed, step } = options;
  const { representatives } = groups;
  const rowOf = new Map<number, number>();
  for (const [row, group] of short.entries()) {
    if (row % AT_ONCE === 0) step(OFFERING * row / short.length);
    for (const other of listedBy(group, neighbours, groups)) {
      const cosine = similarity(points, representatives[group], representatives[other]);
      insertOnce(lists, row, { id: other, cosine });
    }
    if (lengthOf(lists, row) < needed) rowOf.set(group, row);
  }
  await compareListers(points, rowOf, options);
  return [...rowOf].filter(([, row]) => lengthOf(lists, row) < needed).map(([group]) => group);
}

/** Compares groups of `rowOf` with all that list a burst that they list. */
async function compareListers(
  points: Points,
  rowOf: Map<number, number>,
  options: BesideOptions,
): Promise<void> {
  const { neighbours, groups, step } = options;
  const wanted = new Uint8Array(groups.count);
  for (const group of rowOf.keys()) {
    wanted[group] = 1;
    for (const burst of listedBy(group, neighbours, groups)) wanted[burst] = 1;
  }
  const listers = new Map<number, number[]>();
  for (let group = 0; group < groups.count; group++) {
    if (group % AT_ONCE === 0) step(OFFERING + (BEFORE - OFFERING) * group / groups.count);
    if (wanted[group]) listersOf(listers, group).push(group);
    for (const burst of listedBy(group, neighbours, groups)) {
      if (wanted[burst]) listersOf(listers, burst).push(group);
    }
  }
  const comparisons = [...listers.values()].map((columns) => ({
    rows: columns.filter((group) => rowOf.has(group)),
    columns,
    rowOf,
  })).filter(({ rows }) => rows.length > 0);
  const sizeOf = ({ rows, columns }: Comparison) => rows.length * columns.length;
  const all = comparisons.reduce((sum, one) => sum + sizeOf(one), 0);
  let done = 0;
  for (const one of comparisons) {
    const from = done;
    done += sizeOf(one);
    await compare(points, one, {
      ...options,
      step: (part) => step(BEFORE + (1 - BEFORE) * (from + part * (done - from)) / all),
    });
  }
}

interface Comparison {
  /** Whose lists are short, of `columns`. */
  rows: number[];
  /** All that list one burst. */
  columns: number[];
  rowOf: Map<number, number>;
}

function listersOf(listers: Map<number, number[]>, burst: number): number[] {
  const some = listers.get(burst) ?? [];
  if (some.length === 0) listers.set(burst, some);
  return some;
}

/** Other groups of which the representative of a group lists a member. */
function listedBy(group: number, { k, ids }: Neighbours, { representatives, of }: Groups) {
  const found = new Set<number>();
  const start = representatives[group] * k;
  for (let at = start; at < start + k && ids[at] >= 0; at++) found.add(of[ids[at]]);
  found.delete(group);
  return found;
}

async function compare(
  points: Points,
  { rows, columns, rowOf }: Comparison,
  { groups: { representatives }, lists, products, step }: BesideOptions,
): Promise<void> {
  const { dim } = points;
  const few = rows.length * columns.length < WORTH_A_CALL;
  const vectorsOf = (some: number[]) =>
    subset(points, some.map((group) => representatives[group])).vectors;
  for (let left = 0; left < columns.length; left += products.columnBlock) {
    const right = columns.slice(left, left + products.columnBlock);
    const rightVectors = few ? null : vectorsOf(right);
    for (let top = 0; top < rows.length; top += products.rowBlock) {
      step((left + right.length * top / rows.length) / columns.length);
      const block = rows.slice(top, top + products.rowBlock);
      const tile = rightVectors &&
        await products.products(vectorsOf(block), rightVectors, dim);
      for (const [r, group] of block.entries()) {
        const row = rowOf.get(group)!;
        for (const [c, other] of right.entries()) {
          if (other === group) continue;
          const cosine = tile
            ? tile[r * right.length + c]
            : similarity(points, representatives[group], representatives[other]);
          if (cosine > lists.worst[row]) insertOnce(lists, row, { id: other, cosine });
        }
      }
    }
  }
}

/** Inserts unless the list holds it: then its cosine may differ by a rounding. */
function insertOnce(lists: Lists, row: number, entry: { id: number; cosine: number }): void {
  const { k, ids } = lists;
  for (let at = row * k; at < (row + 1) * k; at++) if (ids[at] === entry.id) return;
  if (entry.cosine > lists.worst[row]) insert(lists, row, entry);
}

function lengthOf({ k, ids }: Lists, row: number): number {
  let length = 0;
  while (length < k && ids[row * k + length] >= 0) length++;
  return length;
}
