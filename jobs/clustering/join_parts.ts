import { type DisjointSets, membersOf, numbered } from "./disjoint_sets.ts";
import { addEdge, type Density, type Edges } from "./edges.ts";
import {
  fill,
  firstAtMost,
  levelsOf,
  type Parts,
  type Pool,
  poolOf,
  raiseGates,
} from "./join_pool.ts";
import { similarity, subset } from "./points.ts";
import { roundingSlack } from "./products.ts";
import type { TreeOptions } from "./spanning_tree.ts";

export interface JoinOptions extends TreeOptions {
  /** Per vertex, the most an edge to one that it has no listed edge to can weigh. */
  bounds: Float64Array;
  sets: DisjointSets;
  /** Listed edges between the components that are not in the tree yet. */
  listed: Edges;
  tree: Edges;
}

interface Joining extends JoinOptions {
  density: Density;
  parts: Parts;
  pool: Pool;
}

/**
 * Joins the components `sets` by Prim's algorithm, with components in the place of vertices, so
 * that no pair is computed twice. Pairs are computed as late as possible: those whose bounds are
 * both above the level, which sinks when no known edge is as strong as it is; and of those the ones
 * from a component that was added when no known edge is as strong as its bounds. Edges go into
 * `tree`.
 */
export async function joinParts(density: Density, options: JoinOptions): Promise<void> {
  const { sets, listed, bounds, step } = options;
  const parts = partsOf(sets, density.floor);
  const listedAt = edgesOfParts(listed, parts);
  const outside = reachable(parts, { bounds, listedAt, floor: density.floor });
  const pool = poolOf(density, { parts, outside, bounds });
  const joining: Joining = {
    ...options,
    density,
    parts,
    pool,
  };
  let pointsOutside = parts.of.length;
  const levels = levelsOf(pool, density.floor);
  let level = levels.shift()!;
  const inside: number[] = [];
  let waiting: number[] = [], highestWaiting = -Infinity;
  while (outside.length > 0) {
    // Products go with the pairs of inside and outside.
    step(1 - (pointsOutside / parts.of.length) ** 2);
    const next = strongest(parts, outside);
    const known = next >= 0 ? parts.weight[next] : inside.length > 0 ? -Infinity : Infinity;
    if (highestWaiting > Math.max(known, level)) {
      const rows = waiting.filter((p) => bounds[p] > level);
      highestWaiting = -Infinity;
      waiting = [];
      await compare(joining, { rows, above: level, upTo: Infinity });
    } else if (level > known && levels.length > 0) {
      const lower = levels.shift()!;
      const above = (least: number) => inside.filter((p) => bounds[p] > least);
      const rows = above(lower);
      await compare(joining, { rows, above: lower, upTo: level });
      const lowRows = rows.filter((p) => bounds[p] <= level);
      await compare(joining, { rows: lowRows, above: level, upTo: Infinity });
      level = lower;
      waiting = [];
      highestWaiting = -Infinity;
    } else {
      // A part no edge reaches starts a tree of its own.
      const part = next < 0 ? outside[0] : next;
      outside.splice(outside.indexOf(part), 1);
      pointsOutside -= parts.starts[part + 1] - parts.starts[part];
      addPart(joining, part, { reached: next >= 0, listed: listedAt[part] ?? [] });
      for (let m = parts.starts[part]; m < parts.starts[part + 1]; m++) {
        const p = parts.members[m];
        if (bounds[p] < density.floor) continue;
        inside.push(p);
        waiting.push(p);
        highestWaiting = Math.max(highestWaiting, bounds[p]);
      }
    }
  }
  step(1);
}

/** Takes a part into the tree, by the edge that reaches it, and offers the edges listed from it. */
function addPart(
  { parts, tree, listed }: Joining,
  part: number,
  { reached, listed: touching }: { reached: boolean; listed: number[] },
): void {
  const { from, to, weight, cosine } = parts;
  if (reached) {
    addEdge(tree, from[part], { to: to[part], weight: weight[part], cosine: cosine[part] });
  }
  weight[part] = Infinity;
  for (const e of touching) {
    const inward = parts.of[listed.from[e]] === part;
    offer(parts, inward ? listed.from[e] : listed.to[e], {
      to: inward ? listed.to[e] : listed.from[e],
      weight: listed.weights[e],
      cosine: listed.cosines[e],
    });
  }
}

