import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeLists,
  encodeLists,
  type KeptLists,
  planUpdate,
  updateNeighbours,
} from "./kept_neighbours.ts";
import { nearestNeighbours, type Neighbours } from "./neighbours.ts";
import { type Points, similarity, subset, unitPoints } from "./points.ts";
import { jsProducts } from "./products.ts";
import { normalise, seeded } from "./test_support.ts";

const DIM = 6;
const step = () => {};
const products = { ...jsProducts(), rowBlock: 3, columnBlock: 7 };

/** Points of a few people; every seventh is a copy of another. */
function library(count: number, seed: number): Points {
  const random = seeded(seed);
  const people = Array.from({ length: 6 }, () => Array.from({ length: DIM }, () => random() - .5));
  const rows: number[][] = [];
  for (let i = 0; i < count; i++) {
    const one = people[Math.floor(random() * people.length)];
    rows.push(
      i % 7 === 6 ? rows[Math.floor(random() * i)] : one.map((x) => x + .4 * (random() - .5)),
    );
  }
  return unitPoints(normalise(Float32Array.from(rows.flat()), DIM), DIM);
}

/** What lists have to be, by computing every pair. */
function assertLists(
  points: Points,
  { k, ids, similarities, unlisted }: Neighbours,
  of: Float64Array,
) {
  for (let p = 0; p < points.count; p++) {
    const others = Array.from({ length: points.count }, (_, q) => q).filter((q) => q !== p)
      .map((q) => similarity(points, p, q)).sort((a, b) => b - a);
    const list = [...ids.subarray(p * k, (p + 1) * k)].filter((id) => id >= 0);
    assert.equal(new Set(list).size, Math.min(k, others.length));
    list.forEach((q, i) => {
      assert.equal(similarities[p * k + i], others[i]);
      assert.equal(similarity(points, p, q), others[i]);
      if (i > 0 && others[i] === others[i - 1]) assert.ok(of[list[i - 1]] < of[q]);
    });
    for (let at = p * k + list.length; at < (p + 1) * k; at++) {
      assert.deepEqual([ids[at], similarities[at]], [-1, -Infinity]);
    }
    if (others.length <= k) assert.equal(unlisted[p], -Infinity);
    else assert.ok(unlisted[p] >= others[k], `${unlisted[p]} < ${others[k]}`);
  }
}

/** A moment of a library: which of the pool's points are there, some in another one's place. */
const moment = fc.record({
  add: fc.array(fc.nat(119), { maxLength: 25 }),
  remove: fc.array(fc.nat(119), { maxLength: 25 }),
  change: fc.array(fc.nat(119), { maxLength: 3 }),
  /** Null: in the order of their numbers. */
  shuffle: fc.option(fc.integer()),
});

Deno.test("whatever is added, removed or changed in whatever order, lists are those from scratch", async () => {
  let updated = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        seed: fc.integer(),
        first: fc.uniqueArray(fc.nat(119), { minLength: 0, maxLength: 120 }),
        moments: fc.array(moment, { minLength: 1, maxLength: 8 }),
        k: fc.integer({ min: 1, max: 6 }),
      }),
      async ({ seed, first, moments, k }) => {
        const pool = library(120, seed);
        const there = new Set(first);
        // Which vector of the pool a number has.
        const vectorOf = Int32Array.from({ length: 120 }, (_, i) => i);
        let former: Uint8Array | null = null;
        for (const { add, remove, change, shuffle } of [{ ...moments[0], add: [] }, ...moments]) {
          add.forEach((i) => there.add(i));
          remove.forEach((i) => there.delete(i));
          change.forEach((i) => vectorOf[i] = (vectorOf[i] + 1) % 120);
          const random = seeded(shuffle ?? 0);
          const order = [...there].map((i) => ({ i, at: shuffle === null ? i : random() }))
            .sort((a, b) => a.at - b.at)
            .map(({ i }) => i);
          const points = subset(pool, order.map((i) => vectorOf[i]));
          const ids: Float64Array = Float64Array.from(order, (i) => 1e10 + 3 * i);
          const decoded: KeptLists | null = former && decodeLists(former, DIM);
          assert.equal(decoded === null, former === null);
          const result = await updateNeighbours(points, { ids, former: decoded }, {
            k,
            products,
            step,
          });
          if (result.found > 0 && result.found * 2 <= points.count) updated++;
          assertLists(points, result.neighbours, ids);
          const scratch = await nearestNeighbours(points, k, { products, step });
          scratch.similarities.forEach((cosine, at) => {
            const here = result.neighbours.similarities[at];
            assert.ok(here === cosine || Math.abs(here - cosine) < 1e-6); // float32 chose there
          });
          former = encodeLists(result.kept);
        }
      },
    ),
    { numRuns: 150 },
  );
  assert.ok(updated > 100, `only ${updated} updates that were not the whole`);
});

