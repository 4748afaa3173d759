import { type DisjointSets, membersOf, numbered } from "./disjoint_sets.ts";
import { similarity, subset } from "./points.ts";
import { roundingSlack } from "./products.ts";
import { addEdge, type Density, type Edges, type TreeOptions } from "./spanning_tree.ts";

interface JoinOptions extends TreeOptions {
  /** Per point, the most an edge to an unlisted point can weigh. */
  bounds: Float64Array;
  sets: DisjointSets;
  /** Listed edges between the components that are not in the tree yet. */
  listed: Edges;
  tree: Edges;
}

/** The strongest known edge from the grown tree to each component that is still outside. */
interface Frontier {
  weight: Float64Array;
  from: Int32Array;
  to: Int32Array;
}

/**
 * Joins the components `sets` by Prim's algorithm, with components in the place of vertices: each
 * one that is added is compared with all points still outside, so no pair is computed twice. Points
 * whose bound says that they cannot better the edge already known are left out. Edges go into
 * `tree`.
 */
export async function joinParts(density: Density, options: JoinOptions): Promise<void> {
  const { sets, listed, tree, step } = options;
  const { count } = density.points;
  const parts = numbered(sets);
  const { starts, members } = membersOf(parts);
  const listedAt = edgesOfParts(listed, parts);
  const frontier: Frontier = {
    weight: new Float64Array(parts.count).fill(density.floor),
    from: new Int32Array(parts.count).fill(-1),
    to: new Int32Array(parts.count).fill(-1),
  };
  const outside = new Set<number>(Array(parts.count).keys());
  let pointsOutside = count;
  while (outside.size > 0) {
    step(1 - (pointsOutside / count) ** 2);
    const added = strongest(frontier, outside);
    outside.delete(added);
    if (frontier.from[added] >= 0) {
      const [from, to] = [frontier.from[added], frontier.to[added]];
      addEdge(tree, from, { to, weight: frontier.weight[added] });
    }
    const rows = members.subarray(starts[added], starts[added + 1]);
    pointsOutside -= rows.length;
    for (const e of listedAt[added]) {
      const inward = parts.of[listed.from[e]] === added;
      const from = inward ? listed.from[e] : listed.to[e];
      const to = inward ? listed.to[e] : listed.from[e];
      const part = parts.of[to];
      if (outside.has(part)) offer(frontier, part, { from, to, weight: listed.weights[e] });
    }
    const columns: number[] = [];
    for (const part of outside) {
      for (let m = starts[part]; m < starts[part + 1]; m++) columns.push(members[m]);
    }
    await compare(density, { ...options, frontier, partOf: parts.of, rows, columns });
  }
  step(1);
}

function strongest({ weight, from }: Frontier, outside: Set<number>): number {
  let best = -1;
  for (const part of outside) {
    // A part no edge reaches starts a tree of its own, once nothing else is left.
    if (best < 0 || from[part] >= 0 && (from[best] < 0 || weight[part] > weight[best])) best = part;
  }
  return best;
}

function offer(
  frontier: Frontier,
  part: number,
  { from, to, weight }: { from: number; to: number; weight: number },
): void {
  const known = frontier.weight[part];
  if (weight < known || weight === known && frontier.from[part] >= 0) return;
  frontier.weight[part] = weight;
  frontier.from[part] = from;
  frontier.to[part] = to;
}

interface Comparison extends JoinOptions {
  frontier: Frontier;
  partOf: Int32Array;
  rows: Int32Array;
  columns: number[];
}

/** Offers the frontier every edge between `rows` and `columns` that may better what it knows. */
async function compare(density: Density, options: Comparison): Promise<void> {
  const { points, cores } = density;
  const { bounds, frontier, partOf, products, step } = options;
  const slack = roundingSlack(points.dim);
  const canBetter = (q: number) => bounds[q] >= frontier.weight[partOf[q]];
  const columns = options.columns.filter(canBetter);
  const weakest = columns.reduce((low, q) => Math.min(low, frontier.weight[partOf[q]]), Infinity);
  const rows = options.rows.filter((p) => bounds[p] >= weakest);
  if (rows.length === 0) return;
  for (let left = 0; left < columns.length; left += products.columnBlock) {
    const some = columns.slice(left, left + products.columnBlock).filter(canBetter);
    if (some.length === 0) continue;
    const right = subset(points, some).vectors;
    for (let top = 0; top < rows.length; top += products.rowBlock) {
      step(0);
      const block = rows.subarray(top, top + products.rowBlock);
      const tile = await products.products(subset(points, block).vectors, right, points.dim);
      for (let r = 0; r < block.length; r++) {
        const p = block[r];
        for (let c = 0; c < some.length; c++) {
          const q = some[c], part = partOf[q];
          const known = frontier.weight[part];
          if (tile[r * some.length + c] + slack < known || cores[p] < known) continue;
          const weight = Math.min(cores[p], cores[q], similarity(points, p, q));
          offer(frontier, part, { from: p, to: q, weight });
        }
      }
    }
  }
}

/** For every part, the indices of the listed edges that touch it. */
function edgesOfParts(
  { from, to }: Edges,
  { of, count }: { of: Int32Array; count: number },
): number[][] {
  const touching: number[][] = Array.from({ length: count }, () => []);
  for (let e = 0; e < from.length; e++) {
    if (of[from[e]] === of[to[e]]) continue;
    touching[of[from[e]]].push(e);
    touching[of[to[e]]].push(e);
  }
  return touching;
}
