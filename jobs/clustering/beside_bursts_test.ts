import assert from "node:assert/strict";
import { withRepresentatives } from "./collapse.ts";
import { nearDuplicateGroups } from "./near_duplicates.ts";
import { nearestNeighbours } from "./neighbours.ts";
import { unitPoints } from "./points.ts";
import { jsProducts, type ProductBackend } from "./products.ts";
import { reducedLists } from "./reduced_lists.ts";
import { normalise, seeded } from "./test_support.ts";

const step = () => {};
const DIM = 32, K = 16;

/** Of each person a burst of near copies, and pictures around it that are nearer to it than to each other. */
function people(count: number, { burst, others }: { burst: number; others: number }): Float32Array {
  const random = seeded(3);
  const around = (face: number[], off: number) => face.map((x) => x + off * (random() - .5));
  const rows = Array.from({ length: count }, () => {
    const face = Array.from({ length: DIM }, () => random() - .5);
    return [
      ...Array.from({ length: burst }, () => around(face, .1)),
      ...Array.from({ length: others }, () => around(face, .8)),
    ];
  });
  return normalise(Float32Array.from(rows.flat(2)), DIM);
}

function counting(): ProductBackend & { pairs: number } {
  const inner = jsProducts();
  const backend = {
    ...inner,
    pairs: 0,
    products: (...args: Parameters<ProductBackend["products"]>) => {
      backend.pairs += args[0].length / DIM * (args[1].length / DIM);
      return inner.products(...args);
    },
  };
  return backend;
}

Deno.test("neighbours that a burst hid are found beside it, in few products", async () => {
  const points = unitPoints(people(30, { burst: 40, others: 30 }), DIM);
  const plain = jsProducts();
  const neighbours = await nearestNeighbours(points, K, { products: plain, step });
  const near = await nearDuplicateGroups(points, neighbours, {
    threshold: .9,
    products: plain,
    step,
  });
  const groups = withRepresentatives(points, near, step);
  const reduce = async (exact: boolean) => {
    const products = counting();
    const options = { needed: 4, exact, products, step };
    const { ids, unlisted } = await reducedLists(points, { neighbours, groups }, options);
    const lists = Array.from(
      { length: groups.count },
      (_, g) => [...ids.subarray(g * K, g * K + K)],
    );
    return { lists, unlisted, pairs: products.pairs };
  };
  const all = await reduce(true), beside = await reduce(false);
  assert.ok(all.pairs > 300 * groups.count, "most lists were short");
  assert.ok(beside.pairs < all.pairs / 5, `${beside.pairs} of ${all.pairs} products`);
  let found = 0, nearest = 0;
  for (const [g, list] of all.lists.entries()) {
    const first = list.slice(0, 4);
    assert.ok(beside.lists[g].filter((id) => id >= 0).length >= 4, `group ${g} has its entries`);
    assert.equal(
      new Set(beside.lists[g].filter((id) => id >= 0)).size,
      beside.lists[g].filter((id) => id >= 0).length,
      "nobody is listed twice",
    );
    found += first.filter((id) => beside.lists[g].includes(id)).length;
    nearest += first.length;
  }
  assert.ok(found / nearest >= .95, `${found} of the nearest ${nearest}`);
});
