import { type DisjointSets, disjointSets, find, membersOf, union } from "./disjoint_sets.ts";
import { joinParts } from "./join_parts.ts";
import type { Neighbours } from "./neighbours.ts";
import type { Points } from "./points.ts";
import type { ProductBackend } from "./products.ts";
import type { Step } from "./steps.ts";

/** Weighted edges between points, in no particular order; `weights` are similarities. */
export interface Edges {
  from: number[];
  to: number[];
  weights: number[];
}

/** What is known of the points' similarities before the tree is built. */
export interface Density {
  points: Points;
  neighbours: Neighbours;
  cores: Float64Array;
  /** Edges weaker than this do not exist. −Infinity: every pair has an edge. */
  floor: number;
}

export interface TreeOptions {
  products: ProductBackend;
  step: Step;
}

/**
 * The maximum spanning tree (forest, where the floor leaves separate parts) over W(p, q) = min(core
 * p, core q, cosine of p and q), exactly: first Kruskal over the neighbour lists, taking only edges
 * that provably belong, then the components left are joined by Prim over products. Weights are
 * float64 and do not depend on the product backend.
 */
export async function spanningTree(density: Density, options: TreeOptions): Promise<Edges> {
  const { neighbours, cores, points } = density;
  // What an edge to an unlisted point can weigh at most: its core similarity bounds it too.
  const bounds = Float64Array.from(cores, (core, p) => Math.min(core, neighbours.unlisted[p]));
  const tree: Edges = { from: [], to: [], weights: [] };
  const sets = disjointSets(points.count);
  const left = certifiedEdges(density, { bounds, sets, tree, step: options.step });
  await joinParts(density, { ...options, bounds, sets, listed: left, tree });
  return tree;
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
 * not certain.
 */
function certifiedEdges(density: Density, { bounds, sets, tree, step }: Certifying): Edges {
  const edges = listedEdges(density, step);
  const strongestUnlisted = bounds.slice();
  const uncertain: Edges = { from: [], to: [], weights: [] };
  for (const band of strongestFirst(edges.weights)) {
    step(0);
    for (const e of band) {
      const weight = edges.weights[e];
      const a = find(sets, edges.from[e]), b = find(sets, edges.to[e]);
      if (a === b) continue;
      const certain = strongestUnlisted[a] <= weight || strongestUnlisted[b] <= weight;
      addEdge(certain ? tree : uncertain, edges.from[e], { to: edges.to[e], weight });
      if (!certain) continue;
      const strongest = Math.max(strongestUnlisted[a], strongestUnlisted[b]);
      strongestUnlisted[union(sets, a, b)] = strongest;
    }
  }
  return uncertain;
}

/**
 * Edge numbers from the strongest to the weakest, a band of weights at a time: one sort of the
 * 600,000 edges of 50,000 points would keep a cancellation waiting for a third of a second.
 */
function* strongestFirst(weights: number[]): Generator<Int32Array> {
  let low = Infinity, high = -Infinity;
  for (const weight of weights) {
    low = Math.min(low, weight);
    high = Math.max(high, weight);
  }
  const bands = 64;
  const of = Int32Array.from(
    weights,
    (weight) => high > low ? Math.min(bands - 1, (high - weight) / (high - low) * bands) : 0,
  );
  const { starts, members } = membersOf({ of, count: bands });
  for (let band = 0; band < bands; band++) {
    yield members.subarray(starts[band], starts[band + 1])
      .sort((a, b) => weights[b] - weights[a]);
  }
}

/** Every listed pair once, with its weight, unless that lies below the floor. */
function listedEdges({ points, neighbours, cores, floor }: Density, step: Step): Edges {
  const { k, ids, similarities } = neighbours;
  const edges: Edges = { from: [], to: [], weights: [] };
  for (let p = 0; p < points.count; p++) {
    if (p % 1024 === 0) step(0);
    for (let at = p * k; at < (p + 1) * k && ids[at] >= 0; at++) {
      const q = ids[at];
      const weight = Math.min(cores[p], cores[q], similarities[at]);
      if (weight < floor) continue;
      if (p < q || !ids.subarray(q * k, (q + 1) * k).includes(p)) {
        addEdge(edges, p, { to: q, weight });
      }
    }
  }
  return edges;
}

export function addEdge(
  edges: Edges,
  from: number,
  { to, weight }: { to: number; weight: number },
): void {
  edges.from.push(from);
  edges.to.push(to);
  edges.weights.push(weight);
}
