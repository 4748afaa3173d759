import { condense } from "./condensed_tree.ts";
import type { Edges } from "./edges.ts";
import { mergeTree } from "./merge_tree.ts";
import { type DensityLabelling, labelPoints, selectClusters } from "./select.ts";
import type { Step } from "./steps.ts";

export interface HierarchyOptions {
  /** Vertices. */
  count: number;
  minClusterSize: number;
  similarityFloor: number | null;
  allowSingleCluster: boolean;
  step: Step;
}

/**
 * The clusters that a spanning tree or forest holds. Where a floor is given, each tree of a forest
 * appears at that density; without one (not all pairs are known, or constraints left something
 * apart), at that of the weakest edge there is: as if at density 0, trees would seem more stable
 * than anything in them, and take everything.
 */
export function hierarchicalClusters(forest: Edges, options: HierarchyOptions): DensityLabelling {
  const { count, minClusterSize, similarityFloor, allowSingleCluster, step } = options;
  if (count === 0) {
    step(1);
    return {
      labels: new Int32Array(0),
      strengths: new Float32Array(0),
      births: [],
      deaths: [],
    };
  }
  const tree = mergeTree(count, forest, (part) => step(part * .5));
  // One part and no leave to be a cluster: the plain tree, whose root is not selectable.
  const inParts = tree.roots.length > 1 || similarityFloor !== null && allowSingleCluster;
  const condensed = condense(tree, {
    minClusterSize,
    partsBornAt: inParts ? similarityFloor ?? weakest(forest) : null,
    step: (part) => step(.5 + part * .4),
  });
  const selected = selectClusters(condensed, allowSingleCluster && !inParts);
  step(.95);
  const labelling = labelPoints(condensed, selected);
  step(1);
  return labelling;
}

function weakest({ count, weights }: Edges): number {
  let least = count === 0 ? -1 : Infinity;
  for (let e = 0; e < count; e++) least = Math.min(least, weights[e]);
  return least;
}
