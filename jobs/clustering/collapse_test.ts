import assert from "node:assert/strict";
import fc from "fast-check";
import { expandLabels, type Groups, medoid, nearDuplicates, reduceNeighbours } from "./collapse.ts";
import { nearestNeighbours } from "./neighbours.ts";
import { similarity, unitPoints } from "./points.ts";
import { jsProducts } from "./products.ts";
import { normalise, seeded } from "./test_support.ts";

const step = () => {};
const DIM = 16;

/** Bursts of the given sizes: copies of a random face, slightly off. */
function bursts(sizes: number[], seed: number) {
  const random = seeded(seed);
  const rows = sizes.flatMap((size) => {
    const face = Array.from({ length: DIM }, () => random() - .5);
    return Array.from({ length: size }, () => face.map((x) => x + .02 * (random() - .5)));
  });
  return unitPoints(normalise(Float32Array.from(rows.flat()), DIM), DIM);
}

async function collapsed(sizes: number[], { seed, k }: { seed: number; k: number }) {
  const points = bursts(sizes, seed);
  const near = nearDuplicates(points, .95);
  const neighbours = await nearestNeighbours(points, k, {
    products: jsProducts(),
    step,
    above: .95,
    onPair: near.onPair,
  });
  return { points, neighbours, groups: near.groups() };
}

Deno.test("groups are the connected components of pairs at the threshold", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 12 }),
      fc.integer(),
      async (sizes, seed) => {
        const { points, groups } = await collapsed(sizes, { seed, k: 4 });
        const expected = componentsByDefinition(
          points.count,
          (p, q) => similarity(points, p, q) >= .95,
        );
        assert.deepEqual([...groups.of], expected);
        groups.representatives.forEach((p, g) => assert.equal(groups.of[p], g));
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("reduced lists are the neighbours among representatives, their bound holds", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 }),
      fc.integer(),
      async (sizes, seed) => {
        const { points, neighbours, groups } = await collapsed(sizes, { seed, k: 6 });
        const reduced = await reduceNeighbours(points, { neighbours, groups }, {
          needed: 4,
          products: jsProducts(),
          step,
        });
        const { ids, similarities, unlisted, k } = reduced.neighbours;
        for (let g = 0; g < groups.count; g++) {
          const others = Array.from({ length: groups.count }, (_, i) => i).filter((i) => i !== g)
            .map((i) => similarity(reduced.points, g, i)).sort((a, b) => b - a);
          const list = [...ids.subarray(g * k, (g + 1) * k)].filter((id) => id >= 0);
          assert.ok(list.length >= Math.min(4, others.length));
          list.forEach((id, i) => {
            assert.notEqual(id, g);
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
  const { labels, strengths } = expandLabels(labelling, groups, 3);
  assert.deepEqual([...labels], [0, 1, 1, 1, -1, -1, 0, 0]);
  assert.deepEqual([...strengths], [.5, 1, 1, 1, 0, 0, 1, .5]);
});

Deno.test("of two members the one further from the mean stands for both, in either order", () => {
  const row = [[.8, .6], [.6, .8], [1, 0], [1, 0]];
  const mean = Float64Array.of(.85, .35);
  const points = unitPoints(Float32Array.from(row.flat()), 2);
  assert.equal(medoid(points, Int32Array.of(0, 1), mean), 1);
  assert.equal(medoid(points, Int32Array.of(1, 0), mean), 1);
  assert.equal(medoid(points, Int32Array.of(0, 1, 2, 3)), 0);
});

function componentsByDefinition(count: number, joined: (p: number, q: number) => boolean) {
  const of = new Array<number>(count).fill(-1);
  let next = 0;
  for (let first = 0; first < count; first++) {
    if (of[first] >= 0) continue;
    const queue = [first];
    of[first] = next;
    for (const p of queue) {
      for (let q = 0; q < count; q++) {
        if (of[q] < 0 && joined(p, q)) {
          of[q] = next;
          queue.push(q);
        }
      }
    }
    next++;
  }
  return of;
}
