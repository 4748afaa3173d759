import assert from "node:assert/strict";
import { cluster } from "./cluster.ts";
import { FACE_DEFAULTS } from "./face_defaults.ts";
import {
  agreement,
  differing,
  floats32,
  floats64,
  integers32,
  normalise,
  people,
  pick,
  withReference,
} from "./test_support.ts";

const DIM = 512;

for (
  const [set, minSamples, products] of [
    ["n2k", 3, "onnx"],
    ["n2k", 3, "js"],
    ["n2k", 4, "onnx"],
    ["h2k", 3, "onnx"],
    ["h2k", 3, "js"],
    ["h2k", 4, "onnx"],
    ["n10k", 3, "onnx"],
    ["bn2k", 3, "onnx"],
    ["bh2k", 3, "onnx"],
  ] as const
) {
  Deno.test(
    `labels of ${set}, min_samples ${minSamples}, ${products} are the reference's`,
    withReference(async (folder) => {
      const vectors = floats32(`${folder}/${set}.emb.f32`);
      const { labels } = await cluster(vectors, DIM, { minSamples, products });
      const expected = integers32(`${folder}/${set}.ms${minSamples}sk.canonical.i32`);
      assert.equal(differing(labels, expected), 0);
      if (minSamples === 3 && !set.startsWith("b")) {
        const sklearn = integers32(`${folder}/${set}.sklearn142_mcs3.i32`);
        assert.ok(agreement(labels, sklearn).ari >= .98);
      }
    }),
  );
}

for (const set of ["bn2k", "bh2k"]) {
  Deno.test(
    `labels of ${set} with the density capped are the reference's`,
    withReference(async (folder) => {
      const vectors = floats32(`${folder}/${set}.emb.f32`);
      const { labels } = await cluster(vectors, DIM, { densityCap: .65 });
      const expected = integers32(`${folder}/${set}.ms3sk.canonical_cap065.i32`);
      assert.equal(differing(labels, expected), 0);
      const truth = integers32(`${folder}/${set}.truth.i32`);
      const plain = await cluster(vectors, DIM);
      assert.ok(agreement(labels, truth).pairF >= .98, "bursts do not shatter people");
      assert.ok(agreement(plain.labels, truth).pairF < .5, "as they do without it");
    }),
  );
}

Deno.test(
  "strengths are scikit-learn's probabilities where the trees have no ties",
  withReference(async (folder) => {
    const { strengths } = await cluster(floats32(`${folder}/h2k.emb.f32`), DIM);
    const expected = floats64(`${folder}/h2k.sklearn142_mcs3_prob.f64`);
    const off = expected.filter((p, i) => Math.abs(p - strengths[i]) > 1e-4).length;
    assert.ok(off <= expected.length * .01, `${off} of ${expected.length} differ`);
  }),
);

for (const set of ["n2k", "h2k", "n10k", "bn2k", "bh2k"]) {
  Deno.test(
    `${set} with the settings for faces comes out as its people`,
    withReference(async (folder) => {
      const vectors = floats32(`${folder}/${set}.emb.f32`);
      const { labels } = await cluster(vectors, DIM, FACE_DEFAULTS);
      const { pairF } = agreement(labels, integers32(`${folder}/${set}.truth.i32`));
      assert.ok(pairF >= .99, `pairwise F is ${pairF}`);
    }),
  );
}

Deno.test(
  "small libraries: one person, two people, strangers only",
  withReference(async (folder) => {
    const vectors = floats32(`${folder}/n2k.emb.f32`);
    const people = byPerson(integers32(`${folder}/n2k.truth.i32`));
    const strangers = people.get(-1)!;
    people.delete(-1);
    const [first, second] = [...people.values()].filter((rows) => rows.length >= 10);
    const one = await cluster(pick(vectors, DIM, first), DIM, FACE_DEFAULTS);
    assert.equal(differing(one.labels, first.map(() => 0)), 0);
    const alone = await cluster(pick(vectors, DIM, first), DIM);
    assert.equal(alone.labels.filter((label) => label < 0).length, first.length);
    const two = await cluster(pick(vectors, DIM, [...first, ...second]), DIM, FACE_DEFAULTS);
    assert.equal(differing(two.labels, [...first.map(() => 0), ...second.map(() => 1)]), 0);
    const some = pick(vectors, DIM, strangers.slice(0, 100));
    const none = await cluster(some, DIM, FACE_DEFAULTS);
    assert.equal(none.labels.filter((label) => label >= 0).length, 0);
  }),
);

