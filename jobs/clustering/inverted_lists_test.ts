import assert from "node:assert/strict";
import { invertedListNeighbours } from "./inverted_lists.ts";
import { nearestNeighbours, type Neighbours } from "./neighbours.ts";
import { type Points, similarity } from "./points.ts";
import type { ProductBackend } from "./products.ts";
import { jsProducts } from "./products.ts";
import { onnxProducts } from "./products_onnx.ts";
import { floats32, integers32, pick, seeded, withReference } from "./test_support.ts";

const quiet = { step: () => {} };
const DIM = 512, K = 16;

async function withProducts(work: (products: ProductBackend) => Promise<void>): Promise<void> {
  const products = await onnxProducts();
  await work(products).finally(() => products.close());
}

function referencePoints(folder: string, set: string): Points {
  const vectors = floats32(`${folder}/${set}.emb.f32`);
  return { vectors, dim: DIM, count: vectors.length / DIM };
}

/** The part of the first `first` of each true list that is found. */
function recall(found: Neighbours, exact: Neighbours, first: number): number {
  let hits = 0;
  const count = exact.unlisted.length;
  for (let p = 0; p < count; p++) {
    const list = found.ids.subarray(p * K, (p + 1) * K);
    for (let rank = 0; rank < first; rank++) hits += +list.includes(exact.ids[p * K + rank]);
  }
  return hits / (count * first);
}

Deno.test(
  "nearly all neighbours are found, and nobody of a person with few pictures is lost",
  withReference((folder) =>
    withProducts(async (products) => {
      const points = referencePoints(folder, "n10k");
      const exact = await nearestNeighbours(points, K, { products, ...quiet });
      const found = await invertedListNeighbours(points, K, { products, ...quiet });
      assert.ok(recall(found, exact, 2) >= .99, `recall of two is ${recall(found, exact, 2)}`);
      assert.ok(recall(found, exact, K) >= .98, `recall of ${K} is ${recall(found, exact, K)}`);
      const truth = integers32(`${folder}/n10k.truth.i32`);
      const sizes = new Map<number, number>();
      for (const person of truth) sizes.set(person, (sizes.get(person) ?? 0) + 1);
      let mates = 0, missed = 0;
      truth.forEach((person, p) => {
        if (person < 0 || sizes.get(person)! > 3) return;
        for (let rank = 0; rank < 2; rank++) {
          const q = exact.ids[p * K + rank];
          if (truth[q] !== person) continue;
          mates++;
          if (!found.ids.subarray(p * K, (p + 1) * K).includes(q)) missed++;
        }
      });
      assert.ok(mates > 100);
      assert.ok(missed <= mates * .05, `${missed} of ${mates} mates of people with three pictures`);
    })
  ),
);

Deno.test(
  "lists are in order, exact in what they hold, without doubles, and promise nothing else",
  withReference((folder) =>
    withProducts(async (products) => {
      const points = referencePoints(folder, "bh2k");
      const { ids, similarities, unlisted } = await invertedListNeighbours(points, K, {
        products,
        ...quiet,
      });
      assert.ok(unlisted.every((bound) => bound === 1));
      for (let p = 0; p < points.count; p++) {
        const list = [...ids.subarray(p * K, (p + 1) * K)];
        assert.equal(new Set(list).size, K);
        list.forEach((q, rank) => {
          assert.notEqual(q, p);
          assert.equal(similarities[p * K + rank], similarity(points, p, q));
          if (rank > 0) assert.ok(similarities[p * K + rank] <= similarities[p * K + rank - 1]);
        });
      }
    })
  ),
);

Deno.test(
  "the same points give the same lists, in whatever order they come",
  withReference((folder) =>
    withProducts(async (products) => {
      const points = referencePoints(folder, "h2k");
      const once = await invertedListNeighbours(points, K, { products, ...quiet });
      const again = await invertedListNeighbours(points, K, { products, ...quiet });
      assert.deepEqual(again, once);
      const next = seeded(3);
      const order = Array.from({ length: points.count }, (_, p) => p)
        .map((p) => ({ p, at: next() })).sort((a, b) => a.at - b.at).map(({ p }) => p);
      const moved = { ...points, vectors: pick(points.vectors, DIM, order) };
      const other = await invertedListNeighbours(moved, K, { products, ...quiet });
      let differing = 0;
      order.forEach((p, row) => {
        const list = new Set(once.ids.subarray(p * K, (p + 1) * K));
        const there = [...other.ids.subarray(row * K, (row + 1) * K)];
        differing += there.filter((q) => !list.has(order[q])).length;
      });
      // Float32 products of one pair can differ in the last bit between places of a tile.
      assert.ok(differing <= points.count * K * 1e-4, `${differing} entries differ`);
    })
  ),
);

Deno.test("no points, few points, equal points", async () => {
  const products = jsProducts();
  for (const count of [0, 1, 2, 5, 300]) {
    const vectors = new Float32Array(count * 4);
    for (let p = 0; p < count; p++) vectors[p * 4] = 1;
    const points = { vectors, dim: 4, count };
    const { ids, similarities } = await invertedListNeighbours(points, K, { products, ...quiet });
    for (let p = 0; p < count; p++) {
      const list = [...ids.subarray(p * K, (p + 1) * K)].filter((id) => id >= 0);
      assert.equal(list.length, Math.min(K, count - 1));
      assert.equal(new Set(list).size, list.length);
      assert.ok(!list.includes(p));
      assert.ok(similarities.subarray(p * K, p * K + list.length).every((cosine) => cosine === 1));
    }
  }
});
