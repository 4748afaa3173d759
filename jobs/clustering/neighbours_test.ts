import assert from "node:assert/strict";
import fc from "fast-check";
import { nearestNeighbours, type Neighbours } from "./neighbours.ts";
import { type Points, similarity } from "./points.ts";
import { jsProducts, type ProductBackend, roundingSlack } from "./products.ts";
import { onnxProducts } from "./products_onnx.ts";
import { wasmProducts } from "./products_wasm.ts";
import { floats32, floats64, normalise, seeded, withReference } from "./test_support.ts";

const quiet = { step: () => {} };

async function withBackends(work: (products: ProductBackend) => Promise<void>): Promise<void> {
  for (const products of [jsProducts(), wasmProducts(2), await onnxProducts(2)]) {
    try {
      await work(products);
    } finally {
      await products.close();
    }
  }
}

function random(count: number, dim: number, seed: number): Points {
  const next = seeded(seed);
  const vectors = normalise(Float32Array.from({ length: count * dim }, () => next() - .5), dim);
  return { vectors, dim, count };
}

/** That each list is the one of all similarities in float64, where these differ enough to tell. */
function assertExact(points: Points, neighbours: Neighbours, k: number): void {
  const slack = 2 * roundingSlack(points.dim);
  for (let p = 0; p < points.count; p++) {
    const all = Array.from({ length: points.count }, (_, q) => similarity(points, p, q));
    all[p] = -Infinity;
    const expected = all.toSorted((a, b) => b - a).slice(0, Math.min(k, points.count - 1));
    const listed = [...neighbours.ids.subarray(p * k, (p + 1) * k)].filter((id) => id >= 0);
    assert.equal(listed.length, expected.length);
    assert.equal(new Set(listed).size, listed.length, `list ${p} holds a point twice`);
    listed.forEach((q, rank) => {
      assert.equal(neighbours.similarities[p * k + rank], all[q], `${p} to ${q}`);
      assert.ok(Math.abs(all[q] - expected[rank]) <= slack, `rank ${rank} of ${p}`);
      if (rank > 0) assert.ok(all[q] <= all[listed[rank - 1]], `order of list ${p}`);
    });
    const others = all.filter((_, q) => q !== p && !listed.includes(q));
    assert.ok(others.every((cosine) => cosine <= neighbours.unlisted[p]), `bound of ${p}`);
    if (others.length === 0 && listed.length < k) assert.equal(neighbours.unlisted[p], -Infinity);
  }
}

Deno.test("lists are those of all similarities, with every backend, over tiles of every shape", async () => {
  await withBackends(async (products) => {
    // Smaller tiles than the backend likes: several rows and columns of them, the last ones narrow.
    const small = { ...products, rowBlock: 48, columnBlock: 112 };
    for (const [count, dim, k] of [[333, 37, 16], [260, 64, 5], [40, 512, 16], [17, 3, 16]]) {
      const points = random(count, dim, count);
      for (const backend of [small, products]) {
        assertExact(points, await nearestNeighbours(points, k, { products: backend, ...quiet }), k);
      }
    }
  });
});

Deno.test("few points, equal points, any k", async () => {
  const products = jsProducts();
  const axis = fc.constantFrom(0, 1, 2);
  await fc.assert(
    fc.asyncProperty(fc.array(axis, { maxLength: 40 }), fc.integer({ min: 1, max: 20 }), async (
      axes,
      k,
    ) => {
      const vectors = Float32Array.from(axes.flatMap((one) => [0, 1, 2].map((a) => +(a === one))));
      const points = { vectors, dim: 3, count: axes.length };
      assertExact(points, await nearestNeighbours(points, k, { products, ...quiet }), k);
    }),
  );
});

Deno.test(
  "distances of the 16 nearest are the reference's",
  withReference(async (folder) => {
    for (const set of ["n2k", "h2k"]) {
      const vectors = floats32(`${folder}/${set}.emb.f32`);
      const points = { vectors, dim: 512, count: vectors.length / 512 };
      const expected = floats64(`${folder}/${set}.knn16_dist.f64`);
      const k = expected.length / points.count;
      await withBackends(async (products) => {
        const { similarities } = await nearestNeighbours(points, k, { products, ...quiet });
        similarities.forEach((cosine, at) => {
          const distance = Math.sqrt(Math.max(0, 2 - 2 * cosine));
          assert.ok(Math.abs(distance - expected[at]) < 1e-5, `${set}, ${products.name}, ${at}`);
        });
      });
    }
  }),
);

Deno.test("progress rises from 0 to 1, and stopping at a step stops the sweep", async () => {
  const points = random(700, 32, 5), products = jsProducts();
  const seen: number[] = [];
  await nearestNeighbours(points, 16, { products, step: (part) => seen.push(part) });
  assert.equal(seen[0], 0);
  assert.equal(seen.at(-1), 1);
  assert.ok(seen.every((part, i) => i === 0 || part >= seen[i - 1]), "never falls");
  assert.ok(seen.length > 20);
  let calls = 0;
  const counting: ProductBackend = {
    ...products,
    products: (...of) => (calls++, products.products(...of)),
  };
  const step = (part: number) => {
    if (part > .3) throw new DOMException("", "AbortError");
  };
  await assert.rejects(
    nearestNeighbours(points, 16, { products: counting, step }),
    { name: "AbortError" },
  );
  assert.ok(calls > 0 && calls < seen.length / 2, `${calls} tiles of ${seen.length}`);
});
