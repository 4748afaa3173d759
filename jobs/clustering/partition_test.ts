import assert from "node:assert/strict";
import { cluster } from "./cluster.ts";
import { FACE_DEFAULTS } from "./face_defaults.ts";
import {
  agreement,
  differing,
  floats32,
  normalise,
  people,
  pick,
  seeded,
  shuffled,
  withReference,
} from "./test_support.ts";

const DIM = 512;

for (const set of ["n2k", "h2k", "n10k", "bn2k", "bh2k"]) {
  Deno.test(
    `graph mode and lists come close to the exact labels of ${set}`,
    withReference(async (folder) => {
      const vectors = floats32(`${folder}/${set}.emb.f32`);
      for (const options of [{}, FACE_DEFAULTS]) {
        if (!("collapse" in options) && set.startsWith("b")) continue; // shatters: see above
        const { labels: exact } = await cluster(vectors, DIM, { ...options, mode: "exact" });
        for (const [mode, least] of [["graph", .998], ["lists", .985]] as const) {
          const { labels } = await cluster(vectors, DIM, { ...options, mode });
          const { ari } = agreement(labels, exact);
          assert.ok(ari >= least, `${mode}: ${ari}`);
        }
      }
    }),
  );
}

Deno.test(
  "the partition depends neither on the order of points, nor on the axes, nor on the backend",
  withReference(async (folder) => {
    for (
      const options of [
        {},
        FACE_DEFAULTS,
        { densityCap: .65 },
        { ...FACE_DEFAULTS, mode: "graph" as const },
      ]
    ) {
      const vectors = floats32(`${folder}/bh2k.emb.f32`);
      const { labels } = await cluster(vectors, DIM, options);
      for (const products of ["wasm", "js"] as const) {
        const other = await cluster(vectors, DIM, { ...options, products });
        assert.equal(differing(other.labels, labels), 0);
      }
      const rows = shuffled(labels.length, seeded(7));
      const permuted = await cluster(pick(vectors, DIM, rows), DIM, options);
      assert.equal(differing(permuted.labels, rows.map((row) => labels[row])), 0);
      const rotated = await cluster(reflected(vectors, seeded(8)), DIM, options);
      assert.equal(differing(rotated.labels, labels), 0);
    }
  }),
);

for (const mode of ["exact", "graph"] as const) {
  Deno.test(
    `faces added in portions and taken away give the partition of those left, ${mode}`,
    withReference(async (folder) => {
      const all = floats32(`${folder}/bh2k.emb.f32`);
      const count = all.length / DIM;
      const random = seeded(9);
      const order = shuffled(count, random);
      let lists: Uint8Array | null = null;
      let present: number[] = [];
      for (const upTo of [300, 301, 1500, count]) {
        // Some go again each time, and most of them come back the next.
        present = order.slice(0, upTo).filter(() => random() < .9);
        const kept = { ids: Float64Array.from(present, (p) => 7 * p + 3), lists };
        const options = { ...FACE_DEFAULTS, mode };
        const added = await cluster(pick(all, DIM, present), DIM, { ...options, kept });
        const atOnce = await cluster(pick(all, DIM, present), DIM, options);
        assert.equal(differing(added.labels, atOnce.labels), 0, `${present.length} faces`);
        lists = added.lists!;
      }
      // Damaged lists, or those of other vectors, are as good as none.
      lists![500] ^= 1;
      const kept = { ids: Float64Array.from(present), lists };
      const damaged = await cluster(pick(all, DIM, present), DIM, { ...FACE_DEFAULTS, kept });
      const { labels } = await cluster(pick(all, DIM, present), DIM, FACE_DEFAULTS);
      assert.equal(differing(damaged.labels, labels), 0);
    }),
  );
}

Deno.test("inverted lists are not kept, as they are not exact; exact ones are updated", async () => {
  const { vectors } = people(60, 20);
  const ids = Float64Array.from({ length: 1200 }, (_, p) => p);
  const options = { products: "js" as const, mode: "lists" as const };
  const first = await cluster(vectors, 32, { ...options, kept: { ids, lists: null } });
  assert.equal(first.lists, undefined);
  const exact = await cluster(vectors, 32, {
    ...options,
    mode: "exact",
    kept: { ids, lists: null },
  });
  const next = await cluster(vectors, 32, { ...options, kept: { ids, lists: exact.lists! } });
  assert.equal(next.lists?.length, exact.lists!.length);
});

/** The same points after six reflections in random planes: a rotation of the space. */
function reflected(vectors: Float32Array, random: () => number): Float32Array {
  const rotated = Float64Array.from(vectors);
  for (let turn = 0; turn < 6; turn++) {
    const normal = Float64Array.from({ length: DIM }, () => random() - .5);
    const square = normal.reduce((sum, x) => sum + x * x, 0);
    for (let start = 0; start < rotated.length; start += DIM) {
      let along = 0;
      for (let i = 0; i < DIM; i++) along += rotated[start + i] * normal[i];
      for (let i = 0; i < DIM; i++) rotated[start + i] -= 2 * along / square * normal[i];
    }
  }
  return normalise(Float32Array.from(rotated), DIM);
}
