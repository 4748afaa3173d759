import type { KeptLists } from "./kept_lists.ts";
import {
  type Kept,
  noLists,
  planUpdate,
  ROWS_AT_ONCE,
  SPARE,
  type UpdatePlan,
} from "./kept_plan.ts";
import { nearestNeighbours, type Neighbours } from "./neighbours.ts";
import { type Points, subset } from "./points.ts";
import { type ProductBackend, roundingSlack } from "./products.ts";
import { similarities as similaritiesTo } from "./similarities.ts";
import type { Step } from "./steps.ts";
import { type TileLists, tileLists } from "./tile_lists.ts";

export { type Kept, planUpdate, type UpdatePlan } from "./kept_plan.ts";
export { decodeLists, encodeLists, type KeptLists } from "./kept_lists.ts";

export interface UpdateOptions {
  products: ProductBackend;
  step: Step;
  /** Entries a list shall have. */
  k: number;
  /** The plan, if it is made already. */
  plan?: UpdatePlan;
}

export interface Updated {
  neighbours: Neighbours;
  /** What to give to the next update, encoded or not. */
  kept: KeptLists;
  /** Points whose lists were found anew. */
  found: number;
}

/**
 * Every point's `k` most similar others, as `nearestNeighbours` finds them, out of the lists of
 * another time: new points are multiplied with all and entered on both sides, points that are gone
 * are dropped, a vector that is another one under the same number counts as new. Exact: whatever
 * came before, similarities are the k greatest in float64 and the bounds on what is unlisted hold;
 * equal ones stand in the order of their numbers (which of several equal ones is the last of a list
 * is left open). Where more than half of the lists were to be found anew, all are, which takes
 * fewer products. Throws RangeError for ids that are not one a point or not distinct.
 */
export async function updateNeighbours(
  points: Points,
  { ids, former }: Kept,
  { k, products, step, plan: made }: UpdateOptions,
): Promise<Updated> {
  const plan = made ?? planUpdate(points, { ids, former }, { k, step });
  const lists = plan.whole
    ? await nearestNeighbours(points, k + SPARE, { products, step })
    : await entered(points, plan, { products, step });
  return {
    neighbours: shortened(lists, { k, ids, step }),
    kept: { dim: points.dim, ids, hashes: plan.hashes, neighbours: lists },
    found: plan.rows.length,
  };
}

/** Multiplies the plan's rows with all points and enters what they find, and what finds them. */
async function entered(
  points: Points,
  plan: UpdatePlan,
  { products, step }: Pick<UpdateOptions, "products" | "step">,
): Promise<Neighbours> {
  const { vectors, dim, count } = points;
  const { rows, carried } = plan;
  const { rowBlock, columnBlock } = products;
  const lists = primedLists(carried, { rows, dim, products });
  const positions = Int32Array.from({ length: count }, (_, p) => p);
  const total = plan.products || 1;
  let done = 0;
  for (let top = 0; top < rows.length; top += rowBlock) {
    const some = rows.subarray(top, top + rowBlock);
    const block = subset(points, some).vectors;
    for (let left = 0; left < count; left += columnBlock) {
      step(done / total);
      const right = Math.min(count, left + columnBlock);
      const columns = vectors.subarray(left * dim, right * dim);
      const tile = await products.products(block, columns, dim, lists.tile);
      const size = some.length * (right - left);
      if (tile.buffer !== lists.tile.buffer) lists.tile.set(tile.subarray(0, size));
      lists.merge(some, positions.subarray(left, right));
      done += size;
    }
  }
  takeOver(points, plan, {
    lists,
    step: (part) => step((done + part * (plan.products - done)) / total),
  });
  step(1);
  return carried;
}

/**
 * The carried lists as candidate lists that take tiles. Where one is not full, what may be unlisted
 * stands behind its end: only what is more similar may enter. Lists to be found anew are empty.
 */
