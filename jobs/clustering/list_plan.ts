import { invertedListNeighbours, invertedListWork } from "./inverted_lists.ts";
import {
  decodeLists,
  encodeLists,
  type KeptLists,
  planUpdate,
  updateNeighbours,
  type UpdatePlan,
} from "./kept_neighbours.ts";
import { nearestNeighbours, type Neighbours, sweepWork } from "./neighbours.ts";
import { groupedNeighbours, groupedWork, type Outward } from "./outward_lists.ts";
import type { Points } from "./points.ts";
import type { ProductBackend } from "./products.ts";
import type { Step } from "./steps.ts";

/** What identifies the points from one time to the next, and what was kept of the last time. */
export interface KeptInput {
  /** One number a point, distinct, in any order. */
  ids: Float64Array;
  /** `lists` of the last result; null, or anything that is not such: all is computed. */
  lists: Uint8Array | null;
}

/** How the neighbour lists will be found. */
export interface ListPlan {
  /** Products that it takes, about. */
  work: number;
  /** Whether there will be outward lists. */
  outward: boolean;
  /** Whether former lists are updated. */
  update: boolean;
  find(step: Step): Promise<Found>;
}

export interface Found {
  neighbours: Neighbours;
  outward?: Outward;
  /** What to keep for the next time, if anything is to be. */
  lists?: Uint8Array;
}

export interface ListOptions {
  k: number;
  mode: "exact" | "graph" | "lists";
  kept?: KeptInput;
  /** Where the groups of outward lists are parted. */
  threshold: number;
  products: ProductBackend;
  /** Looks at the flag that cancels while plans are made. */
  look(): void;
}

/** Fewer points than this are sooner compared one with all than put into lists. */
const LISTS_FROM = 1000;

/**
 * Chooses between all products (with outward lists where the exact tree is wanted), an update of
 * what was kept, and inverted lists. These last are not kept: an update would take them for exact
 * ones.
 */
export function planLists(points: Points, options: ListOptions): ListPlan {
  const { k, mode, kept, products, look } = options;
  const { count, dim } = points;
  if (kept) {
    const former = kept.lists && decodeLists(kept.lists, dim);
    const plan = planUpdate(points, { ids: kept.ids, former }, { k, step: look });
    if (!plan.whole || mode === "graph" || count < LISTS_FROM && mode === "lists") {
      return update(points, { former, plan, options });
    }
    if (mode === "exact") {
      const { ids, hashes } = plan;
      return grouped(points, plan.carried.k, {
        ...options,
        keep: (neighbours) => encodeLists({ dim, ids, hashes, neighbours }),
      });
    }
  }
  if (mode === "exact") return grouped(points, k, options);
  const lists = mode === "lists" && count >= LISTS_FROM;
  return {
    outward: false,
    update: false,
    work: lists
      ? invertedListWork(count, { k, products })
      : sweepWork(count, { k, products }).total,
    find: async (step) => ({
      neighbours: lists
        ? asComplete(await invertedListNeighbours(points, k, { products, step }))
        : await nearestNeighbours(points, k, { products, step }),
    }),
  };
}

function update(
  points: Points,
  { former, plan, options: { k, products } }: {
    former: KeptLists | null;
    plan: UpdatePlan;
    options: ListOptions;
  },
): ListPlan {
  return {
    outward: false,
    update: !plan.whole,
    work: plan.whole ? sweepWork(points.count, { k, products }).total : plan.products,
    async find(step) {
      const { neighbours, kept } = await updateNeighbours(points, { ids: plan.ids, former }, {
        k,
        products,
        step,
        plan,
      });
      return { neighbours, lists: encodeLists(kept) };
    },
  };
}

/** All products, with lists of `length`, of which the first k entries are used. */
function grouped(
  points: Points,
  length: number,
  { k, threshold, products, keep }: ListOptions & { keep?(neighbours: Neighbours): Uint8Array },
): ListPlan {
  return {
    outward: true,
    update: false,
    work: groupedWork(points.count, { k: length, products }).total,
    async find(step) {
      const { neighbours, outward } = await groupedNeighbours(points, {
        k: length,
        threshold,
        products,
        step,
      });
      return { neighbours: shortened(neighbours, k), outward, lists: keep?.(neighbours) };
    },
  };
}

function shortened(lists: Neighbours, k: number): Neighbours {
  if (lists.k === k) return lists;
  const count = lists.unlisted.length;
  const result: Neighbours = {
    k,
    ids: new Int32Array(count * k),
    similarities: new Float64Array(count * k),
    unlisted: new Float64Array(count),
  };
  for (let p = 0; p < count; p++) {
    const from = p * lists.k, end = from + k;
    result.ids.set(lists.ids.subarray(from, end), p * k);
    result.similarities.set(lists.similarities.subarray(from, end), p * k);
    result.unlisted[p] = Math.max(lists.unlisted[p], lists.similarities[end]);
  }
  return result;
}

/** Lists taken for what they claim to be: nothing unlisted is nearer than the last entry. */
function asComplete(lists: Neighbours): Neighbours {
  const { k, similarities } = lists;
  return { ...lists, unlisted: lists.unlisted.map((_, p) => similarities[(p + 1) * k - 1]) };
}