async function kept(points: Points, k = 4) {
  const ids = Float64Array.from({ length: points.count }, (_, i) => i);
  return (await updateNeighbours(points, { ids, former: null }, { k, products, step })).kept;
}

Deno.test("an update computes what is new and no more", async () => {
  const all = library(100, 7);
  const former = await kept(subset(all, [...Array(90).keys()]));
  const ids = Float64Array.from({ length: 100 }, (_, i) => i);
  const plan = planUpdate(all, { ids, former }, { k: 4, step });
  assert.deepEqual([...plan.rows], [90, 91, 92, 93, 94, 95, 96, 97, 98, 99]);
  assert.ok(plan.products >= 10 * 100 && plan.products < 100 * 100);
  assert.equal(plan.whole, false);

  const same = planUpdate(subset(all, [...Array(90).keys()]), {
    ids: ids.slice(0, 90),
    former,
  }, { k: 4, step });
  assert.equal(same.products, 0);

  const other = subset(all, [...Array(90).keys()]);
  other.vectors.set(all.vectors.subarray(95 * DIM, 96 * DIM), 17 * DIM);
  const changed = planUpdate(other, { ids: ids.slice(0, 90), former }, { k: 4, step });
  assert.deepEqual([...changed.rows], [17]);

  // Other lists than those asked for are no help.
  assert.equal(planUpdate(all, { ids, former }, { k: 5, step }).whole, true);
  assert.equal(planUpdate(all, { ids, former: { ...former, dim: 3 } }, { k: 4, step }).whole, true);
});

Deno.test("a few deletions cost no products, many find the lists that lost too much anew", async () => {
  const all = library(100, 8);
  const former = await kept(all);
  const without = (gone: number[]) => {
    const left = [...Array(100).keys()].filter((i) => !gone.includes(i));
    const ids = Float64Array.from(left);
    return { plan: planUpdate(subset(all, left), { ids, former }, { k: 4, step }), ids, left };
  };
  assert.equal(without([5, 50]).plan.products, 0);
  const row = 20, list = former.neighbours.ids.subarray(row * 8, row * 8 + 5);
  const { plan, left, ids } = without([...list]);
  assert.ok(plan.rows.includes(left.indexOf(row)));
  assert.equal(plan.whole, false);
  const points = subset(all, left);
  const { neighbours } = await updateNeighbours(points, { ids, former }, { k: 4, products, step });
  assertLists(points, neighbours, ids);
});

Deno.test("bytes that are not such lists, of another size or damaged, are none", async () => {
  const lists = await kept(library(20, 9));
  const bytes = encodeLists(lists);
  assert.deepEqual(decodeLists(bytes, DIM), lists);
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  assert.deepEqual(decodeLists(shifted.subarray(3), DIM), lists);
  assert.equal(decodeLists(bytes, DIM + 1), null);
  assert.equal(decodeLists(new Uint8Array(0), DIM), null);
  assert.equal(decodeLists(new Uint8Array(4096), DIM), null);
  assert.equal(decodeLists(bytes.subarray(0, bytes.length - 8), DIM), null);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const damaged = bytes.slice();
      damaged[at] ^= flip;
      assert.equal(decodeLists(damaged, DIM), null);
    }),
  );
});

Deno.test("no points, one point, and ids that identify nothing", async () => {
  for (const count of [0, 1, 2]) {
    const points = library(count, 1);
    const lists = await kept(points);
    const again = decodeLists(encodeLists(lists), DIM);
    const ids = Float64Array.from({ length: count }, (_, i) => i);
    const { neighbours } = await updateNeighbours(points, { ids, former: again }, {
      k: 4,
      products,
      step,
    });
    assertLists(points, neighbours, ids);
  }
  const points = library(3, 1), former = null;
  const given = (...ids: number[]) =>
    updateNeighbours(points, { ids: Float64Array.from(ids), former }, { k: 2, products, step });
  await assert.rejects(given(1, 2), /2 ids for 3 points/);
  await assert.rejects(given(1, 2, 1), /id 1 of point 2/);
  await assert.rejects(given(1, NaN, 3), /id NaN of point 1/);
});
