import { type DisjointSets, find } from "./disjoint_sets.ts";
import { addEdge, type Density, type Edges, noEdges } from "./edges.ts";
import { similarity, subset } from "./points.ts";
import { roundingSlack } from "./products.ts";
import type { TreeOptions } from "./spanning_tree.ts";

interface WithinOptions extends TreeOptions {
  sets: DisjointSets;
  /** Per vertex: its group, or −1. Those that cost too much are dissolved. */
  groups: Int32Array;
}

/** Components of a group up to which their edges are looked for. */
const MOST_COMPONENTS = 256;
/** Products for a group's edges, as a part of all pairs, up to which they are looked for. */
const MOST_WORK = .02;

/**
 * The strongest edge between any two components `sets` of one group. Most groups are one component
 * by now; in the others most points are in the largest, and the rest are compared with all. Groups
 * that have fallen apart are dissolved instead (`groups` becomes −1).
 */
export async function edgesWithinGroups(
  density: Density,
  { sets, groups, products, step }: WithinOptions,
): Promise<Edges> {
  const members = new Map<number, number[]>();
  groups.forEach((group, v) => {
    if (group < 0) return;
    const some = members.get(group);
    if (some) some.push(v);
    else members.set(group, [v]);
  });
  const found: Edges[] = [];
  for (const all of members.values()) {
    step(0);
    const components = componentsOf(all, sets);
    if (components.length === 1) continue;
    const rows = components.slice(1).flat();
    const work = rows.length * all.length;
    if (components.length > MOST_COMPONENTS || work > MOST_WORK * groups.length ** 2) {
      for (const v of all) groups[v] = -1;
    } else {
      found.push(await strongestBetween(density, { components, rows, products, step }));
    }
  }
  const edges = noEdges(found.reduce((sum, { count }) => sum + count, 0));
  for (const { count, from, to, weights, cosines } of found) {
    for (let e = 0; e < count; e++) {
      addEdge(edges, from[e], { to: to[e], weight: weights[e], cosine: cosines[e] });
    }
  }
  return edges;
}

/** The members of each component, the largest first. */
function componentsOf(members: number[], sets: DisjointSets): number[][] {
  const components = new Map<number, number[]>();
  for (const v of members) {
    const root = find(sets, v), component = components.get(root);
    if (component) component.push(v);
    else components.set(root, [v]);
  }
  return [...components.values()].sort((a, b) => b.length - a.length);
}

interface Between extends TreeOptions {
  components: number[][];
  /** The vertices of all components but the first. */
  rows: number[];
}

async function strongestBetween(
  { points, rows: pointOf, cores, floor }: Density,
  { components, rows, products, step }: Between,
): Promise<Edges> {
  const { dim } = points;
  const count = components.length;
  const componentOf = new Map(components.flatMap((some, c) => some.map((v) => [v, c])));
  const known = new Float64Array(count * count).fill(floor);
  const best = new Map<number, { from: number; to: number; cosine: number }>();
  const columns = components.flat();
  const slack = roundingSlack(dim);
  for (let left = 0; left < columns.length; left += products.columnBlock) {
    const some = columns.slice(left, left + products.columnBlock);
    const right = subset(points, some.map((v) => pointOf[v])).vectors;
    const ofColumn = some.map((v) => componentOf.get(v)!);
    for (let top = 0; top < rows.length; top += products.rowBlock) {
      step(0);
      const block = rows.slice(top, top + products.rowBlock);
      const above = subset(points, block.map((v) => pointOf[v])).vectors;
      const tile = await products.products(above, right, dim);
      for (let r = 0; r < block.length; r++) {
        const p = block[r], one = componentOf.get(p)!;
        for (let c = 0, at = r * some.length; c < some.length; c++, at++) {
          const other = ofColumn[c];
          if (other >= one) continue;
          const pair = one * count + other;
          if (tile[at] + slack < known[pair] || cores[p] < known[pair]) continue;
          const q = some[c], cosine = similarity(points, pointOf[p], pointOf[q]);
          const weight = Math.min(cores[p], cores[q], cosine);
          if (weight < known[pair] || weight === known[pair] && best.has(pair)) continue;
          known[pair] = weight;
          best.set(pair, { from: p, to: q, cosine });
        }
      }
    }
  }
  const edges = noEdges(best.size);
  for (const [pair, { from, to, cosine }] of best) {
    addEdge(edges, from, { to, weight: known[pair], cosine });
  }
  return edges;
}
