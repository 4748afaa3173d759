import type { ListPlan } from "./list_plan.ts";
import type { Points } from "./points.ts";
import type { ProductBackend } from "./products.ts";
import type { Cost } from "./steps.ts";

export type Stage =
  | "start"
  | "lists"
  | "collapse"
  | "reduce"
  | "tree"
  | "constrain"
  | "hierarchy"
  | "attach"
  | "medoids";

interface Work {
  run: {
    mode: "exact" | "graph" | "lists";
    collapse: number | null;
    constraints?: unknown;
  };
  plan: Pick<ListPlan, "work" | "outward" | "update">;
}

interface Duration {
  /** Microseconds, whatever the size: a thread has compiled none of the code yet. */
  once: number;
  /** Microseconds. */
  perPoint: number;
}

/** What stages cost beside products, on one core. */
const COSTS = {
  start: { once: 12_000, perPoint: 0 },
  lists: { once: 15_000, perPoint: 0 },
  update: { once: 0, perPoint: 1.5 },
  collapse: { once: 3000, perPoint: .6 },
  reduce: { once: 500, perPoint: 1.3 },
  exactTree: { once: 20_000, perPoint: 6 },
  graphTree: { once: 11_000, perPoint: 2.6 },
  constrain: { once: 6000, perPoint: 3 },
  hierarchy: { once: 5000, perPoint: 1.2 },
  attach: { once: 4000, perPoint: 2.5 },
  medoids: { once: 3000, perPoint: 1.5 },
} satisfies Record<string, Duration>;

/** Of all products, those that join the exact tree: with outward lists, and without. */
const JOINED = .03, JOINED_WITHOUT = .46;

/** Of 512 elements, as `pace` counts them. */
const SIMILARITIES_PER_MICROSECOND = 4;

/** Products a microsecond on a quiet machine. */
export function productRate({ dim }: Points, { pace }: ProductBackend): number {
  return pace * SIMILARITIES_PER_MICROSECOND * 512 / dim;
}

/**
 * What the stages cost. Measured with the settings for faces and ONNX Runtime on one core: of an
 * exact run over 2,000, 10,000 and 50,000 faces the lists took 57, 81 and 92 % and the tree 25, 12
 * and 6 %; in graph mode the lists 60, 86 and 95 % and the tree 16, 5 and 2 %; with inverted lists
 * over 10,000 and 50,000 the lists 82 and 88 %, the tree 7 and 4 %; of adding 1,000 to 49,000 the
 * lists 60 %, the tree 15 %.
 */
export function costsOfStages(
  { count }: Points,
  { run: { mode, collapse, constraints }, plan }: Work,
): Record<Stage, Cost> {
  const cost = ({ once, perPoint }: Duration, products = 0): Cost => ({
    products,
    microseconds: once + perPoint * count,
  });
  const nothing: Cost = { products: 0, microseconds: 0 };
  const joined = (plan.outward ? JOINED : JOINED_WITHOUT) * count * count / 2;
  return {
    start: cost(COSTS.start),
    lists: cost(plan.update ? COSTS.update : COSTS.lists, plan.work),
    collapse: collapse === null ? nothing : cost(COSTS.collapse),
    reduce: collapse === null ? nothing : cost(COSTS.reduce),
    tree: mode === "exact" ? cost(COSTS.exactTree, joined) : cost(COSTS.graphTree),
    constrain: constraints ? cost(COSTS.constrain) : nothing,
    hierarchy: cost(COSTS.hierarchy),
    attach: constraints ? cost(COSTS.attach) : nothing,
    medoids: cost(COSTS.medoids),
  };
}
