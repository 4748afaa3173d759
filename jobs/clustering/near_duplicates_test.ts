import assert from "node:assert/strict";
import fc from "fast-check";
import { disjointSets, numbered, union } from "./disjoint_sets.ts";
import { nearDuplicateGroups } from "./near_duplicates.ts";
import { nearestNeighbours } from "./neighbours.ts";
import { type Points, similarity, unitPoints } from "./points.ts";
import { jsProducts, type ProductBackend } from "./products.ts";
import { normalise, seeded } from "./test_support.ts";

const DIM = 8;

/** Bursts of these sizes, each point up to `spread` off in every direction, those of odd numbers
 * beside the one before. */
function bursts(sizes: number[], { seed, spread }: { seed: number; spread: number }): Points {
  const random = seeded(seed);
  const off = (centre: number[], far: number) => centre.map((x) => x + far * (random() - .5));
  let centre: number[] = [];
  const rows = sizes.flatMap((size, i) => {
    centre = i % 2 ? off(centre, 3 * spread) : Array.from({ length: DIM }, () => random() - .5);
    return Array.from({ length: size }, () => off(centre, spread));
  });
  return unitPoints(normalise(Float32Array.from(rows.flat()), DIM), DIM);
}

function byDefinition(points: Points, threshold: number): number[] {
  const sets = disjointSets(points.count);
  for (let p = 0; p < points.count; p++) {
    for (let q = 0; q < p; q++) if (similarity(points, p, q) >= threshold) union(sets, p, q);
  }
  return [...numbered(sets).of];
}

/** The plain backend, with small blocks; counts the products that it is asked for. */
function counted(): ProductBackend & { asked: number } {
  const js = jsProducts();
  return {
    ...js,
    rowBlock: 5,
    columnBlock: 7,
    asked: 0,
    products(rows, columns, dim) {
      this.asked += rows.length / dim * (columns.length / dim);
      return js.products(rows, columns, dim);
    },
  };
}

Deno.test("groups are the components of all pairs at the threshold, however short the lists", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        sizes: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 10 }),
        seed: fc.integer(),
        spread: fc.constantFrom(0, .02, .1, .3),
        k: fc.integer({ min: 1, max: 6 }),
        threshold: fc.constantFrom(-1, 0, .7, .95, .999),
      }),
      async ({ sizes, seed, spread, k, threshold }) => {
        const points = bursts(sizes, { seed, spread });
        const products = counted();
        const neighbours = await nearestNeighbours(points, k, { products, step: () => {} });
        const fractions: number[] = [];
        const { of, count } = await nearDuplicateGroups(points, neighbours, {
          threshold,
          products,
          step: (fraction) => fractions.push(fraction),
        });
        const expected = byDefinition(points, threshold);
        assert.deepEqual([...of], expected);
        assert.equal(count, new Set(expected).size);
        assert.equal(fractions.at(-1), 1);
      },
    ),
    { numRuns: 400 },
  );
});

Deno.test("a large burst as tiles: two that touch in one pair only are one", async () => {
  // On a circle, in steps of one degree: two arcs, the gap between them wide or just narrow enough.
  const degree = Math.PI / 180;
  for (const [gap, expected] of [[9.9, 1], [10.1, 2]]) {
    const angles = [0, gap + 59].flatMap((from) =>
      Array.from({ length: 60 }, (_, i) => (from + i) * degree)
    );
    const points = unitPoints(
      normalise(Float32Array.from(angles.flatMap((a) => [Math.cos(a), Math.sin(a)])), 2),
      2,
    );
    const products = counted();
    const neighbours = await nearestNeighbours(points, 4, { products, step: () => {} });
    const threshold = Math.cos(10 * degree);
    const groups = await nearDuplicateGroups(points, neighbours, {
      threshold,
      products,
      step: () => {},
    });
    assert.equal(groups.count, expected);
    assert.deepEqual([...groups.of], byDefinition(points, threshold));
  }
});

Deno.test("many copies of one face, and bursts far apart, cost next to no products", async () => {
  const same = bursts([400], { seed: 1, spread: 0 });
  const apart = bursts([30, 1, 30, 1, 30, 1, 30, 1, 30], { seed: 2, spread: .02 });
  for (const points of [same, apart]) {
    const products = counted();
    const neighbours = await nearestNeighbours(points, 8, { products, step: () => {} });
    products.asked = 0;
    await nearDuplicateGroups(points, neighbours, { threshold: .9, products, step: () => {} });
    assert.ok(products.asked < points.count * points.count / 10, `${products.asked} products`);
  }
});

Deno.test("a cancelled search for near-duplicates ends at its next step", async () => {
  const points = bursts([40, 40, 40, 40, 40, 40], { seed: 5, spread: .1 });
  const products = counted();
  const neighbours = await nearestNeighbours(points, 2, { products, step: () => {} });
  let calls = 0;
  const step = () => {
    if (++calls > 2) throw new DOMException("stop", "AbortError");
  };
  await assert.rejects(nearDuplicateGroups(points, neighbours, { threshold: .6, products, step }), {
    name: "AbortError",
  });
  assert.equal(calls, 3);
});
