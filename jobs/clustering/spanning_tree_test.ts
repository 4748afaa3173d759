import assert from "node:assert/strict";
import fc from "fast-check";
import { coreSimilarities } from "./core_similarities.ts";
import { disjointSets, union } from "./disjoint_sets.ts";
import { type Density, type Edges, listedEdges, strongestFirst, withEdges } from "./edges.ts";
import { nearestNeighbours } from "./neighbours.ts";
import { groupedNeighbours, type Outward, outwardNeighbours } from "./outward_lists.ts";
import { distance, type Points, similarity, unitPoints } from "./points.ts";
import { jsProducts, type ProductBackend } from "./products.ts";
import { onnxProducts } from "./products_onnx.ts";
import { spanningTree } from "./spanning_tree.ts";
import { floats32, floats64, normalise, seeded, withReference } from "./test_support.ts";

const step = () => {};

for (
  const [set, minSamples, backend] of [
    ["n2k", 3, "onnx"],
    ["n2k", 3, "js"],
    ["n2k", 4, "onnx"],
    ["h2k", 3, "onnx"],
    ["h2k", 4, "onnx"],
    ["n10k", 3, "onnx"],
  ] as const
) {
  Deno.test(
    `core distances and tree of ${set}, min_samples ${minSamples}, ${backend} are the reference's`,
    withReference(async (folder) => {
      const points = unitPoints(floats32(`${folder}/${set}.emb.f32`), 512);
      const products = backend === "js" ? jsProducts() : await onnxProducts();
      const neighbours = await nearestNeighbours(points, 16, { products, step });
      const cores = coreSimilarities(neighbours, { minSamples });
      if (minSamples === 3) {
        const expected = floats64(`${folder}/${set}.core_ms3.f64`);
        cores.forEach((core, p) => assert.ok(Math.abs(distance(core) - expected[p]) <= 1e-5));
      }
      if (set !== "n10k") {
        const expected = floats64(`${folder}/${set}.knn16_dist.f64`);
        neighbours.similarities.forEach((cosine, i) =>
          assert.ok(Math.abs(distance(cosine) - expected[i]) <= 1e-5)
        );
      }
      const rows = disjointSets(points.count);
      const density = { points, rows, neighbours, cores, floor: -Infinity };
      const tree = await treeOf(density, products);
      await products.close();
      const lengths = Float64Array.from(tree.weights, distance).sort();
      const expected = floats64(`${folder}/${set}.ms${minSamples}sk.mst_w_sorted.f64`);
      assert.equal(lengths.length, expected.length);
      lengths.forEach((length, i) => assert.ok(Math.abs(length - expected[i]) <= 1e-5));
      const total = expected.reduce((sum, length) => sum + length, 0);
      const difference = lengths.reduce((sum, length) => sum + length, 0) - total;
      assert.ok(Math.abs(difference) <= 1e-6 * total);
      const sets = disjointSets(points.count);
      tree.from.forEach((from, e) => assert.notEqual(union(sets, from, tree.to[e]), -1));
    }),
  );
}

Deno.test("from short neighbour lists and small tiles comes a maximum spanning forest", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        count: fc.integer({ min: 0, max: 80 }),
        seed: fc.integer(),
        spread: fc.constantFrom(.1, .5, 2),
        k: fc.integer({ min: 2, max: 6 }),
        minSamples: fc.integer({ min: 1, max: 3 }),
        floor: fc.constantFrom(-Infinity, .2, .6, .9),
        // Right or wrong, groups only decide what is computed.
        groups: fc.constantFrom("none" as const, "found" as const, "random" as const),
        threshold: fc.constantFrom(-1, .3, .8, .95),
      }),
      async ({ count, seed, spread, k, minSamples, floor, groups, threshold }) => {
        const points = unitPoints(blobs(count, { seed, spread }), 6);
        const products = { ...jsProducts(), rowBlock: 3, columnBlock: 7 };
        const random = seeded(seed + 1);
        const { neighbours, outward } = groups === "none"
          ? { neighbours: await nearestNeighbours(points, k, { products, step }) }
          : groups === "found"
          ? await groupedNeighbours(points, { k, threshold, products, step })
          : await outwardNeighbours(
            points,
            Int32Array.from({ length: count }, () => Math.floor(5 * random()) - 1),
            { k, products, step },
          );
        const cores = coreSimilarities(neighbours, { minSamples });
        const rows = disjointSets(count);
        const density = { points, rows, neighbours, cores, floor };
        const tree = await treeOf(density, products, outward);
        const expected = forestByDefinition(points, { minSamples, floor });
        assert.deepEqual([...tree.weights].sort((a, b) => a - b), expected);
        const sets = disjointSets(count);
        tree.from.forEach((from, e) => assert.notEqual(union(sets, from, tree.to[e]), -1));
      },
    ),
    { numRuns: 600 },
  );
});

