import assert from "node:assert/strict";
import { join } from "node:path";
import { testDirectory } from "../testing.ts";
import { createExactIndex } from "./exact.ts";
import { createGrowingIndex, type GrowingIndex } from "./growing.ts";
import { clusteredVectors, withHnswlib } from "./testing.ts";

const COUNT = 3000;

// Pages of a search go on behind a score: a photo whose score changed with its place would come twice.
for (const dimension of [5, 64]) {
  Deno.test(`a pair has one score wherever the vector is, in ${dimension} dimensions`, async (t) => {
    await withHnswlib(async (library) => {
      const folder = await testDirectory();
      const { vectors, queries } = clusteredVectors(COUNT, dimension, { queries: 20 });
      const exact = createExactIndex(dimension);
      vectors.forEach((vector, i) => exact.add(i + 1, vector));
      const among = Float64Array.from({ length: COUNT / 2 }, (_, i) => 1 + 2 * i);
      const agrees = (index: GrowingIndex) => {
        for (const query of queries) {
          const truth = new Map(exact.search(query, COUNT).map(({ id, score }) => [id, score]));
          for (const options of [{}, { among }]) {
            const { hits } = index.find(query, 50, options);
            assert.equal(hits.length, 50);
            for (const { id, score } of hits) assert.equal(score, truth.get(id));
            assert.deepEqual(hits, hits.toSorted((a, b) => b.score - a.score));
          }
        }
      };

      const path = join(folder, "graph");
      for (const scratch of [null, folder]) {
        const index = createGrowingIndex(library, dimension, { exactLimit: 10, scratch });
        vectors.forEach((vector, i) => index.add(i + 1, vector));
        index.build(20);
        await t.step("half in the graph", () => agrees(index));
        while (index.build(1000));
        await t.step(`in the graph${scratch ? ", with copies on the disk" : ""}`, () => {
          assert.equal(index.find(queries[0], 50).exact, false);
          agrees(index);
        });
        await index.graph!.write(path);
        index.graph!.readFrom(path);
        await t.step("in a snapshot's file", () => agrees(index));
        index.close();
      }
      await Deno.remove(folder, { recursive: true });
    });
  });
}
