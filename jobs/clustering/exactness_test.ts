import assert from "node:assert/strict";
import fc from "fast-check";
import { cluster } from "./cluster.ts";
import { differing, normalise } from "./test_support.ts";

/*
 * The definition of HDBSCAN* written down once more, in float64, without a spanning tree, neighbour
 * lists or products: sets of points are split at the distance that just holds them together.
 */

interface Settings {
  minClusterSize: number;
  minSamples: number;
  similarityFloor: number | null;
  allowSingleCluster: boolean;
}

interface Reachability {
  (p: number, q: number): number;
}

const TIE = 2e-6;

function referenceLabels(rows: Float32Array[], settings: Settings): number[] {
  const labels = rows.map(() => -1);
  if (rows.length === 0) return labels;
  const reach = mutualReachability(rows, settings.minSamples);
  const everything = rows.map((_, p) => p);
  const { similarityFloor, allowSingleCluster } = settings;
  let candidates: number[][];
  if (similarityFloor === null) {
    candidates =
      best(everything, { birth: 0, reach, settings, selectable: allowSingleCluster }).chosen;
  } else {
    const limit = Math.sqrt(2 - 2 * similarityFloor);
    const parts = connected(everything, reach, limit);
    candidates = parts.length === 1 && !allowSingleCluster
      ? best(everything, { birth: 0, reach, settings, selectable: false }).chosen
      : parts.filter((part) => part.length >= settings.minClusterSize)
        .flatMap((part) =>
          best(part, { birth: 1 / limit, reach, settings, selectable: true }).chosen
        );
  }
  candidates.forEach((members, label) => members.forEach((p) => labels[p] = label));
  return labels;
}

function mutualReachability(rows: Float32Array[], minSamples: number): Reachability {
  const distances = rows.map((a) =>
    rows.map((b) => Math.sqrt(a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0)))
  );
  const cores = distances.map((row) =>
    row.toSorted((a, b) => a - b)[Math.min(minSamples, row.length) - 1]
  );
  return (p, q) => Math.max(cores[p], cores[q], distances[p][q]);
}

/** The sets that `members` fall into when only pairs within `limit` are joined. */
function connected(members: number[], reach: Reachability, limit: number): number[][] {
  const left = new Set(members);
  const parts: number[][] = [];
  for (const first of members) {
    if (!left.delete(first)) continue;
    const part = [first];
    for (const p of part) {
      for (const q of left) {
        if (reach(p, q) <= limit) {
          left.delete(q);
          part.push(q);
        }
      }
    }
    parts.push(part);
  }
  return parts;
}

/** The smallest distance at which `members` are one: the longest edge of their spanning tree. */
function holdingDistance(members: number[], reach: Reachability): number {
  const nearest = new Map(members.slice(1).map((q) => [q, reach(members[0], q)]));
  let longest = 0;
  while (nearest.size > 0) {
    const [next, length] = [...nearest].reduce((a, b) => b[1] < a[1] ? b : a);
    longest = Math.max(longest, length);
    nearest.delete(next);
    for (const [q, known] of nearest) nearest.set(q, Math.min(known, reach(next, q)));
  }
  return longest;
}

interface Cluster {
  birth: number;
  reach: Reachability;
  settings: Settings;
  selectable: boolean;
}

/** The best choice of clusters within one that starts as `members`, and its excess of mass. */
function best(members: number[], cluster: Cluster): { chosen: number[][]; mass: number } {
  const { birth, reach, settings, selectable } = cluster;
  let core = members, mass = 0;
  let inner: { chosen: number[][]; mass: number }[] = [];
  while (core.length > 0) {
    const holding = holdingDistance(core, reach);
    const lambda = 1 / holding;
    // Not held together by anything shorter: everybody leaves at once.
    const parts = holding === 0 || core.length === 1
      ? core.map((p) => [p])
      : connected(core, reach, holding * (1 - TIE) - 1e-12);
    const large = parts.filter((part) => part.length >= settings.minClusterSize);
    const going = large.length === 1 ? large[0] : [];
    mass += (lambda - birth) * (core.length - going.length);
    if (large.length > 1) {
      inner = large.map((part) => best(part, { reach, settings, birth: lambda, selectable: true }));
    }
    core = going;
  }
  const innerMass = inner.reduce((sum, { mass }) => sum + mass, 0);
  if (selectable && !(innerMass > mass * (1 + 1e-9))) return { chosen: [members], mass };
  return { chosen: inner.flatMap(({ chosen }) => chosen), mass: innerMass };
}

const settings = fc.record({
  minClusterSize: fc.integer({ min: 2, max: 6 }),
  minSamples: fc.integer({ min: 1, max: 6 }),
  similarityFloor: fc.constantFrom(null, -.2123, .3137, .6421, .9173),
  allowSingleCluster: fc.boolean(),
});

/**
 * Points anywhere in four dimensions, or on a coarse grid, where distances tie and points coincide.
 */
const coordinate = fc.oneof(
  fc.double({ min: -1, max: 1, noNaN: true }),
  fc.integer({ min: -1, max: 1 }),
);
const anywhere = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), {
  minLength: 4,
  maxLength: 4,
});
const onGrid = fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 4, maxLength: 4 });
const near = fc.tuple(
  fc.constantFrom([1, 0, 0, 0], [0, 1, 0, 0], [.6, .8, 0, 0], [0, 0, 0, 1]),
  fc.array(coordinate, { minLength: 4, maxLength: 4 }),
).map(([centre, offset]) => centre.map((x, i) => x + .2 * offset[i]));
const points = fc.oneof(
  fc.array(anywhere, { maxLength: 60, size: "max" }),
  fc.array(onGrid, { maxLength: 60, size: "max" }),
  fc.array(near, { maxLength: 60, size: "max" }),
).map((rows) => rows.filter((row) => Math.hypot(...row) > .01));

Deno.test("labels are those of the definition", async () => {
  await fc.assert(
    fc.asyncProperty(points, settings, async (rows, settings) => {
      const vectors = normalise(Float32Array.from(rows.flat()), 4);
      const { labels } = await cluster(vectors, 4, { ...settings, products: "js" });
      const expected = referenceLabels(
        rows.map((_, p) => vectors.subarray(p * 4, (p + 1) * 4)),
        settings,
      );
      assert.equal(differing(labels, expected), 0, `${labels} instead of ${expected}`);
    }),
    { numRuns: 500 },
  );
});