interface TinyCase {
  name: string;
  dim: number;
  points: number[][];
  min_cluster_size: number;
  min_samples: number;
  canonical: number[];
}

/** Textbook HDBSCAN finds nobody in the libraries of one person, and joins pairs of strangers. */
const PEOPLE_IN_EDGE_CASES: Record<string, number> = {
  three_blobs: 3,
  size3_persons_only: 6,
  all_noise: 0,
  single_person: 1,
  exact_duplicates: 3,
  n_equals_3: 1,
  two_points: 0,
  pairs_only: 0,
};

Deno.test(
  "edge cases: the reference's labels, and one person where it finds none",
  withReference(async (folder) => {
    const cases: TinyCase[] = JSON.parse(Deno.readTextFileSync(`${folder}/tiny.json`));
    assert.equal(cases.length, 8);
    for (const { name, dim, points, min_cluster_size, min_samples, canonical } of cases) {
      const vectors = normalise(Float32Array.from(points.flat()), dim);
      for (const products of ["js", "onnx"] as const) {
        const { labels } = await cluster(vectors, dim, {
          minClusterSize: min_cluster_size,
          minSamples: min_samples,
          products,
        });
        assert.equal(differing(labels, canonical), 0, name);
      }
      // .6: in eight dimensions strangers reach .55.
      const options = { ...FACE_DEFAULTS, similarityFloor: .6 };
      const { labels, medoids } = await cluster(vectors, dim, options);
      assert.equal(medoids.length, PEOPLE_IN_EDGE_CASES[name], `${name} as faces`);
      const inside = medoids.map((point) => canonical[point]);
      assert.equal(new Set(inside).size, medoids.length, `${name} keeps people apart`);
      labels.forEach((label, point) => {
        if (label >= 0) assert.equal(canonical[point], inside[label], `${name} as faces`);
      });
    }
  }),
);

Deno.test("no points, one, two; identical points", async () => {
  for (const options of [{}, FACE_DEFAULTS, { products: "js" as const }]) {
    for (const count of [0, 1, 2]) {
      const { labels, strengths, medoids } = await cluster(identical(count), 8, options);
      assert.deepEqual([...labels], new Array(count).fill(-1));
      assert.deepEqual([...strengths], new Array(count).fill(0));
      assert.deepEqual(medoids, []);
    }
  }
  for (const mode of ["graph", "lists"] as const) {
    for (const count of [0, 1, 2, 3, 40]) {
      const { labels } = await cluster(identical(count), 8, { ...FACE_DEFAULTS, mode });
      assert.deepEqual([...labels], new Array(count).fill(count < 3 ? -1 : 0));
    }
  }
  // The root is not selectable, so the plain tree has nothing to offer; collapsed, it is one burst.
  const plain = await cluster(identical(700), 8);
  assert.ok(plain.labels.every((label) => label === -1));
  const faces = await cluster(identical(700), 8, FACE_DEFAULTS);
  assert.ok(faces.labels.every((label) => label === 0));
  assert.ok(faces.strengths.every((strength) => strength === 1));
  const floored = await cluster(identical(700), 8, { ...FACE_DEFAULTS, collapse: null });
  assert.ok(floored.labels.every((label) => label === 0));
});

Deno.test("medoids lie in their clusters", async () => {
  const { vectors, persons } = people(3, 10);
  const { labels, medoids } = await cluster(vectors, 32, { products: "js" });
  assert.equal(differing(labels, persons), 0);
  assert.deepEqual(medoids.map((point) => labels[point]), [0, 1, 2]);
});

