import {
  type DisjointSets,
  disjointSets,
  find,
  membersOf,
  numbered,
  union,
} from "./disjoint_sets.ts";
import type { Neighbours } from "./neighbours.ts";
import { type Points, similarity, subset } from "./points.ts";
import { type ProductBackend, roundingSlack } from "./products.ts";
import type { Step } from "./steps.ts";

export interface NearDuplicateOptions {
  /** Cosine from which two points count as one, −1 to 1. */
  threshold: number;
  products: ProductBackend;
  step: Step;
}

/** Points gone over between two looks at the flag that cancels. */
const ROWS_AT_ONCE = 4096;
/** Pairs from which a call of the backend is worth its 50 µs; one by one, a pair takes 0.6 µs. */
const WORTH_A_CALL = 100;

/**
 * The connected components of all pairs of cosine `threshold` or more (decided in float64), as the
 * number of each point's component, 0, 1, … by first member. Exact, whatever the lists' length:
 * pairs come out of the lists, and where both points may have unlisted partners (a burst longer than
 * the lists) from products between those components that are close enough by the triangle
 * inequality; a point of two components that are joined by then is not compared again.
 */
export async function nearDuplicateGroups(
  points: Points,
  neighbours: Neighbours,
  options: NearDuplicateOptions,
): Promise<{ of: Int32Array; count: number }> {
  const sets = disjointSets(points.count);
  const saturated = joinListed(neighbours, { ...options, sets });
  const bursts = burstsOf(points, { saturated, sets, step: options.step });
  if (bursts.count > 1) await joinUnlisted(points, { ...options, sets, bursts });
  options.step(1);
  return numbered(sets);
}

/** Joins the listed pairs. Answers the points that may have partners which are not listed. */
function joinListed(
  { k, ids, similarities, unlisted }: Neighbours,
  { threshold, step, sets }: NearDuplicateOptions & { sets: DisjointSets },
): number[] {
  const saturated: number[] = [];
  for (let p = 0; p < unlisted.length; p++) {
    if (p % ROWS_AT_ONCE === 0) step(0);
    for (let at = p * k; at < (p + 1) * k && similarities[at] >= threshold; at++) {
      union(sets, p, ids[at]);
    }
    if (unlisted[p] >= threshold) saturated.push(p);
  }
  return saturated;
}

/** The saturated points by component. */
interface Bursts {
  count: number;
  /** Points, those of one burst side by side: burst b is `members[starts[b]]` to `starts[b + 1]`. */
  members: Int32Array;
  starts: Int32Array;
  /** Per member, its burst. */
  of: Int32Array;
  /** Unit vectors in the middle of each. */
  centres: Points;
  /** Per burst, the widest angle between a member and the centre, in radians. */
  radii: Float64Array;
}

function burstsOf(
  points: Points,
  { saturated, sets, step }: { saturated: number[]; sets: DisjointSets; step: Step },
): Bursts {
  const numbers = new Map<number, number>();
  const of = Int32Array.from(saturated, (p) => {
    const root = find(sets, p);
    if (!numbers.has(root)) numbers.set(root, numbers.size);
    return numbers.get(root)!;
  });
  const { starts, members: order } = membersOf({ of, count: numbers.size });
  const members = order.map((i) => saturated[i]);
  const { dim, vectors } = points;
  const centres: Points = {
    vectors: new Float32Array(numbers.size * dim),
    dim,
    count: numbers.size,
  };
  const radii = new Float64Array(numbers.size);
  for (let b = 0; b < numbers.size; b++) {
    const centre = centreOf(points, members.subarray(starts[b], starts[b + 1]));
    centres.vectors.set(centre, b * dim);
    for (let m = starts[b]; m < starts[b + 1]; m++) {
      if (m % ROWS_AT_ONCE === 0) step(0);
      let cosine = 0;
      for (let i = 0; i < dim; i++) cosine += centre[i] * vectors[members[m] * dim + i];
      radii[b] = Math.max(radii[b], angle(cosine - roundingSlack(dim)));
    }
  }
  return { count: numbers.size, members, starts, of: order.map((i) => of[i]), centres, radii };
}

