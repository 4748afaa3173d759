import type { Density } from "./edges.ts";

/** The components, and the strongest known edge from the grown tree to each that is outside. */
export interface Parts {
  count: number;
  of: Int32Array;
  starts: Int32Array;
  members: Int32Array;
  /** Infinite for those that are inside. */
  weight: Float64Array;
  cosine: Float64Array;
  from: Int32Array;
  to: Int32Array;
}

/**
 * Vertices outside to which stronger edges may lead than are known, and some others; highest bound
 * first. Arrays side by side, as every added component has all of them gone over.
 */
export interface Pool {
  count: number;
  ids: Int32Array;
  /** Those of the first `filled` only: low bounds are often not reached. */
  vectors: Float32Array;
  filled: number;
  bounds: Float64Array;
  parts: Int32Array;
  /** What an edge to each must weigh to be of use; Infinity where none can. */
  gates: Float64Array;
}

/** Steps in which bounds are gone down: the fewer, the more is compared that need not be. */
const LEVELS = 24;

export function poolOf(
  { points, floor }: Density,
  { parts, outside, bounds }: { parts: Parts; outside: number[]; bounds: Float64Array },
): Pool {
  const ids: number[] = [];
  for (const part of outside) {
    for (let m = parts.starts[part]; m < parts.starts[part + 1]; m++) {
      if (bounds[parts.members[m]] >= floor) ids.push(parts.members[m]);
    }
  }
  const sorted = Int32Array.from(ids).sort((p, q) => bounds[q] - bounds[p]);
  return {
    count: sorted.length,
    ids: sorted,
    vectors: new Float32Array(sorted.length * points.dim),
    filled: 0,
    bounds: Float64Array.from(sorted, (p) => bounds[p]),
    parts: sorted.map((p) => parts.of[p]),
    gates: new Float64Array(sorted.length),
  };
}

/** Bounds of the pool that part it evenly, from the highest on; none of the pool's is below the last. */
export function levelsOf({ count, bounds }: Pool, floor: number): number[] {
  const levels = [Infinity];
  for (let l = 1; l < LEVELS; l++) {
    const bound = bounds[Math.floor(count * l / LEVELS)];
    if (bound < levels.at(-1)!) levels.push(bound);
  }
  // Bounds at the floor itself count: edges of just that weight exist.
  return [...levels.filter((level) => level > floor), floor === -Infinity ? -2 : floor - 1e-12];
}

/** Puts vectors into the pool up to `end`. */
export function fill(pool: Pool, { points: { vectors, dim }, rows }: Density, end: number): void {
  for (; pool.filled < end; pool.filled++) {
    const from = rows[pool.ids[pool.filled]] * dim;
    pool.vectors.set(vectors.subarray(from, from + dim), pool.filled * dim);
  }
}

/**
 * Brings the gates to what is known by now, and drops what is inside, or cannot better what is
 * known of its part, once that is a quarter.
 */
export function raiseGates(
  pool: Pool,
  { weight, from }: Parts,
  { dim }: { dim: number },
): void {
  const { ids, vectors, bounds, parts, gates } = pool;
  let wanted = 0;
  for (let i = 0; i < pool.count; i++) {
    const known = weight[parts[i]];
    const may = bounds[i] > known || bounds[i] === known && from[parts[i]] < 0;
    gates[i] = may ? known : Infinity;
    if (may) wanted++;
  }
  if (wanted * 4 > pool.count * 3) return;
  let to = 0, filled = 0;
  for (let i = 0; i < pool.count; i++) {
    if (gates[i] === Infinity) continue;
    ids[to] = ids[i];
    bounds[to] = bounds[i];
    parts[to] = parts[i];
    gates[to] = gates[i];
    if (i < pool.filled) {
      vectors.copyWithin(to * dim, i * dim, (i + 1) * dim);
      filled++;
    }
    to++;
  }
  pool.count = to;
  pool.filled = filled;
}

/** Where those with bounds of at most `bound` begin. */
export function firstAtMost({ count, bounds }: Pool, bound: number): number {
  let low = 0, high = count;
  while (low < high) {
    const middle = low + high >> 1;
    if (bounds[middle] > bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