Deno.test("vectors that are none are refused by name, lengths near 1 are put right", async () => {
  const good = identical(5);
  const changed = (at: number, value: number) => {
    const copy = good.slice();
    copy[at] = value;
    return copy;
  };
  await assert.rejects(cluster(changed(9, NaN), 8), /^RangeError: vector 1 holds NaN/);
  await assert.rejects(cluster(changed(17, Infinity), 8), /^RangeError: vector 2 holds NaN/);
  await assert.rejects(cluster(changed(8, 0), 8), /^RangeError: vector 1 is all zeros/);
  await assert.rejects(cluster(changed(8, 3), 8), /^RangeError: vector 1 has length 3\.000/);
  await assert.rejects(cluster(good, 7), /not a multiple of dim 7/);
  await assert.rejects(cluster(good, 0), /dim is 0/);
  const { vectors } = people(3, 10);
  const exact = await cluster(vectors, 32, { products: "js" });
  const loose = vectors.map((x, i) => x * (1 + 5e-4 * Math.sin(i >> 5)));
  const before = loose.slice();
  const scaled = await cluster(loose, 32, { products: "js" });
  assert.deepEqual(scaled.labels, exact.labels);
  assert.deepEqual(loose, before);
});

Deno.test("options out of range are refused by name", async () => {
  const refuse = (options: Parameters<typeof cluster>[2], message: RegExp) =>
    assert.rejects(cluster(identical(5), 8, options), message);
  await refuse({ minClusterSize: 1 }, /minClusterSize is 1; .* at least 2/);
  await refuse({ minSamples: 0 }, /minSamples is 0; .* at least 1/);
  await refuse({ minSamples: 2.5 }, /minSamples is 2\.5/);
  await refuse({ similarityFloor: 1 }, /similarityFloor is 1/);
  await refuse({ collapse: NaN }, /collapse is NaN/);
  await refuse({ densityCap: 2 }, /densityCap is 2/);
  await refuse({ mode: "fast" as "lists" }, /mode is fast/);
  const kept = (...ids: number[]) => ({ ids: Float64Array.from(ids), lists: null });
  await refuse({ kept: kept(1, 2) }, /2 ids for 5 points/);
  await refuse({ kept: kept(1, 2, 3, 4, 4) }, /id 4/);
});

Deno.test("progress starts at 0, only rises and ends at its total, fixed from the start", async () => {
  const { vectors } = people(20, 20);
  for (const options of [{}, FACE_DEFAULTS]) {
    for (const some of [vectors, vectors.subarray(0, 0)]) {
      const calls: [number, number][] = [];
      await cluster(some, 32, {
        ...options,
        products: "js",
        onProgress: (done, total) => calls.push([done, total]),
      });
      const total = calls[0][1];
      assert.equal(calls[0][0], 0);
      assert.deepEqual(calls.at(-1), [total, total]);
      for (let i = 1; i < calls.length; i++) {
        assert.ok(calls[i][0] > calls[i - 1][0] && calls[i][1] === total);
      }
    }
  }
});

Deno.test("cancellation is seen at every check, and there is one in every stage", async () => {
  const { vectors } = people(20, 20);
  const options = { ...FACE_DEFAULTS, products: "js" as const };
  let looks = 0, progress = 0;
  await cluster(vectors, 32, {
    ...options,
    signal: {
      get aborted() {
        return ++looks < 0;
      },
    },
  });
  const at = new Set<number>();
  for (let last = 1; last <= looks; last++) {
    let left = last;
    const run = cluster(vectors, 32, {
      ...options,
      onProgress: (done, total) => progress = done / total,
      signal: {
        get aborted() {
          return --left <= 0;
        },
      },
    });
    await assert.rejects(run, { name: "AbortError" });
    assert.equal(left, 0, "nothing goes on after the check that saw it");
    at.add(progress);
  }
  assert.ok(at.has(0) && at.size >= 10, `seen at ${[...at]}`);
});

Deno.test("an AbortSignal stops it too, as products yield to the event loop", async () => {
  const { vectors } = people(60, 50);
  const signal = AbortSignal.timeout(20);
  await assert.rejects(cluster(vectors, 32, { signal }), { name: "AbortError" });
});

function identical(count: number): Float32Array {
  return Float32Array.from({ length: count * 8 }, (_, i) => i % 8 === 0 ? 1 : 0);
}

function byPerson(truth: Int32Array): Map<number, number[]> {
  const rows = new Map<number, number[]>();
  truth.forEach((person, row) => rows.set(person, [...rows.get(person) ?? [], row]));
  return rows;
}