/** The exact tree, its arrays as long as it is. */
async function treeOf(
  density: Density,
  products: ProductBackend,
  outward?: Outward,
): Promise<Edges> {
  const listed = listedEdges(density, step);
  const tree = outward
    ? await spanningTree(
      density,
      withEdges(listed, listedEdges({ ...density, neighbours: outward.lists }, step)),
      { products, step, outward: { groups: outward.groups, unlisted: outward.lists.unlisted } },
    )
    : await spanningTree(density, listed, { products, step });
  const { count, from, to, weights, cosines } = tree;
  return {
    count,
    from: from.subarray(0, count),
    to: to.subarray(0, count),
    weights: weights.subarray(0, count),
    cosines: cosines.subarray(0, count),
  };
}

Deno.test("edges come strongest first, the nearer first of equals, whatever their spread", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.oneof(
            fc.constantFrom(.5, .5 + 1e-16, 0, 1),
            fc.double({ min: -1, max: 1, noNaN: true }),
          ),
          fc.constantFrom(.1, .2, .3),
        ),
        { maxLength: 300, size: "max" },
      ),
      (pairs) => {
        const edges: Edges = {
          count: pairs.length,
          from: new Int32Array(pairs.length),
          to: new Int32Array(pairs.length),
          weights: Float64Array.from(pairs, ([weight]) => weight),
          cosines: Float64Array.from(pairs, ([, cosine]) => cosine),
        };
        // Of those that agree in both, the later first.
        const order = [...strongestFirst(edges, (one, other) => other - one)].flatMap((some) => [
          ...some,
        ]);
        const expected = pairs.map((_, e) => e)
          .sort((a, b) => pairs[b][0] - pairs[a][0] || pairs[b][1] - pairs[a][1] || b - a);
        assert.deepEqual(order, expected);
      },
    ),
    { numRuns: 500 },
  );
});

/** Points around five centres in six dimensions. */
function blobs(count: number, { seed, spread }: { seed: number; spread: number }): Float32Array {
  const random = seeded(seed);
  const centres = Array.from({ length: 5 }, () => Array.from({ length: 6 }, () => random() - .5));
  const rows = Array.from({ length: count }, () => {
    const centre = centres[Math.floor(random() * 5)];
    return centre.map((x) => x + spread * (random() - .5));
  });
  return normalise(Float32Array.from(rows.flat()), 6);
}

/** Kruskal over all pairs: the sorted weights, which every maximum spanning forest shares. */
function forestByDefinition(
  points: Points,
  { minSamples, floor }: { minSamples: number; floor: number },
): number[] {
  const all = Array.from({ length: points.count }, (_, p) => p);
  const cosines = all.map((p) => all.map((q) => similarity(points, p, q)));
  const cores = cosines.map((row) =>
    row.toSorted((a, b) => b - a)[Math.min(minSamples, row.length) - 1]
  );
  const edges = all.flatMap((p) =>
    all.slice(0, p).map((q) => ({ p, q, weight: Math.min(cores[p], cores[q], cosines[p][q]) }))
  );
  const sets = disjointSets(points.count);
  return edges.filter(({ weight }) => weight >= floor)
    .sort((a, b) => b.weight - a.weight)
    .filter(({ p, q }) => union(sets, p, q) >= 0)
    .map(({ weight }) => weight)
    .reverse();
}

Deno.test("the two backends agree, on ragged blocks and on shared memory", async () => {
  const onnx = await onnxProducts(), js = jsProducts();
  const random = seeded(3);
  for (
    const [rows, columns, dim] of [[1, 1, 1], [2, 4, 8], [3, 5, 7], [7, 3, 128], [65, 130, 512]]
  ) {
    const shared = new Float32Array(new SharedArrayBuffer(4 * rows * dim));
    shared.forEach((_, i) => shared[i] = random() - .5);
    const right = Float32Array.from({ length: columns * dim }, () => random() - .5);
    const fast = await onnx.products(shared, right, dim);
    const slow = await js.products(shared, right, dim);
    assert.equal(fast.length, rows * columns);
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        let sum = 0;
        for (let i = 0; i < dim; i++) sum += shared[r * dim + i] * right[c * dim + i];
        assert.ok(Math.abs(fast[r * columns + c] - sum) < 1e-4);
        assert.ok(Math.abs(slow[r * columns + c] - sum) < 1e-5);
      }
    }
  }
  await onnx.close();
});
