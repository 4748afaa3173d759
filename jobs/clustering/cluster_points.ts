import {
  expandLabels,
  type Groups,
  permittedGroups,
  singleGroups,
  withRepresentatives,
} from "./collapse.ts";
import { constrainedForest } from "./constrained_forest.ts";
import {
  confirmedTogether,
  type ConstrainedSets,
  constrainedSets,
  type Constraints,
} from "./constraints.ts";
import { contentOrder } from "./content_order.ts";
import { coreSimilarities } from "./core_similarities.ts";
import { type Density, type Edges, listedEdges, withEdges } from "./edges.ts";
import { hierarchicalClusters } from "./hierarchy.ts";
import { attachLeftOut } from "./left_out.ts";
import { type KeptInput, planLists } from "./list_plan.ts";
import { nearDuplicateGroups } from "./near_duplicates.ts";
import type { Neighbours } from "./neighbours.ts";
import type { Outward } from "./outward_lists.ts";
import type { Points } from "./points.ts";
import type { ProductBackend } from "./products.ts";
import { amongRepresentatives, reducedLists } from "./reduced_lists.ts";
import type { Labelling } from "./select.ts";
import { listedForest, spanningTree } from "./spanning_tree.ts";
import { costsOfStages, productRate, type Stage } from "./stage_costs.ts";
import { looking, runSteps, type Step, type StepOptions } from "./steps.ts";

/** Neighbours listed per point: more costs memory, fewer leaves more to the second sweep. */
const NEIGHBOURS = 16;
/** What would be a floor for faces: only the time of the exact tree depends on it. */
const USUAL_FLOOR = .4;

export interface Run extends StepOptions {
  mode: "exact" | "graph" | "lists";
  minClusterSize: number;
  minSamples: number;
  similarityFloor: number | null;
  collapse: number | null;
  densityCap: number | null;
  allowSingleCluster: boolean;
  constraints?: Constraints;
  kept?: KeptInput;
  products: ProductBackend;
}

export interface Clustered extends Labelling {
  lists?: Uint8Array;
  /** For the one stage that is left: the medoids. */
  step: Step;
}

type Steps = Record<Stage, Step>;

/** The stages of `cluster`, one after the other, on checked input. */
export async function clusterPoints(points: Points, run: Run): Promise<Clustered> {
  const { mode, kept, products, collapse, constraints, minSamples } = run;
  const k = Math.max(NEIGHBOURS, minSamples + 1);
  const plan = planLists(points, {
    k,
    mode,
    kept,
    threshold: (run.similarityFloor ?? USUAL_FLOOR) + .05,
    products,
    look: looking(run.signal),
  });
  const steps: Steps = runSteps<Stage>(costsOfStages(points, { run, plan }), {
    ...run,
    rate: productRate(points, products),
    measured: "lists",
  });
  const { neighbours, outward, lists } = await plan.find((part) =>
    part > 0 ? steps.lists(part) : steps.start(0)
  );
  const bound = constraints && constrainedSets(points.count, constraints);
  const { groups, reduced } = collapse === null
    ? { groups: singleGroups(points.count), reduced: neighbours }
    : await collapsed(points, neighbours, { run: { ...run, collapse }, bound, steps });
  const density: Density = {
    points,
    rows: groups.representatives,
    neighbours: reduced,
    cores: coreSimilarities(reduced, { minSamples, densityCap: run.densityCap }),
    floor: run.similarityFloor ?? -Infinity,
  };
  const together = constraints ? confirmedTogether(constraints) : [];
  const forest = await forestOf(density, { run, bound, groups, outward, together, steps });
  const labelling = hierarchicalClusters(forest, {
    ...run,
    count: groups.count,
    step: steps.hierarchy,
  });
  if (constraints) {
    attachLeftOut(density, labelling, { constraints, vertexOf: groups.of, step: steps.attach });
  }
  const expanded = expandLabels(labelling, groups, {
    minClusterSize: collapse === null ? Infinity : run.minClusterSize,
    together,
  });
  return { ...expanded, lists, step: steps.medoids };
}

async function collapsed(
  points: Points,
  neighbours: Neighbours,
  { run, bound, steps }: {
    run: Run & { collapse: number };
    bound?: ConstrainedSets;
    steps: Steps;
  },
): Promise<{ groups: Groups; reduced: Neighbours }> {
  const { products, collapse: threshold } = run;
  const near = await nearDuplicateGroups(points, neighbours, {
    threshold,
    products,
    step: (part) => steps.collapse(part * .3),
  });
  const components = bound
    ? permittedGroups(points, { neighbours, components: near }, {
      threshold,
      bound,
      step: (part) => steps.collapse(.3 + part * .5),
    })
    : near;
  const chosen = bound ? .8 : .3;
  const groups = withRepresentatives(
    points,
    components,
    (part) => steps.collapse(chosen + part * (1 - chosen)),
  );
  const reduced = await reducedLists(points, { neighbours, groups }, {
    needed: Math.max(4, run.minSamples),
    exact: run.mode === "exact",
    products,
    step: steps.reduce,
  });
  return { groups, reduced };
}

async function forestOf(
  density: Density,
  { run, bound, groups, outward, together, steps }: {
    run: Run;
    bound?: ConstrainedSets;
    groups: Groups;
    outward?: Outward;
    together: Int32Array[];
    steps: Steps;
  },
): Promise<Edges> {
  const listed = listedEdges(density, (part) => steps.tree(part * .1));
  const step = (part: number) => steps.tree(.1 + part * .9);
  const tree = run.mode === "exact"
    ? await exactTree(density, listed, { run, groups, outward, step })
    : bound
    ? null
    : listedForest(density.rows.length, listed, step);
  if (!bound) return tree!;
  const candidates = tree ? withEdges(listed, tree) : listed;
  return constrainedForest(density, candidates, {
    bound,
    vertexOf: groups.of,
    together,
    tie: contentOrder(density.points, candidates, density.rows),
    step: steps.constrain,
  });
}

async function exactTree(
  density: Density,
  listed: Edges,
  { run, groups, outward, step }: { run: Run; groups: Groups; outward?: Outward; step: Step },
): Promise<Edges> {
  const { products } = run;
  if (!outward) return await spanningTree(density, listed, { products, step });
  const { reduced } = amongRepresentatives(outward.lists, groups, step);
  const outwards = listedEdges({ ...density, neighbours: reduced }, () => step(0));
  return await spanningTree(density, withEdges(listed, outwards), {
    products,
    step,
    outward: {
      groups: groups.representatives.map((p) => outward.groups[p]),
      unlisted: reduced.unlisted,
    },
  });
}
