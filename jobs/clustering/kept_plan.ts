import { contentHashes, type KeptLists } from "./kept_lists.ts";
import type { Neighbours } from "./neighbours.ts";
import type { Points } from "./points.ts";
import type { Step } from "./steps.ts";

/**
 * Entries kept beyond those asked for. A list that loses a few is still long enough, so that
 * deletions cost no products; and what float32 may confuse is the end of the longer list.
 */
export const SPARE = 4;
/** Lists gone over between two looks at the flag that cancels. */
export const ROWS_AT_ONCE = 2048;

/** Computing a listed similarity again, in float64, takes as long as so many products in tiles. */
const AS_PRODUCTS = 50;

export interface Kept {
  /** One number a point, distinct, in any order: what identifies it from one time to the next. */
  ids: Float64Array;
  former: KeptLists | null;
}

/** What an update has to do; made by `planUpdate`, for one use. */
export interface UpdatePlan {
  /** Points whose lists are found anew, by position: new ones, and lists that lost too much. */
  rows: Int32Array;
  /** Whether all products are computed instead, as for the first time. */
  whole: boolean;
  /** Inner products that this takes, and what else it does as products that take as long. */
  products: number;
  ids: Float64Array;
  hashes: Uint32Array;
  /** The former lists in terms of the new positions; those of `rows` are empty. */
  carried: Neighbours;
}

/** Compares points with what is kept of another time: what an update has to do, and how much. */
export function planUpdate(
  points: Points,
  { ids, former }: Kept,
  { k, step }: { k: number; step: Step },
): UpdatePlan {
  const { count, dim } = points;
  const ascending = checkIds(ids, count);
  const hashes = contentHashes(points, () => step(0));
  const carried = noLists(count, k + SPARE);
  const usable = former?.dim === dim && former.neighbours.k === carried.k ? former : null;
  const known = usable && carryOver(usable, {
    places: placesOf(usable.ids, ids, ascending),
    hashes,
    carried,
    step,
  });
  const needed = Math.min(k, count - 1);
  const rows: number[] = [];
  for (let p = 0; p < count; p++) {
    if (!known?.[p] || needed > 0 && carried.ids[p * carried.k + needed - 1] < 0) rows.push(p);
  }
  const whole = rows.length * 2 > count;
  return {
    rows: Int32Array.from(rows),
    whole,
    products: whole
      ? count * (count + 1) / 2 + AS_PRODUCTS * count * carried.k
      : rows.length * (count + 2 * AS_PRODUCTS * carried.k),
    ids,
    hashes,
    carried,
  };
}

/** Throws RangeError unless there is one id a point, none twice. Answers whether they ascend. */
function checkIds(ids: Float64Array, count: number): boolean {
  if (ids.length !== count) {
    throw new RangeError(`there are ${ids.length} ids for ${count} points; pass one for each`);
  }
  if (isAscending(ids)) return true;
  const seen = new Set<number>();
  for (let p = 0; p < count; p++) {
    if (seen.has(ids[p]) || Number.isNaN(ids[p])) {
      throw new RangeError(
        `id ${ids[p]} of point ${p} is not a number of its own; make it distinct`,
      );
    }
    seen.add(ids[p]);
  }
  return false;
}

function isAscending(ids: Float64Array): boolean {
  let at = 1;
  while (at < ids.length && ids[at] > ids[at - 1]) at++;
  return at >= ids.length && !Number.isNaN(ids[0]);
}

/**
 * Where in `ids` each of `former` is, −1 where it is no more. Ids that ascend, as those of a table
 * do, are gone through side by side: a map of 100,000 takes 30 ms.
 */
function placesOf(former: Float64Array, ids: Float64Array, ascending: boolean): Int32Array {
  if (ascending && isAscending(former)) {
    let p = 0;
    return Int32Array.from(former, (id) => {
      while (p < ids.length && ids[p] < id) p++;
      return ids[p] === id ? p : -1;
    });
  }
  const places = new Map<number, number>();
  for (let p = 0; p < ids.length; p++) places.set(ids[p], p);
  return Int32Array.from(former, (id) => places.get(id) ?? -1);
}

export function noLists(count: number, k: number): Neighbours {
  return {
    k,
    ids: new Int32Array(count * k).fill(-1),
    similarities: new Float64Array(count * k).fill(-Infinity),
    unlisted: new Float64Array(count).fill(-Infinity),
  };
}

interface CarryOptions {
  /** Where the points of the former lists are now. */
  places: Int32Array;
  hashes: Uint32Array;
  carried: Neighbours;
  step: Step;
}

/**
 * Copies the lists of points that are still the same, without entries of those that are not.
 * Answers which points those are, 1 each.
 */
function carryOver(
  former: KeptLists,
  { places, hashes, carried, step }: CarryOptions,
): Uint8Array {
  const known = new Uint8Array(hashes.length);
  const { k, ids, similarities, unlisted } = former.neighbours;
  const now = places.map((place, row) =>
    place >= 0 && hashes[place] === former.hashes[row] ? place : -1
  );
  for (let row = 0; row < now.length; row++) {
    if (row % ROWS_AT_ONCE === 0) step(0);
    const p = now[row];
    if (p < 0) continue;
    known[p] = 1;
    carried.unlisted[p] = unlisted[row];
    let to = p * k;
    for (let at = row * k; at < (row + 1) * k && ids[at] >= 0; at++) {
      const q = now[ids[at]];
      if (q < 0) continue;
      carried.ids[to] = q;
      carried.similarities[to++] = similarities[at];
    }
  }
  return known;
}