/** The direction of the members' sum; of the first member where they cancel out. */
function centreOf({ vectors, dim }: Points, members: Int32Array): Float32Array {
  const sum = new Float64Array(dim);
  for (const p of members) for (let i = 0; i < dim; i++) sum[i] += vectors[p * dim + i];
  const length = Math.sqrt(sum.reduce((total, x) => total + x * x, 0));
  return length > 1e-3
    ? Float32Array.from(sum, (x) => x / length)
    : vectors.slice(members[0] * dim, (members[0] + 1) * dim);
}

function angle(cosine: number): number {
  return Math.acos(Math.max(-1, Math.min(1, cosine)));
}

interface JoinOptions extends NearDuplicateOptions {
  sets: DisjointSets;
  bursts: Bursts;
}

/**
 * Compares every burst's points with those bursts behind it that they can reach: within the angle
 * of the threshold and the burst's radius around its centre.
 */
async function joinUnlisted(points: Points, options: JoinOptions): Promise<void> {
  const { threshold, products, step, sets, bursts } = options;
  const { members, starts, of, centres, radii } = bursts;
  const slack = roundingSlack(points.dim);
  const reach = angle(threshold - slack);
  const least = radii.map((radius) =>
    radius + reach >= Math.PI ? -2 : Math.cos(radius + reach) - slack
  );
  for (let top = 0; top < members.length; top += products.rowBlock) {
    const bottom = Math.min(members.length, top + products.rowBlock);
    const rows = members.subarray(top, bottom);
    const block = subset(points, rows).vectors;
    for (let left = of[top] + 1; left < bursts.count; left += products.columnBlock) {
      step(top / members.length);
      const right = Math.min(bursts.count, left + products.columnBlock);
      const tile = (await products.products(
        block,
        centres.vectors.subarray(left * points.dim, right * points.dim),
        points.dim,
      )).slice(); // what follows multiplies too, which may write over it
      for (let b = left; b < right; b++) {
        const near: number[] = [];
        for (let r = 0; r < rows.length && of[top + r] < b; r++) {
          if (tile[r * (right - left) + b - left] < least[b]) continue;
          if (find(sets, rows[r]) !== find(sets, members[starts[b]])) near.push(rows[r]);
        }
        const burst = members.subarray(starts[b], starts[b + 1]);
        if (near.length > 0) await compare(points, { ...options, near, burst });
      }
    }
  }
}

interface Comparison extends JoinOptions {
  near: number[];
  burst: Int32Array;
}

/** Joins points `near` a burst with it where one of its members is at the threshold. */
async function compare(
  points: Points,
  { near, burst, threshold, products, step, sets }: Comparison,
): Promise<void> {
  const { dim } = points;
  const apart = (p: number) => find(sets, p) !== find(sets, burst[0]);
  const least = threshold - roundingSlack(dim);
  for (let left = 0; left < burst.length; left += products.columnBlock) {
    const some = burst.subarray(left, left + products.columnBlock);
    const rows = near.filter(apart);
    if (rows.length === 0) return;
    step(0);
    // A first member alone: bursts of the same face are joined by it, without a tile.
    for (const p of rows) {
      if (apart(p) && similarity(points, p, some[0]) >= threshold) union(sets, p, some[0]);
    }
    const still = rows.filter(apart);
    const few = still.length * some.length < WORTH_A_CALL;
    const tile = few ? null : await products.products(
      subset(points, still).vectors,
      subset(points, some).vectors,
      dim,
    );
    for (let r = 0; r < still.length; r++) {
      step(0);
      for (let c = 0; c < some.length && apart(still[r]); c++) {
        if (tile && tile[r * some.length + c] < least) continue;
        if (similarity(points, still[r], some[c]) >= threshold) union(sets, still[r], some[c]);
      }
    }
  }
}
