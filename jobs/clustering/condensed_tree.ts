import { AT_ONCE } from "./edges.ts";
import { type MergeTree, pointsUnder } from "./merge_tree.ts";
import { distance } from "./points.ts";
import type { Step } from "./steps.ts";

/**
 * The hierarchy with only the splits that matter. Cluster 0 is everything; a parent comes before
 * its children. Densities (λ) are one over a distance.
 */
export interface CondensedTree {
  /** Per cluster: −1 for cluster 0. */
  parents: number[];
  /** Per cluster: the λ at which it appears. */
  births: number[];
  /**
   * Per cluster: Σ over its points of (λ at which the point leaves − birth), its excess of mass.
   */
  stabilities: number[];
  /** Per cluster: the largest λ at which a point or a child leaves it. */
  deaths: number[];
  /** Per point: the smallest cluster that holds it, and the λ at which it leaves that one. */
  clusterOf: Int32Array;
  lambdaOf: Float64Array;
}

export interface CondenseOptions {
  minClusterSize: number;
  /**
   * A cosine: the tree's roots are then not the whole but parts of it that appear at that density,
   * and cluster 0 stands for what holds them. null: the single root is cluster 0 itself.
   */
  partsBornAt: number | null;
  step: Step;
}

/**
 * Follows the hierarchy from the top down. Where two or more children of a merge hold at least
 * `minClusterSize` points, each of them is a new cluster; where one does, it is the old one going
 * on; all others' points leave their cluster there.
 */
export function condense(
  tree: MergeTree,
  { minClusterSize, partsBornAt, step }: CondenseOptions,
): CondensedTree {
  const { count, starts, children, sizes } = tree;
  const condensed: CondensedTree = {
    parents: [],
    births: [],
    stabilities: [],
    deaths: [],
    clusterOf: new Int32Array(count),
    lambdaOf: new Float64Array(count),
  };
  const whole = appear(condensed, -1, 0);
  const nodes: number[] = [], clusters: number[] = []; // what is left to follow: a node in a cluster
  const descend = (
    below: ArrayLike<number>,
    { cluster, lambda }: { cluster: number; lambda: number },
  ) => {
    let large = 0;
    for (let i = 0; i < below.length; i++) if (sizes[below[i]] >= minClusterSize) large++;
    const goesOn = large === 1 && !(cluster === whole && partsBornAt !== null);
    for (let i = 0; i < below.length; i++) {
      const node = below[i];
      if (sizes[node] < minClusterSize) {
        leave(condensed, cluster, { lambda, tree, node });
        continue;
      }
      nodes.push(node);
      if (goesOn) clusters.push(cluster);
      else {
        depart(condensed, cluster, { lambda, size: sizes[node] });
        clusters.push(appear(condensed, cluster, lambda));
      }
    }
  };
  if (partsBornAt !== null) {
    descend(tree.roots, { cluster: whole, lambda: 1 / distance(partsBornAt) });
  } else {
    nodes.push(tree.roots[0]);
    clusters.push(whole);
  }
  for (let followed = 0; nodes.length > 0; followed++) {
    if (followed % AT_ONCE === 0) step(followed / count);
    const node = nodes.pop()!, cluster = clusters.pop()!;
    if (node < count) leave(condensed, cluster, { lambda: Infinity, tree, node });
    else {
      const merge = node - count;
      const below = children.subarray(starts[merge], starts[merge + 1]);
      descend(below, { cluster, lambda: 1 / tree.distances[merge] });
    }
  }
  step(1);
  return condensed;
}

function appear(condensed: CondensedTree, parent: number, birth: number): number {
  condensed.parents.push(parent);
  condensed.births.push(birth);
  condensed.stabilities.push(0);
  condensed.deaths.push(0);
  return condensed.parents.length - 1;
}

/** `size` points leave a cluster at `lambda`. */
function depart(
  { births, stabilities, deaths }: CondensedTree,
  cluster: number,
  { lambda, size }: { lambda: number; size: number },
): void {
  stabilities[cluster] += (lambda - births[cluster]) * size;
  deaths[cluster] = Math.max(deaths[cluster], lambda);
}

function leave(
  condensed: CondensedTree,
  cluster: number,
  { lambda, tree, node }: { lambda: number; tree: MergeTree; node: number },
): void {
  depart(condensed, cluster, { lambda, size: tree.sizes[node] });
  for (const point of node < tree.count ? [node] : pointsUnder(tree, node)) {
    condensed.clusterOf[point] = cluster;
    condensed.lambdaOf[point] = lambda;
  }
}
