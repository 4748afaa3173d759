import assert from "node:assert/strict";
import fc from "fast-check";
import { cluster } from "./cluster.ts";
import { differing, normalise, pick, seeded } from "./test_support.ts";

const DIM = 16;
const SIZE = 240;

/** Faces of twelve people, some of them in bursts. */
function faces(seed: number): Float32Array {
  const random = seeded(seed);
  const off = (row: number[], far: number) => row.map((x) => x + far * (random() - .5));
  const people = Array.from({ length: 12 }, () => off(Array(DIM).fill(0), 2));
  const rows: number[][] = [];
  while (rows.length < SIZE) {
    const face = off(people[Math.floor(random() * people.length)], .9);
    const copies = random() < .1 ? 6 : 1;
    for (let i = 0; i < copies && rows.length < SIZE; i++) rows.push(off(face, .05));
  }
  return normalise(Float32Array.from(rows.flat()), DIM);
}

const positions = fc.uniqueArray(fc.nat(SIZE - 1), { maxLength: 60 });

for (const mode of ["exact", "graph"] as const) {
  for (const collapse of [null, .95]) {
    Deno.test(`clusters of kept lists are those of all at once, ${mode}, collapse ${collapse}`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer(),
          fc.array(fc.record({ add: positions, remove: positions }), {
            minLength: 1,
            maxLength: 5,
          }),
          async (seed, moments) => {
            const pool = faces(seed), random = seeded(seed);
            const settings = { mode, collapse, similarityFloor: .3, products: "js" } as const;
            const there = new Set([...Array(SIZE).keys()].filter(() => random() < .7));
            let lists: Uint8Array | null = null;
            for (const { add, remove } of [{ add: [], remove: [] }, ...moments]) {
              add.forEach((i) => there.add(i));
              remove.forEach((i) => there.delete(i));
              // Those added last come last, as far from their place as can be.
              const order = [...there];
              const vectors = pick(pool, DIM, order);
              const ids = Float64Array.from(order);
              const kept = await cluster(vectors, DIM, { ...settings, kept: { ids, lists } });
              const once = await cluster(vectors, DIM, settings);
              assert.equal(differing(kept.labels, once.labels), 0);
              assert.ok(new Set(once.labels).size > 3, "too few clusters to tell anything");
              assert.ok(kept.lists);
              lists = kept.lists;
            }
          },
        ),
        { numRuns: 15 },
      );
    });
  }
}
