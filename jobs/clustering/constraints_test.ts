import assert from "node:assert/strict";
import fc from "fast-check";
import { cluster, type ClusterOptions } from "./cluster.ts";
import type { Constraints } from "./constraints.ts";
import { FACE_DEFAULTS } from "./face_defaults.ts";
import {
  differing,
  floats32,
  integers32,
  normalise,
  pick,
  seeded,
  shuffled,
  withReference,
} from "./test_support.ts";

const DIM = 6;

/** Faces around some people, in bursts here and there, with photos, confirmations and verdicts. */
const libraries = fc.record({
  count: fc.integer({ min: 0, max: 90 }),
  seed: fc.integer(),
  spread: fc.constantFrom(.05, .3, .8, 2),
  photos: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
  confirmed: fc.option(fc.constantFrom(.1, .5, 1), { nil: undefined }),
  verdicts: fc.integer({ min: 0, max: 6 }),
});

type Library = typeof libraries extends fc.Arbitrary<infer T> ? T : never;

function made({ count, seed, spread, photos, confirmed, verdicts }: Library) {
  const random = seeded(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const centres = Array.from({ length: 6 }, () => Array.from({ length: DIM }, () => random() - .5));
  const rows: number[][] = [];
  for (let p = 0; p < count; p++) {
    const near = p > 0 && random() < .2
      ? rows[below(p)].map((x) => x + .01 * (random() - .5))
      : centres[below(6)].map((x) => x + spread * (random() - .5));
    rows.push(near);
  }
  const some = (most: number) => Int32Array.from({ length: 1 + below(most) }, () => below(count));
  const constraints: Constraints = {
    photos: photos === undefined
      ? undefined
      : Int32Array.from(rows, () => random() < .1 ? -1 : below(photos)),
    people: confirmed === undefined
      ? undefined
      : Int32Array.from(rows, () => random() < confirmed ? below(4) : -1),
    apart: count === 0
      ? undefined
      : Array.from({ length: verdicts }, () => ({ one: some(3), other: some(8) })),
  };
  return { vectors: normalise(Float32Array.from(rows.flat()), DIM), constraints };
}

const settings = fc.record({
  mode: fc.constantFrom("exact" as const, "graph" as const),
  minClusterSize: fc.integer({ min: 2, max: 5 }),
  minSamples: fc.integer({ min: 1, max: 4 }),
  similarityFloor: fc.constantFrom(null, .2, .6),
  collapse: fc.constantFrom(null, .9, .99),
  densityCap: fc.constantFrom(null, .65),
  allowSingleCluster: fc.boolean(),
  products: fc.constant("js" as const),
});

Deno.test("no cluster holds a forbidden pair, and the confirmed faces of a person share one", async () => {
  let refusals = 0;
  await fc.assert(
    fc.asyncProperty(libraries, settings, async (library, options) => {
      const { vectors, constraints } = made(library);
      const { labels } = await cluster(vectors, DIM, { ...options, constraints });
      holds(labels, constraints);
      const free = await cluster(vectors, DIM, options);
      if (differing(free.labels, labels) > 0) refusals++;
    }),
    { numRuns: 1000 },
  );
  assert.ok(refusals > 300, `only ${refusals} libraries were changed by their constraints`);
});

/** The requirement, pair by pair. */
function holds(labels: Int32Array, { photos, people, apart = [] }: Constraints): void {
  const person = (p: number) => people ? people[p] : -1;
  const together = (p: number, q: number) => person(p) >= 0 && person(p) === person(q);
  const pair = (p: number, q: number, why: string) => {
    if (p === q || together(p, q)) return;
    assert.ok(labels[p] < 0 || labels[p] !== labels[q], `${p} and ${q}, ${why}: ${labels}`);
  };
  for (let p = 0; p < labels.length; p++) {
    for (let q = 0; q < p; q++) {
      if (photos && photos[p] >= 0 && photos[p] === photos[q]) pair(p, q, "of one photo");
      if (person(p) >= 0 && person(q) >= 0) pair(p, q, "two people");
      if (together(p, q)) assert.ok(labels[p] >= 0 && labels[p] === labels[q], `${p} and ${q}`);
    }
  }
  for (const { one, other } of apart) {
    for (const p of one) for (const q of other) pair(p, q, "found to be two");
  }
}

Deno.test("constraints that nothing breaks change nothing", async () => {
  await fc.assert(
    fc.asyncProperty(libraries, settings, async (library, options) => {
      const { vectors } = made(library);
      const count = vectors.length / DIM;
      const { labels, strengths } = await cluster(vectors, DIM, options);
      const vacuous: Constraints[] = [{}, {
        photos: Int32Array.from({ length: count }, (_, p) => 7 * p),
        people: new Int32Array(count).fill(-1),
        apart: [],
      }];
      for (const constraints of vacuous) {
        const bound = await cluster(vectors, DIM, { ...options, constraints });
        assert.deepEqual(bound.labels, labels);
        assert.deepEqual(bound.strengths, strengths);
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("with constraints too the order of points plays no part", async () => {
  await fc.assert(
    fc.asyncProperty(libraries, settings, async (library, options) => {
      const { vectors, constraints } = made(library);
      const { labels } = await cluster(vectors, DIM, { ...options, constraints });
      const rows = shuffled(labels.length, seeded(library.seed + 1));
      const placeOf = new Int32Array(rows.length);
      rows.forEach((row, at) => placeOf[row] = at);
      const permuted = await cluster(pick(vectors, DIM, rows), DIM, {
        ...options,
        constraints: {
          photos: constraints.photos && Int32Array.from(rows, (row) => constraints.photos![row]),
          people: constraints.people && Int32Array.from(rows, (row) => constraints.people![row]),
          apart: constraints.apart?.map(({ one, other }) => ({
            one: one.map((p) => placeOf[p]),
            other: other.map((p) => placeOf[p]),
          })),
        },
      });
      assert.equal(differing(permuted.labels, rows.map((row) => labels[row])), 0);
    }),
    { numRuns: 300 },
  );
});

Deno.test(
  "confirmed faces gather a person of two looks, a photo keeps two people apart",
  withReference(async (folder) => {
    const vectors = floats32(`${folder}/n2k.emb.f32`);
    const truth = integers32(`${folder}/n2k.truth.i32`);
    const rowsOf = (person: number) => [...truth.keys()].filter((row) => truth[row] === person);
    const { labels: free } = await cluster(vectors, 512, FACE_DEFAULTS);
    const [one, other] = [0, 1, 2, 3, 4, 5, 6, 7].map(rowsOf)
      .filter((rows) => rows.length >= 8 && new Set(rows.map((row) => free[row])).size === 1);

    // Two clusters, a face of each confirmed as the same person: one cluster, of all their faces.
    const people = new Int32Array(truth.length).fill(-1);
    people[one[0]] = people[other[0]] = 5;
    const joined = await cluster(vectors, 512, { ...FACE_DEFAULTS, constraints: { people } });
    const theirs = [...one, ...other].map((row) => joined.labels[row]);
    assert.equal(new Set(theirs).size, 1);
    const rest = [...free.keys()].filter((row) => !theirs.includes(joined.labels[row]));
    assert.equal(differing(rest.map((row) => joined.labels[row]), rest.map((row) => free[row])), 0);

    // Two faces of one person said to be of two: the one goes, the others stay.
    const apart = [{ one: Int32Array.of(one[0]), other: Int32Array.of(...one.slice(1)) }];
    const parted = await cluster(vectors, 512, { ...FACE_DEFAULTS, constraints: { apart } });
    assert.equal(new Set(one.slice(1).map((row) => parted.labels[row])).size, 1);
    assert.notEqual(parted.labels[one[0]], parted.labels[one[1]]);
  }),
);

Deno.test("what is left out only with its set goes where it may", async () => {
  // On a circle: five faces of a person, and beside them two of one look, nearest to each other. The
  // second shares a photo with one of the five: the first of the two belongs to the five without it.
  const degrees = [0, 2, 4, 6, 8, 13, 14.5, 100, 200];
  const vectors = Float32Array.from(degrees.flatMap((angle) => [
    Math.cos(angle * Math.PI / 180),
    Math.sin(angle * Math.PI / 180),
  ]));
  const photos = Int32Array.of(1, 2, 3, 4, 5, 6, 3, 8, 9);
  const options: ClusterOptions = {
    minSamples: 2,
    similarityFloor: .9,
    allowSingleCluster: true,
    products: "js",
  };
  for (const mode of ["exact", "graph"] as const) {
    const free = await cluster(vectors, 2, { ...options, mode });
    assert.deepEqual([...free.labels], [0, 0, 0, 0, 0, 0, 0, -1, -1]);
    const bound = await cluster(vectors, 2, { ...options, mode, constraints: { photos } });
    assert.deepEqual([...bound.labels], [0, 0, 0, 0, 0, 0, -1, -1, -1]);
    assert.ok(bound.strengths[5] > 0 && bound.strengths[5] <= bound.strengths[4]);
  }
});

Deno.test("two confirmed faces that nothing resembles are a cluster, one is none", async () => {
  const vectors = Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);
  const result = await cluster(vectors, 4, {
    ...FACE_DEFAULTS,
    products: "js",
    constraints: { people: Int32Array.of(3, 3, 8) },
  });
  assert.deepEqual([...result.labels], [0, 0, -1]);
  assert.equal(result.medoids.length, 1);
});

Deno.test("constraints that do not fit the points are refused by name", async () => {
  const vectors = Float32Array.of(1, 0, 0, 1);
  const refuse = (constraints: Constraints, message: RegExp) =>
    assert.rejects(cluster(vectors, 2, { constraints, products: "js" }), message);
  await refuse(
    { photos: Int32Array.of(1) },
    /^RangeError: constraints\.photos has 1 entries for 2/,
  );
  await refuse({ people: Int32Array.of(1, 2, 3) }, /constraints\.people has 3 entries for 2/);
  const one = Int32Array.of(0);
  await refuse(
    { apart: [{ one, other: one }, { one, other: Int32Array.of(2) }] },
    /apart\[1\] .* 2/,
  );
  await refuse({ apart: [{ one: Int32Array.of(-1), other: one }] }, /names point -1/);
});
