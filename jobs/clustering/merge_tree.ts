import { disjointSets, find, union } from "./disjoint_sets.ts";
import { AT_ONCE, type Edges, strongestFirst } from "./edges.ts";
import { distance } from "./points.ts";
import type { Step } from "./steps.ts";

/** Relative difference up to which two merge distances are the same one. */
const TIE = 2e-6;

/**
 * The single-linkage hierarchy as a tree of nodes. Nodes 0 … count − 1 are the points; every
 * further node is a merge of two or more nodes at one distance. Several `roots` where edges are
 * missing.
 */
export interface MergeTree {
  count: number;
  /** Merge m (node count + m) joins the nodes `children[starts[m]]` to `children[starts[m + 1] − 1]`. */
  starts: Int32Array;
  children: Int32Array;
  /** Per merge: the Euclidean distance at which that happens. */
  distances: Float64Array;
  /** Per node: the points under it. */
  sizes: Int32Array;
  roots: number[];
}

/**
 * Builds the hierarchy of `count` points from a spanning tree or forest. Merges at equal distance
 * (relative 2e-6, which covers float32 input) become one node with several children, so the outcome
 * does not depend on the order of ties: labels of binary trees differ between libraries by up to 17
 * points of 10,000, those of this one by none.
 */
export function mergeTree(count: number, edges: Edges, step: Step): MergeTree {
  const { from, to, weights } = edges;
  const order = ordered(edges, step);
  const growing = noMerges(count);
  const lengthAt = (i: number) => distance(weights[order[i]]);
  for (let first = 0, last = 0; first < order.length; first = last) {
    if (growing.merges % AT_ONCE === 0) step(first / order.length);
    const length = lengthAt(first);
    do joinNodes(growing, from[order[last]], to[order[last++]]); while (
      last < order.length && lengthAt(last) <= length * (1 + TIE) + 1e-12
    );
    closeMerges(growing, length);
  }
  const { sets, topOf, merges } = growing;
  const roots: number[] = [];
  for (let p = 0; p < count; p++) if (sets[p] === p) roots.push(topOf[p]);
  return {
    count,
    starts: growing.starts.subarray(0, merges + 1),
    children: growing.children,
    distances: growing.distances.subarray(0, merges),
    sizes: growing.sizes.subarray(0, count + merges),
    roots,
  };
}

/** Edge numbers from the strongest to the weakest, in which order Kruskal left them already. */
function ordered(edges: Edges, step: Step): Int32Array {
  const order = new Int32Array(edges.count);
  let falling = true;
  for (let e = 0; e < order.length; e++) {
    order[e] = e;
    falling &&= e === 0 || edges.weights[e] <= edges.weights[e - 1];
  }
  if (falling) return order;
  let seen = 0;
  for (const some of strongestFirst(edges)) {
    step(0);
    order.set(some, seen);
    seen += some.length;
  }
  return order;
}

/** A merge tree that grows, and which nodes the sets of the distance at hand join. */
interface Growing {
  sets: Int32Array;
  /** Per set representative: its node. */
  topOf: Int32Array;
  /** The nodes that a set joins as a list: its first and last, and what comes after each node. */
  firstOf: Int32Array;
  lastOf: Int32Array;
  after: Int32Array;
  /** Points of the sets that were changed. */
  touched: number[];
  merges: number;
  starts: Int32Array;
  children: Int32Array;
  distances: Float64Array;
  sizes: Int32Array;
}

function noMerges(count: number): Growing {
  return {
    sets: disjointSets(count),
    topOf: disjointSets(count),
    firstOf: new Int32Array(count).fill(-1),
    lastOf: new Int32Array(count).fill(-1),
    after: new Int32Array(2 * count).fill(-1),
    touched: [],
    merges: 0,
    starts: new Int32Array(count + 1),
    children: new Int32Array(2 * count),
    distances: new Float64Array(count),
    sizes: new Int32Array(2 * count).fill(1),
  };
}

function joinNodes(growing: Growing, p: number, q: number): void {
  const { sets, topOf, firstOf, lastOf, after, touched } = growing;
  const a = find(sets, p), b = find(sets, q);
  for (const set of [a, b]) {
    if (firstOf[set] >= 0) continue;
    firstOf[set] = lastOf[set] = topOf[set];
    touched.push(set);
  }
  after[lastOf[a]] = firstOf[b];
  const last = lastOf[b];
  const merged = union(sets, a, b);
  firstOf[merged] = firstOf[a];
  lastOf[merged] = last;
}

/** Makes a node of every set that was changed. */
function closeMerges(growing: Growing, length: number): void {
  const { sets, topOf, firstOf, lastOf, after, touched, starts, children, sizes } = growing;
  for (const set of touched) {
    if (sets[set] === set) {
      let end = starts[growing.merges], size = 0;
      for (let node = firstOf[set]; node >= 0; node = after[node]) {
        children[end++] = node;
        size += sizes[node];
      }
      const node = sets.length + growing.merges;
      topOf[set] = node;
      sizes[node] = size;
      growing.distances[growing.merges++] = length;
      starts[growing.merges] = end;
    }
    firstOf[set] = lastOf[set] = -1;
  }
  touched.length = 0;
}

/** The points under a node. */
export function pointsUnder({ count, starts, children }: MergeTree, node: number): number[] {
  const points: number[] = [], stack = [node];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (next < count) points.push(next);
    else {
      for (let at = starts[next - count]; at < starts[next - count + 1]; at++) {
        stack.push(children[at]);
      }
    }
  }
  return points;
}
