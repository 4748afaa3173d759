import { compareContents } from "./content_order.ts";
import type { Points } from "./points.ts";
import type { Step } from "./steps.ts";

/** Rows gone over between two looks at the flag that cancels: a few milliseconds of 512 elements. */
const ROWS_AT_ONCE = 2048;
/** Relative difference below which two sums of similarities are one: their rounding. */
const ROUNDING = 1e-9;
/** Clusters whose sums are kept at a time: 16 MB of 512 elements. */
const CLUSTERS_AT_ONCE = 4096;

/**
 * Per label 0, 1, …, the point that is most similar to all points of it; of several (both of any
 * two are) the first by content, so that the order of points plays no part. As Σ p·q = p·Σq, that
 * takes two passes over the points, however large a cluster is.
 */
export function medoids(points: Points, labels: Int32Array, step: Step): number[] {
  let clusters = 0;
  for (const label of labels) clusters = Math.max(clusters, label + 1);
  const best = new Array<number>(clusters).fill(-1);
  const scores = new Float64Array(points.count), most = new Float64Array(clusters).fill(-Infinity);
  for (let first = 0; first < clusters; first += CLUSTERS_AT_ONCE) {
    const end = Math.min(clusters, first + CLUSTERS_AT_ONCE);
    const sums = new Float64Array((end - first) * points.dim);
    const sumAt = (label: number) =>
      label < first || label >= end ? -1 : (label - first) * points.dim;
    const tell = (part: number) => step((first + part * (end - first)) / clusters);
    for (let p = 0; p < points.count; p++) {
      if (p % ROWS_AT_ONCE === 0) tell(.5 * p / points.count);
      const at = sumAt(labels[p]);
      if (at >= 0) addTo(sums, at, { points, p });
    }
    for (let p = 0; p < points.count; p++) {
      if (p % ROWS_AT_ONCE === 0) tell(.5 + .5 * p / points.count);
      const label = labels[p], at = sumAt(label);
      if (at < 0) continue;
      scores[p] = product(points, p, { other: sums, at });
      most[label] = Math.max(most[label], scores[p]);
    }
  }
  for (let p = 0; p < points.count; p++) {
    const label = labels[p];
    if (label < 0 || scores[p] < most[label] - ROUNDING * Math.abs(most[label])) continue;
    if (best[label] < 0 || compareContents(points, p, best[label]) < 0) best[label] = p;
  }
  step(1);
  return best;
}

/**
 * The medoid of these members; of several that with the greatest `further`, and of those that agree
 * in this too the first by content.
 */
export function medoid(
  points: Points,
  members: Int32Array,
  { step, further }: { step: Step; further(p: number): number },
): number {
  if (members.length === 1) return members[0];
  const sum = sumOf(points, members, step);
  const scores = new Float64Array(members.length);
  for (let m = 0; m < members.length; m++) {
    if (m % ROWS_AT_ONCE === 0) step(0);
    scores[m] = product(points, members[m], { other: sum, at: 0 });
  }
  let most = highest(members, scores);
  if (most.length > 1) most = highest(most, most.map(further));
  return most.reduce((best, p) => compareContents(points, p, best) < 0 ? p : best);
}

/** The sum of the members' vectors. */
export function sumOf(points: Points, members: ArrayLike<number>, step: Step): Float64Array {
  const sum = new Float64Array(points.dim);
  for (let m = 0; m < members.length; m++) {
    if (m % ROWS_AT_ONCE === ROWS_AT_ONCE - 1) step(0);
    addTo(sum, 0, { points, p: members[m] });
  }
  return sum;
}

function addTo(
  sums: Float64Array,
  at: number,
  { points: { vectors, dim }, p }: { points: Points; p: number },
): void {
  const start = p * dim, inFours = dim - dim % 4;
  for (let i = 0; i < inFours; i += 4) {
    sums[at + i] += vectors[start + i];
    sums[at + i + 1] += vectors[start + i + 1];
    sums[at + i + 2] += vectors[start + i + 2];
    sums[at + i + 3] += vectors[start + i + 3];
  }
  for (let i = inFours; i < dim; i++) sums[at + i] += vectors[start + i];
}

/**
 * Point p times what lies in `other` from `at` on. Four sums side by side: one after the other, each
 * addition waits for the last.
 */
export function product(
  { vectors, dim }: Points,
  p: number,
  { other, at }: { other: Float64Array; at: number },
): number {
  const start = p * dim, inFours = dim - dim % 4;
  let w = 0, x = 0, y = 0, z = 0;
  for (let i = 0; i < inFours; i += 4) {
    w += vectors[start + i] * other[at + i];
    x += vectors[start + i + 1] * other[at + i + 1];
    y += vectors[start + i + 2] * other[at + i + 2];
    z += vectors[start + i + 3] * other[at + i + 3];
  }
  for (let i = inFours; i < dim; i++) w += vectors[start + i] * other[at + i];
  return w + x + (y + z);
}

/** The members with the highest score, and those of the same but for rounding. */
function highest(members: ArrayLike<number>, scores: ArrayLike<number>): number[] {
  let most = -Infinity;
  for (let m = 0; m < scores.length; m++) most = Math.max(most, scores[m]);
  const least = most - ROUNDING * Math.abs(most), found: number[] = [];
  for (let m = 0; m < scores.length; m++) if (scores[m] >= least) found.push(members[m]);
  return found;
}
