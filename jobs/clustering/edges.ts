import { membersOf } from "./disjoint_sets.ts";
import type { Neighbours } from "./neighbours.ts";
import type { Points } from "./points.ts";
import type { Step } from "./steps.ts";

/** Weighted edges between vertices, in no particular order; the arrays may be longer than `count`. */
export interface Edges {
  count: number;
  from: Int32Array;
  to: Int32Array;
  /** Mutual reachability: the lowest of both core similarities and the cosine. */
  weights: Float64Array;
  /** The cosine alone: which of two edges of one weight is the nearer. */
  cosines: Float64Array;
}

/** What is known of the vertices' similarities before the tree is built. */
export interface Density {
  points: Points;
  /** The points that are vertices, in the order of the lists; vertex v is point `rows[v]`. */
  rows: Int32Array;
  /** Lists of vertices. */
  neighbours: Neighbours;
  /** Per vertex. */
  cores: Float64Array;
  /** Edges weaker than this do not exist. −Infinity: every pair has an edge. */
  floor: number;
}

export function noEdges(capacity: number): Edges {
  return {
    count: 0,
    from: new Int32Array(capacity),
    to: new Int32Array(capacity),
    weights: new Float64Array(capacity),
    cosines: new Float64Array(capacity),
  };
}

/** Adds an edge; there must be room for it. */
export function addEdge(
  edges: Edges,
  from: number,
  { to, weight, cosine }: { to: number; weight: number; cosine: number },
): void {
  const at = edges.count++;
  edges.from[at] = from;
  edges.to[at] = to;
  edges.weights[at] = weight;
  edges.cosines[at] = cosine;
}

/** Adds edge `e` of `others`; there must be room for it. */
export function copyEdge(edges: Edges, others: Edges, e: number): void {
  const at = edges.count++;
  edges.from[at] = others.from[e];
  edges.to[at] = others.to[e];
  edges.weights[at] = others.weights[e];
  edges.cosines[at] = others.cosines[e];
}

/** Both, in new arrays. */
export function withEdges(edges: Edges, others: Edges): Edges {
  const both = noEdges(edges.count + others.count);
  for (const { count, from, to, weights, cosines } of [edges, others]) {
    both.from.set(from.subarray(0, count), both.count);
    both.to.set(to.subarray(0, count), both.count);
    both.weights.set(weights.subarray(0, count), both.count);
    both.cosines.set(cosines.subarray(0, count), both.count);
    both.count += count;
  }
  return both;
}

/** Vertices, or edges, gone over between two looks at the flag that cancels: a few milliseconds. */
export const AT_ONCE = 8192;

/** Every listed pair once, with its weight, unless that lies below the floor. */
export function listedEdges({ neighbours, cores, floor }: Density, step: Step): Edges {
  const { k, ids, similarities } = neighbours;
  const count = cores.length;
  const edges = noEdges(count * k);
  for (let p = 0; p < count; p++) {
    if (p % AT_ONCE === 0) step(p / count);
    if (cores[p] < floor) continue;
    for (let at = p * k, end = at + k; at < end && ids[at] >= 0; at++) {
      const q = ids[at], cosine = similarities[at];
      const weight = Math.min(cores[p], cores[q], cosine);
      if (weight < floor || q < p && lists(neighbours, q, p)) continue;
      const e = edges.count++;
      edges.from[e] = p;
      edges.to[e] = q;
      edges.weights[e] = weight;
      edges.cosines[e] = cosine;
    }
  }
  step(1);
  return edges;
}

function lists({ k, ids }: Neighbours, p: number, q: number): boolean {
  for (let at = p * k, end = at + k; at < end; at++) if (ids[at] === q) return true;
  return false;
}

/** Edges in a band that are put in order by insertion. */
const FEW = 24;
const MOST_BANDS = 2 ** 18;

/**
 * Edge numbers from the strongest to the weakest, some at a time; of equal weights the greater
 * cosine first, and then as `tie` says. By bands of weights, as one comparing sort of the million
 * edges of 100,000 points takes most of a second, in which nothing else happens, and this 0.1 s.
 */
export function* strongestFirst(
  edges: Edges,
  tie: (one: number, other: number) => number = () => 0,
): Generator<Int32Array> {
  const { weights, cosines } = edges;
  const before = (a: number, b: number) =>
    weights[b] - weights[a] || cosines[b] - cosines[a] || tie(a, b);
  const all = new Int32Array(edges.count);
  for (let e = 0; e < all.length; e++) all[e] = e;
  yield* banded(all, { values: [weights, cosines], before });
}

interface Order {
  /** What edges are parted by, greatest first: those that agree in one, by the next. */
  values: Float64Array[];
  before(a: number, b: number): number;
}

function* banded(some: Int32Array, { values, before }: Order): Generator<Int32Array> {
  const [value, ...further] = values;
  let low = Infinity, high = -Infinity;
  for (const e of some) {
    if (value[e] < low) low = value[e];
    if (value[e] > high) high = value[e];
  }
  if (!(high > low)) {
    if (further.length > 0) yield* banded(some, { values: further, before });
    else yield some.sort(before);
    return;
  }
  const count = Math.min(MOST_BANDS, 2 ** Math.ceil(Math.log2(some.length / 4 + 2)));
  const scale = count / (high - low);
  if (scale === Infinity) return yield some.sort(before); // apart by less than 1e-300
  const of = new Int32Array(some.length);
  for (let i = 0; i < some.length; i++) {
    of[i] = Math.min(count - 1, (high - value[some[i]]) * scale);
  }
  const { starts, members } = membersOf({ of, count });
  for (let i = 0; i < members.length; i++) members[i] = some[members[i]];
  let from = 0; // what is in order but not handed out yet
  for (let band = 0; band < count; band++) {
    const start = starts[band], end = starts[band + 1];
    if (end - start > FEW) {
      if (start > from) yield members.subarray(from, start);
      yield* banded(members.slice(start, end), { values, before });
      from = end;
    } else {
      insertionSort(members, { start, end, value, before, values });
      if (end - from >= AT_ONCE) {
        yield members.subarray(from, end);
        from = end;
      }
    }
  }
  if (members.length > from) yield members.subarray(from);
}

function insertionSort(
  members: Int32Array,
  { start, end, value, before }: { start: number; end: number; value: Float64Array } & Order,
): void {
  for (let i = start + 1; i < end; i++) {
    const e = members[i], most = value[e];
    let at = i;
    for (; at > start; at--) {
      const other = members[at - 1];
      if (value[other] > most || value[other] === most && before(other, e) <= 0) break;
      members[at] = other;
    }
    members[at] = e;
  }
}