function primedLists(
  { k, ids, similarities, unlisted }: Neighbours,
  { rows, dim, products }: { rows: Int32Array; dim: number; products: ProductBackend },
): TileLists {
  const count = unlisted.length;
  const lists = tileLists(count, {
    k,
    rows: Math.min(rows.length, products.rowBlock),
    columns: Math.min(count, products.columnBlock),
    unique: true, // two new points meet twice
  });
  lists.ids.set(ids);
  lists.cosines.set(similarities);
  for (let p = 0; p < count; p++) {
    const end = (p + 1) * k;
    if (ids[end - 1] < 0) {
      let at = end;
      while (at > p * k && ids[at - 1] < 0) at--;
      const least = unlisted[p] - roundingSlack(dim);
      lists.cosines.fill(at > p * k ? Math.min(least, lists.cosines[at - 1]) : least, at, end);
    }
    lists.worst[p] = lists.cosines[end - 1];
  }
  for (const p of rows) {
    lists.ids.fill(-1, p * k, (p + 1) * k);
    lists.cosines.fill(-Infinity, p * k, (p + 1) * k);
    lists.worst[p] = -Infinity;
  }
  return lists;
}

/** Writes the lists back where they changed, in float64, with bounds on what is unlisted now. */
function takeOver(
  points: Points,
  { rows, carried }: UpdatePlan,
  { lists, step }: { lists: TileLists; step: Step },
): void {
  const { k, ids, unlisted } = carried;
  const slack = roundingSlack(points.dim);
  const others = points.count - 1;
  for (const p of rows) {
    ids.fill(-1, p * k, (p + 1) * k);
    unlisted[p] = -Infinity;
  }
  for (let p = 0; p < points.count; p++) {
    if (p % ROWS_AT_ONCE === 0) step(p / points.count);
    const start = p * k, end = start + k;
    let at = start;
    while (at < end && lists.ids[at] === ids[at]) at++;
    if (at < end) rewrite(points, carried, { p, listed: lists.ids.subarray(start, end) });
    if (others <= k && (others <= 0 || ids[start + others - 1] >= 0)) unlisted[p] = -Infinity;
    else if (ids[end - 1] >= 0) {
      unlisted[p] = Math.min(1, Math.max(unlisted[p], lists.worst[p] + slack));
    }
  }
}

/** Makes `listed` the list of point `p`; what it lists already is not computed again. */
function rewrite(
  points: Points,
  { k, ids, similarities }: Neighbours,
  { p, listed }: { p: number; listed: Int32Array },
): void {
  const start = p * k, end = start + k;
  const former = ids.slice(start, end), known = similarities.slice(start, end);
  const unknown = listed.filter((id) => id >= 0 && !former.includes(id));
  const cosines = new Float64Array(unknown.length);
  similaritiesTo(points, p, { ids: unknown, into: cosines });
  ids.fill(-1, start, end);
  similarities.fill(-Infinity, start, end);
  let length = 0;
  const enter = (id: number, cosine: number) => {
    let at = start + length++;
    for (; at > start && similarities[at - 1] < cosine; at--) {
      similarities[at] = similarities[at - 1];
      ids[at] = ids[at - 1];
    }
    similarities[at] = cosine;
    ids[at] = id;
  };
  former.forEach((id, i) => {
    if (id >= 0 && listed.includes(id)) enter(id, known[i]);
  });
  unknown.forEach((id, i) => enter(id, cosines[i]));
}

/** The first `k` entries of every list, equal ones in the order of their numbers outside. */
function shortened(
  lists: Neighbours,
  { k, ids, step }: { k: number; ids: Float64Array; step: Step },
): Neighbours {
  const count = lists.unlisted.length;
  const result = noLists(count, k);
  for (let p = 0; p < count; p++) {
    if (p % ROWS_AT_ONCE === 0) step(1);
    const from = p * lists.k, to = p * k;
    for (let i = 0; i < k && lists.ids[from + i] >= 0; i++) {
      const id = lists.ids[from + i], cosine = lists.similarities[from + i];
      let at = to + i;
      for (
        ;
        at > to && result.similarities[at - 1] === cosine && ids[result.ids[at - 1]] > ids[id];
        at--
      ) result.ids[at] = result.ids[at - 1];
      result.ids[at] = id;
      result.similarities[to + i] = cosine;
    }
    result.unlisted[p] = Math.max(lists.unlisted[p], lists.similarities[from + k]);
  }
  return result;
}
