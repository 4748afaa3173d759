import type { CondensedTree } from "./condensed_tree.ts";

/**
 * Relative difference below which two stabilities are equal: sums of the same terms in another
 * order.
 */
const ROUNDING = 1e-9;

/**
 * Chooses the clusters with the greatest total excess of mass, none inside another: a cluster
 * stands unless its descendants chosen so far are together more stable. `rootSelectable`: whether
 * cluster 0, all points, may be chosen; with it, most libraries of several people become one
 * cluster.
 */
export function selectClusters(
  { parents, stabilities }: CondensedTree,
  rootSelectable: boolean,
): boolean[] {
  const best = stabilities.slice();
  const ofChildren = new Array(parents.length).fill(0);
  const selected = new Array(parents.length).fill(true);
  // Children come after their parent, so this walk sees them first.
  for (let cluster = parents.length - 1; cluster >= 0; cluster--) {
    if (cluster === 0 && !rootSelectable) selected[0] = false;
    else if (ofChildren[cluster] > stabilities[cluster] * (1 + ROUNDING)) {
      selected[cluster] = false;
      best[cluster] = ofChildren[cluster];
    }
    if (cluster > 0) ofChildren[parents[cluster]] += best[cluster];
  }
  return selected;
}

/** −1 or a cluster's number for each point, and how firmly it belongs: 0 to 1. */
export interface Labelling {
  labels: Int32Array;
  strengths: Float32Array;
}

/** With the densities (λ, one over a distance) at which each numbered cluster appears and ends. */
export interface DensityLabelling extends Labelling {
  births: number[];
  deaths: number[];
}

/**
 * Labels every point with the selected cluster that holds it, or −1. Clusters are numbered by their
 * first point. A strength is the density at which the point leaves relative to the density at which
 * the cluster ends, and 0 for noise.
 */
export function labelPoints(
  { parents, births, deaths, clusterOf, lambdaOf }: CondensedTree,
  selected: boolean[],
): DensityLabelling {
  const chosen = new Array<number>(parents.length).fill(-1); // the selected cluster at or above each
  for (let cluster = 0; cluster < parents.length; cluster++) {
    const above = cluster > 0 ? chosen[parents[cluster]] : -1;
    chosen[cluster] = above < 0 && selected[cluster] ? cluster : above;
  }
  const numbers = new Map<number, number>(); // in the order of the labels
  const labels = new Int32Array(clusterOf.length).fill(-1);
  const strengths = new Float32Array(clusterOf.length);
  for (let point = 0; point < labels.length; point++) {
    const cluster = chosen[clusterOf[point]];
    if (cluster < 0) continue;
    if (!numbers.has(cluster)) numbers.set(cluster, numbers.size);
    labels[point] = numbers.get(cluster)!;
    // Written without a quotient of infinities: copies of one vector leave at infinite density.
    const death = deaths[cluster], lambda = lambdaOf[point];
    strengths[point] = lambda >= death ? 1 : lambda / death;
  }
  const numbered = [...numbers.keys()];
  return {
    labels,
    strengths,
    births: numbered.map((cluster) => births[cluster]),
    deaths: numbered.map((cluster) => deaths[cluster]),
  };
}
