import { type DisjointSets, disjointSets, find, union } from "./disjoint_sets.ts";
import { copyEdge, type Density, type Edges, noEdges, strongestFirst, withEdges } from "./edges.ts";
import { joinParts } from "./join_parts.ts";
import type { ProductBackend } from "./products.ts";
import type { Step } from "./steps.ts";
import { edgesWithinGroups } from "./within_groups.ts";

export interface TreeOptions {
  products: ProductBackend;
  step: Step;
}

/** What part of a tree's time goes into joining components, with outward bounds and without. */
const JOINED_WITH_BOUNDS = .4, JOINED = .85;

/** What is known besides of vertices outside each one's group: see `Outward`. */
export interface OutwardBounds {
  /** Per vertex: its group, or −1. */
  groups: Int32Array;
  /** Per vertex with a group: none that is unlisted and outside the group is more similar. */
  unlisted: Float64Array;
}

/**
 * The maximum spanning tree (forest, where the floor leaves separate parts) over W(p, q) = min(core
 * p, core q, cosine of p and q), exactly: first Kruskal over the `listed` edges, taking only edges
 * that provably belong; then, with `outward`, once more with what is known of edges that leave a
 * group; last the components left are joined by Prim over products. Weights are float64 and do not
 * depend on the product backend.
 */
export async function spanningTree(
  density: Density,
  listed: Edges,
  { outward, products, step }: TreeOptions & { outward?: OutwardBounds },
): Promise<Edges> {
  const { neighbours, cores } = density;
  const count = cores.length;
  // What an edge to an unlisted point can weigh at most: its core similarity bounds it too.
  let bounds = cores.map((core, p) => Math.min(core, neighbours.unlisted[p]));
  const tree = noEdges(Math.max(0, count - 1));
  const sets = disjointSets(count);
  const joined = outward ? JOINED_WITH_BOUNDS : JOINED;
  const certifying: Step = (part) => step(part * (1 - joined));
  let left = certifiedEdges(listed, {
    bounds,
    sets,
    tree,
    step: outward ? (part) => certifying(part * .7) : certifying,
  });
  if (outward) {
    const groups = outward.groups.slice();
    const within = await edgesWithinGroups(density, {
      products,
      sets,
      groups,
      step: () => certifying(.8),
    });
    bounds = bounds.map((bound, p) => groups[p] < 0 ? bound : Math.min(bound, outward.unlisted[p]));
    const known = withEdges(left, within);
    left = certifiedEdges(known, { bounds, sets, tree, step: () => certifying(.95) });
  }
  await joinParts(density, {
    products,
    bounds,
    sets,
    listed: left,
    tree,
    step: (part) => step(1 - joined + part * joined),
  });
  return tree;
}

/** The maximum spanning forest of the listed edges alone: Kruskal. */
export function listedForest(count: number, listed: Edges, step: Step): Edges {
  const { from, to } = listed;
  const forest = noEdges(Math.max(0, count - 1));
  const sets = disjointSets(count);
  let seen = 0;
  for (const some of strongestFirst(listed)) {
    step(seen / listed.count);
    seen += some.length;
    for (const e of some) if (union(sets, from[e], to[e]) >= 0) copyEdge(forest, listed, e);
  }
  step(1);
  return forest;
}

interface Certifying {
  bounds: Float64Array;
  sets: DisjointSets;
  tree: Edges;
  step: Step;
}

/**
 * Kruskal over the listed edges, strongest first. An edge is certain when one of the two components
 * it joins has no point whose unlisted edges could be stronger: then it is that component's
 * strongest edge outwards, which every maximum spanning tree may take. Answers the edges that were
 * not certain and still join two components.
 */
function certifiedEdges(edges: Edges, { bounds, sets, tree, step }: Certifying): Edges {
  const strongestUnlisted = new Float64Array(bounds.length).fill(-Infinity); // by representative
  for (let v = 0; v < bounds.length; v++) {
    const set = find(sets, v);
    strongestUnlisted[set] = Math.max(strongestUnlisted[set], bounds[v]);
  }
  const uncertain: number[] = [];
  let seen = 0;
  for (const some of strongestFirst(edges)) {
    step(seen / edges.count);
    seen += some.length;
    for (const e of some) {
      const weight = edges.weights[e];
      const a = find(sets, edges.from[e]), b = find(sets, edges.to[e]);
      if (a === b) continue;
      if (strongestUnlisted[a] > weight && strongestUnlisted[b] > weight) {
        uncertain.push(e);
        continue;
      }
      copyEdge(tree, edges, e);
      const strongest = Math.max(strongestUnlisted[a], strongestUnlisted[b]);
      strongestUnlisted[union(sets, a, b)] = strongest;
    }
  }
  const between = uncertain.filter((e) => find(sets, edges.from[e]) !== find(sets, edges.to[e]));
  const left = noEdges(between.length);
  for (const e of between) copyEdge(left, edges, e);
  return left;
}
