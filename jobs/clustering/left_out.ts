import { constrainedSets, type Constraints, mayUnite, unite } from "./constraints.ts";
import { contentOrder } from "./content_order.ts";
import { addEdge, AT_ONCE, type Density, type Edges, noEdges, strongestFirst } from "./edges.ts";
import { distance } from "./points.ts";
import type { DensityLabelling } from "./select.ts";
import type { Step } from "./steps.ts";

export interface LeftOutOptions {
  constraints: Constraints;
  /** Per point: its vertex. */
  vertexOf: Int32Array;
  step: Step;
}

/**
 * Labels vertices that belong to no cluster only because a constraint kept them out: the set they
 * were in excluded that of the cluster, but they themselves do not exclude it (two faces of a
 * person, one of which shares a photo with another of hers). Such a vertex has an edge into the
 * cluster that is denser than where the cluster appears; without constraints that alone would have
 * joined it. It goes to the nearest that permits it. Vertices of a person with several
 * confirmed faces stay where these are.
 */
export function attachLeftOut(
  density: Density,
  labelling: DensityLabelling,
  { constraints, vertexOf, step }: LeftOutOptions,
): void {
  const { labels, strengths, deaths } = labelling;
  const { points, rows } = density;
  const edges = edgesIntoClusters(density, labelling, step);
  if (edges.count === 0) return;
  const bound = constrainedSets(vertexOf.length, constraints);
  const first = new Int32Array(deaths.length).fill(-1); // of each cluster, a point
  for (let p = 0; p < vertexOf.length; p++) {
    const label = labels[vertexOf[p]];
    if (label >= 0 && first[label] < 0) first[label] = p;
    unite(bound, p, label >= 0 ? first[label] : rows[vertexOf[p]]);
  }
  const confirmed = severallyConfirmed(constraints, vertexOf);
  for (const some of strongestFirst(edges, contentOrder(points, edges, rows))) {
    step(0);
    for (const e of some) {
      const v = edges.from[e], label = labels[edges.to[e]];
      if (labels[v] >= 0 || confirmed.has(v)) continue;
      if (!mayUnite(bound, rows[v], first[label])) continue;
      unite(bound, rows[v], first[label]);
      const λ = 1 / distance(edges.weights[e]);
      labels[v] = label;
      strengths[v] = λ >= deaths[label] ? 1 : λ / deaths[label];
    }
  }
}

/**
 * Listed edges from vertices without a label (`from`) into clusters, denser than where the cluster
 * appears.
 */
function edgesIntoClusters(
  { neighbours: { k, ids, similarities }, cores, floor }: Density,
  { labels, births }: DensityLabelling,
  step: Step,
): Edges {
  const pairs: { from: number; to: number; weight: number; cosine: number }[] = [];
  for (let p = 0; p < labels.length; p++) {
    if (p % AT_ONCE === 0) step(p / labels.length);
    for (let at = p * k; at < (p + 1) * k && ids[at] >= 0; at++) {
      if (labels[p] < 0 === labels[ids[at]] < 0) continue;
      const [from, to] = labels[p] < 0 ? [p, ids[at]] : [ids[at], p];
      const cosine = similarities[at], weight = Math.min(cores[from], cores[to], cosine);
      if (weight < floor || !(1 / distance(weight) > births[labels[to]])) continue;
      pairs.push({ from, to, weight, cosine });
    }
  }
  const edges = noEdges(pairs.length);
  for (const { from, ...pair } of pairs) addEdge(edges, from, pair);
  return edges;
}

/** Vertices of people with two confirmed points or more. */
function severallyConfirmed({ people }: Constraints, vertexOf: Int32Array): Set<number> {
  const counts = new Map<number, number>();
  for (const person of people ?? []) counts.set(person, (counts.get(person) ?? 0) + 1);
  const vertices = new Set<number>();
  people?.forEach((person, p) => {
    if (person >= 0 && counts.get(person)! > 1) vertices.add(vertexOf[p]);
  });
  return vertices;
}