function partsOf(sets: DisjointSets, floor: number): Parts {
  const parts = numbered(sets);
  return {
    ...parts,
    ...membersOf(parts),
    weight: new Float64Array(parts.count).fill(floor),
    cosine: new Float64Array(parts.count),
    from: new Int32Array(parts.count).fill(-1),
    to: new Int32Array(parts.count).fill(-1),
  };
}

/** Parts to which any edge at the floor or above may lead; the others are trees already. */
function reachable(
  parts: Parts,
  { bounds, listedAt, floor }: {
    bounds: Float64Array;
    listedAt: (number[] | undefined)[];
    floor: number;
  },
): number[] {
  const some: number[] = [];
  for (let part = 0; part < parts.count; part++) {
    let within = listedAt[part] !== undefined;
    for (let m = parts.starts[part]; !within && m < parts.starts[part + 1]; m++) {
      within = bounds[parts.members[m]] >= floor;
    }
    if (within) some.push(part);
  }
  return some;
}

/** The part that the strongest known edge reaches, or −1 where there is none. */
function strongest({ weight, from }: Parts, outside: number[]): number {
  let best = -1, most = -Infinity;
  for (const part of outside) {
    if (from[part] >= 0 && weight[part] > most) [best, most] = [part, weight[part]];
  }
  return best;
}

function offer(
  { of, weight: known, cosine: cosines, from: sources, to: targets }: Parts,
  from: number,
  { to, weight, cosine }: { to: number; weight: number; cosine: number },
): void {
  const part = of[to];
  if (weight < known[part] || weight === known[part] && sources[part] >= 0) return;
  known[part] = weight;
  cosines[part] = cosine;
  sources[part] = from;
  targets[part] = to;
}

interface Comparison {
  /** Inside. */
  rows: number[];
  /** Which of the pool: those whose bounds are above this, and not above that. */
  above: number;
  upTo: number;
}

/** Offers every edge between `rows` and some of the pool that betters what is known. */
async function compare(joining: Joining, { rows, above, upTo }: Comparison): Promise<void> {
  const { density, pool, bounds, products, step } = joining;
  const { points, rows: pointOf } = density;
  const { dim } = points;
  if (rows.length === 0) return;
  raiseGates(pool, joining.parts, { dim });
  const end = firstAtMost(pool, above);
  for (let start = firstAtMost(pool, upTo); start < end; start += products.columnBlock) {
    const width = Math.min(end - start, products.columnBlock);
    fill(pool, density, start + width);
    let weakest = Infinity;
    for (let i = start; i < start + width; i++) weakest = Math.min(weakest, pool.gates[i]);
    const some = rows.filter((p) => bounds[p] >= weakest);
    const right = pool.vectors.subarray(start * dim, (start + width) * dim);
    for (let top = 0; top < some.length; top += products.rowBlock) {
      const block = some.slice(top, top + products.rowBlock);
      step(0);
      const left = subset(points, block.map((p) => pointOf[p])).vectors;
      const tile = await products.products(left, right, dim);
      offerFrom(joining, { tile, rows: block, start, width });
    }
  }
}

/** Offers what a tile of `rows` and the pool from `start` on holds. */
function offerFrom(
  { density: { points, cores, rows: pointOf }, parts, pool }: Joining,
  { tile, rows, start, width }: {
    tile: Float32Array;
    rows: number[];
    start: number;
    width: number;
  },
): void {
  const { ids, gates, parts: partOf } = pool;
  const slack = roundingSlack(points.dim);
  for (let r = 0; r < rows.length; r++) {
    const p = rows[r], core = cores[p];
    for (let at = r * width, i = start; i < start + width; i++, at++) {
      const most = tile[at] + slack;
      if (most < gates[i] || core < gates[i]) continue;
      // Another of its part may have been reached since.
      gates[i] = Math.max(gates[i], parts.weight[partOf[i]]);
      if (most < gates[i] || core < gates[i]) continue;
      const cosine = similarity(points, pointOf[p], pointOf[ids[i]]);
      offer(parts, p, { to: ids[i], weight: Math.min(core, cores[ids[i]], cosine), cosine });
    }
  }
}

/** For every part that any touch, the listed edges to other parts. */
function edgesOfParts(
  { count, from, to }: Edges,
  { of, count: parts }: { of: Int32Array; count: number },
): (number[] | undefined)[] {
  const touching = new Array<number[] | undefined>(parts);
  for (let e = 0; e < count; e++) {
    const one = of[from[e]], other = of[to[e]];
    if (one === other) continue;
    (touching[one] ??= []).push(e);
    (touching[other] ??= []).push(e);
  }
  return touching;
}
