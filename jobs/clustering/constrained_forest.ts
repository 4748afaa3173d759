import { type ConstrainedSets, mayUnite, unite } from "./constraints.ts";
import { find } from "./disjoint_sets.ts";
import { addEdge, copyEdge, type Density, type Edges, noEdges, strongestFirst } from "./edges.ts";
import { similarity } from "./points.ts";
import type { Step } from "./steps.ts";

export interface ForestOptions {
  /** The points' sets; they end as the forest's trees. */
  bound: ConstrainedSets;
  /** Per point: its vertex. */
  vertexOf: Int32Array;
  /** The points of every person with several confirmed ones. */
  together: Int32Array[];
  /** Which of two edges of one weight and one cosine is taken first. */
  tie(one: number, other: number): number;
  step: Step;
}

/**
 * Kruskal over the `candidates` that takes no edge between sets that exclude each other, and begins
 * with edges between the confirmed faces of each person. Those weigh as much as the densest of
 * these faces, more than any other edge at them: the person is one node of the hierarchy before
 * anything joins, so that whatever is chosen from it holds all of them or none. (Weight 1 would be
 * infinite density, and no cluster with other faces in it would ever be chosen over theirs alone.)
 */
export function constrainedForest(
  density: Density,
  candidates: Edges,
  { bound, vertexOf, together, tie, step }: ForestOptions,
): Edges {
  const { rows } = density;
  const forest = noEdges(Math.max(0, rows.length - 1));
  for (const points of together) confirmedEdges(forest, { density, vertexOf, points });
  let seen = 0;
  for (const some of strongestFirst(candidates, tie)) {
    step(seen / candidates.count);
    seen += some.length;
    for (const e of some) {
      const p = rows[candidates.from[e]], q = rows[candidates.to[e]];
      if (find(bound.sets, p) === find(bound.sets, q) || !mayUnite(bound, p, q)) continue;
      unite(bound, p, q);
      copyEdge(forest, candidates, e);
    }
  }
  step(1);
  return forest;
}

/** Edges that make the vertices of these points one tree. */
function confirmedEdges(
  forest: Edges,
  { density: { points, rows, cores, floor }, vertexOf, points: some }: {
    density: Density;
    vertexOf: Int32Array;
    points: Int32Array;
  },
): void {
  const vertices = [...new Set(Array.from(some, (p) => vertexOf[p]))];
  const weight = vertices.reduce((most, v) => Math.max(most, cores[v]), Math.max(-1, floor));
  for (const to of vertices.slice(1)) {
    const from = vertices[0];
    addEdge(forest, from, { to, weight, cosine: similarity(points, rows[from], rows[to]) });
  }
}
