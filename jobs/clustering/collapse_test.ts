import assert from "node:assert/strict";
import fc from "fast-check";
import { cluster } from "./cluster.ts";
import { expandLabels, type Groups, withRepresentatives } from "./collapse.ts";
import { FACE_DEFAULTS } from "./face_defaults.ts";
import { medoid, medoids } from "./medoid.ts";
import { nearDuplicateGroups } from "./near_duplicates.ts";
import { nearestNeighbours } from "./neighbours.ts";
import { similarity, subset, unitPoints } from "./points.ts";
import { jsProducts } from "./products.ts";
import { reducedLists } from "./reduced_lists.ts";
import { differing, normalise, pick, seeded, shuffled } from "./test_support.ts";

const step = () => {};
const DIM = 16;

/** Bursts of the given sizes: copies of a random face, slightly off. */
function bursts(sizes: number[], seed: number): Float32Array {
  const random = seeded(seed);
  const rows = sizes.flatMap((size) => {
    const face = Array.from({ length: DIM }, () => random() - .5);
    return Array.from({ length: size }, () => face.map((x) => x + .02 * (random() - .5)));
  });
  return normalise(Float32Array.from(rows.flat()), DIM);
}

Deno.test("reduced lists are the neighbours among representatives, their bound holds", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 }),
      fc.integer(),
      async (sizes, seed) => {
        const points = unitPoints(bursts(sizes, seed), DIM);
        const products = { ...jsProducts(), rowBlock: 3, columnBlock: 5 };
        const neighbours = await nearestNeighbours(points, 6, { products, step });
        const near = await nearDuplicateGroups(points, neighbours, {
          threshold: .95,
          products,
          step,
        });
        const groups = withRepresentatives(points, near, step);
        groups.representatives.forEach((p, g) => assert.equal(groups.of[p], g));
        const reduced = await reducedLists(points, { neighbours, groups }, {
          needed: 4,
          exact: true,
          products,
          step,
        });
        const kept = subset(points, groups.representatives);
        const { ids, similarities, unlisted, k } = reduced;
        for (let g = 0; g < groups.count; g++) {
          const others = Array.from({ length: groups.count }, (_, i) => i).filter((i) => i !== g)
            .map((i) => similarity(kept, g, i)).sort((a, b) => b - a);
          const list = [...ids.subarray(g * k, (g + 1) * k)].filter((id) => id >= 0);
          assert.ok(list.length >= Math.min(4, others.length));
          list.forEach((id, i) => {
            assert.notEqual(id, g);
            assert.equal(similarities[g * k + i], similarity(kept, g, id));
            assert.equal(similarities[g * k + i], others[i]);
          });
          others.slice(list.length).forEach((cosine) => assert.ok(cosine <= unlisted[g]));
        }
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("a burst whose representative is noise is a cluster when large enough", () => {
  const groups: Groups = {
    of: Int32Array.of(0, 1, 1, 1, 2, 2, 3, 0),
    count: 4,
    representatives: Int32Array.of(0, 1, 4, 6),
  };
  const labelling = {
    labels: Int32Array.of(0, -1, -1, 0),
    strengths: Float32Array.of(.5, 0, 0, 1),
  };
  const options = { minClusterSize: 3, together: [] as Int32Array[] };
  const { labels, strengths } = expandLabels(labelling, groups, options);
  assert.deepEqual([...labels], [0, 1, 1, 1, -1, -1, 0, 0]);
  assert.deepEqual([...strengths], [.5, 1, 1, 1, 0, 0, 1, .5]);
});

Deno.test("the points of several confirmed faces share a cluster, with what is collapsed to them", () => {
  const groups: Groups = {
    of: Int32Array.of(0, 0, 1, 1, 2, 3),
    count: 4,
    representatives: Int32Array.of(0, 2, 4, 5),
  };
  const labelling = { labels: new Int32Array(4).fill(-1), strengths: new Float32Array(4) };
  const { labels } = expandLabels(labelling, groups, {
    minClusterSize: 3,
    together: [Int32Array.of(1, 4)],
  });
  assert.deepEqual([...labels], [0, 0, -1, -1, 0, -1]);
});

Deno.test("of members that tie the further criterion decides, and then what they are", () => {
  const row = [[.8, .6], [.6, .8], [1, 0], [1, 0]];
  const points = unitPoints(Float32Array.from(row.flat()), 2);
  for (const members of [Int32Array.of(0, 1), Int32Array.of(1, 0)]) {
    assert.equal(medoid(points, members, { step, further: (p) => p }), 1);
    assert.equal(medoid(points, members, { step, further: (p) => -p }), 0);
    assert.equal(medoid(points, members, { step, further: () => 0 }), 1, "the first by content");
  }
  assert.equal(medoid(points, Int32Array.of(0, 1, 2, 3), { step, further: () => 0 }), 0);
  assert.deepEqual(medoids(points, Int32Array.of(0, 0, 1, -1), step), [1, 2]);
  assert.deepEqual(medoids(points, Int32Array.of(0, 0, 0, 0), step), [0]);
});

Deno.test("the order of points plays no part, in bursts and chains of bursts", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 }),
      fc.constantFrom(.5, .9, .99, .9999),
      fc.integer(),
      async (sizes, collapse, seed) => {
        const vectors = bursts(sizes, seed);
        const options = { ...FACE_DEFAULTS, collapse, products: "js" as const };
        const { labels, strengths } = await cluster(vectors, DIM, options);
        const rows = shuffled(labels.length, seeded(seed + 1));
        const permuted = await cluster(pick(vectors, DIM, rows), DIM, options);
        assert.equal(differing(permuted.labels, rows.map((row) => labels[row])), 0);
        permuted.strengths.forEach((strength, at) =>
          assert.ok(Math.abs(strength - strengths[rows[at]]) < 1e-6)
        );
      },
    ),
    { numRuns: 150 },
  );
});
