import assert from "node:assert/strict";
import { join } from "node:path";
import { testDirectory } from "../testing.ts";
import { createExactIndex } from "./exact.ts";
import { createGrowingIndex, type GrowingIndex } from "./growing.ts";
import type { VectorIndex } from "./index.ts";
import { clusteredVectors, recall, withHnswlib } from "./testing.ts";

const DIMENSION = 64;
const COUNT = 20_000;

/** Every `n`-th id, as a filter of that selectivity. */
const everyNth = (n: number) => Float64Array.from({ length: COUNT / n }, (_, i) => 1 + i * n);

Deno.test("a graph finds 98 of 100 true neighbours, under filters too", async (t) => {
  await withHnswlib(async (library) => {
    const { vectors, queries } = clusteredVectors(COUNT, DIMENSION, { queries: 60 });
    const exact = createExactIndex(DIMENSION);
    // So low that even half a per cent goes through the graph.
    const index = createGrowingIndex(library, DIMENSION, { exactLimit: 50 });
    for (const one of [exact, index]) vectors.forEach((vector, i) => one.add(i + 1, vector));
    while (index.build(1000));
    assert.equal(index.kind, "hnsw");

    for (const nth of [1, 2, 20, 200]) {
      await t.step(`selectivity ${100 / nth} %`, () => {
        const among = everyNth(nth);
        const found = recall(index, exact, queries, nth === 1 ? {} : { among });
        assert.ok(found >= 0.98, `recall ${found}`);
        const { candidates, exact: complete } = index.find(queries[0], 10, { among });
        assert.deepEqual({ candidates, complete }, { candidates: COUNT / nth, complete: false });
        // All that exist come back, and nothing else.
        const allowed = new Set(among);
        const hits = index.search(queries[0], 150, { among });
        assert.equal(hits.length, Math.min(150, among.length));
        assert.ok(hits.every((hit) => allowed.has(hit.id)));
      });
    }

    await t.step("no candidate, few, unknown and doubled ones", () => {
      const find = (...ids: number[]) =>
        index.find(queries[0], 10, { among: Float64Array.from(ids) });
      assert.deepEqual(find(), { hits: [], candidates: 0, exact: true });
      assert.deepEqual(find(COUNT + 7, 2 ** 40), { hits: [], candidates: 0, exact: true });
      const { hits, candidates } = find(5, 5, COUNT + 1, 9);
      assert.equal(candidates, 2);
      assert.deepEqual(hits.map((hit) => hit.id).sort(), [5, 9]);
    });
    index.close();
  });
});

Deno.test("up to the limit candidates are compared one by one, from the graph or its file", async (t) => {
  await withHnswlib(async (library) => {
    const folder = await testDirectory();
    const { vectors, queries } = clusteredVectors(6000, DIMENSION, { queries: 20 });
    for (const scratch of [null, folder]) {
      const index = createGrowingIndex(library, DIMENSION, { exactLimit: 2000, scratch });
      const exact = createExactIndex(DIMENSION);
      const how = scratch ? ", with copies of its own" : "";
      const both = (act: (one: VectorIndex) => void) => [exact, index].forEach(act);
      vectors.slice(0, 5000).forEach((vector, i) => both((one) => one.add(i + 1, vector)));
      while (index.build(1000));

      const agrees = (one: GrowingIndex) => {
        for (const nth of [3, 40]) {
          const among = everyNth(nth).filter((id) => id <= 6000);
          for (const query of queries) {
            const found = one.find(query, 30, { among }), truth = exact.find(query, 30, { among });
            assert.equal(found.exact, true);
            assert.equal(found.candidates, truth.candidates);
            assert.deepEqual(found.hits.map((hit) => hit.id), truth.hits.map((hit) => hit.id));
            found.hits.forEach(({ score }, i) =>
              assert.ok(Math.abs(score - truth.hits[i].score) < 1e-6)
            );
          }
        }
      };

      await t.step(`without a file${how}`, () => agrees(index));

      const path = join(folder, "graph");
      await t.step(`with one${how}`, async () => {
        await index.graph!.write(path);
        index.graph!.readFrom(path);
        agrees(index);
      });

      await t.step(`with changes since, in and out of the graph${how}`, () => {
        for (let id = 1; id <= 3000; id += 9) both((one) => one.remove(id));
        const others = clusteredVectors(3000, DIMENSION, { queries: 0, seed: 2 }).vectors;
        for (let id = 2; id <= 3000; id += 40) both((one) => one.add(id, others[id - 1]));
        vectors.slice(5000, 5600).forEach((vector, i) => both((one) => one.add(5001 + i, vector)));
        agrees(index);
        while (index.build(1000));
        agrees(index);
        vectors.slice(5600).forEach((vector, i) => both((one) => one.add(5601 + i, vector)));
        for (let id = 5000; id <= 5800; id += 3) both((one) => one.remove(id));
        agrees(index);
      });

      await t.step(`with a file that was cut short${how}`, async () => {
        await Deno.truncate(path, 1000);
        agrees(index);
      });
      index.close();
    }
    assert.deepEqual([...Deno.readDirSync(folder)].map((one) => one.name), ["graph"]);
    await Deno.remove(folder, { recursive: true });
  });
});

Deno.test("while the graph is written everything is found, and what changes meanwhile stays changed", async () => {
  await withHnswlib(async (library) => {
    const folder = await testDirectory();
    const { vectors, queries } = clusteredVectors(4000, DIMENSION, { queries: 20 });
    const exact = createExactIndex(DIMENSION);
    const index = createGrowingIndex(library, DIMENSION, { exactLimit: 100 });
    const both = (act: (one: VectorIndex) => void) => [exact, index].forEach(act);
    vectors.slice(0, 3000).forEach((vector, i) => both((one) => one.add(i + 1, vector)));
    while (index.build(1000));
    const writing = index.graph!.write(join(folder, "graph"));
    assert.equal(index.graph!.writing, true);
    vectors.slice(3000).forEach((vector, i) => both((one) => one.add(3001 + i, vector)));
    for (let id = 1; id <= 4000; id += 2) both((one) => one.remove(id));
    assert.equal(index.build(1000), false);
    assert.equal(index.kind, "growing");
    const found = recall(index, exact, queries);
    assert.ok(found >= 0.98, `recall ${found}`);
    const ids = await writing;
    assert.equal(ids.length, 3000);
    while (index.build(1000));
    assert.equal(index.size, exact.size);
    const after = recall(index, exact, queries);
    assert.ok(after >= 0.98, `recall ${after}`);
    assert.ok(index.search(queries[0], 4000).every((hit) => exact.has(hit.id)));
    await Deno.remove(folder, { recursive: true });
  });
});

Deno.test("what comes and goes makes the graph no larger, and its answers no worse", async () => {
  await withHnswlib((library) => {
    const { vectors, queries } = clusteredVectors(6000, DIMENSION, { queries: 40 });
    const exact = createExactIndex(DIMENSION);
    const index = createGrowingIndex(library, DIMENSION, { exactLimit: 100 });
    const both = (act: (one: VectorIndex) => void) => [exact, index].forEach(act);
    vectors.slice(0, 2000).forEach((vector, i) => both((one) => one.add(i + 1, vector)));
    while (index.build(1000));
    for (let round = 1; round <= 10; round++) {
      for (let i = 0; i < 400; i++) {
        const gone = (round - 1) * 400 + i + 1;
        both((one) => one.remove(gone));
        both((one) => one.add(2000 + gone, vectors[(2000 + gone - 1) % 6000]));
      }
      while (index.build(1000));
    }
    assert.equal(index.size, 2000);
    const rows = index.graph!.rows;
    assert.ok(rows <= 2400, `${rows} rows for 2000 vectors`);
    const found = recall(index, exact, queries);
    assert.ok(found >= 0.98, `recall ${found}`);
    const hits = index.search(queries[0], 2000);
    assert.ok(hits.every((hit) => exact.has(hit.id)));
  });
});

Deno.test("a filter that only what is far away passes ends in comparing all of it", async () => {
  await withHnswlib(async (library) => {
    const folder = await testDirectory();
    const { vectors, queries } = clusteredVectors(6000, 16, { queries: 5 });
    const exact = createExactIndex(16);
    const index = createGrowingIndex(library, 16, { exactLimit: 500, scratch: folder });
    for (const one of [exact, index]) vectors.forEach((vector, i) => one.add(i + 1, vector));
    while (index.build(1000));
    for (const query of queries) {
      const among = Float64Array.from(exact.search(query, 6000).slice(-3000), ({ id }) => id);
      const found = index.find(query, 10, { among });
      assert.deepEqual(found, exact.find(query, 10, { among }));
      // The nearest half, of the same size, does not need it.
      const near = Float64Array.from(exact.search(query, 3000), ({ id }) => id);
      assert.equal(index.find(query, 10, { among: near }).exact, false);
    }
    index.close();
    await Deno.remove(folder, { recursive: true });
  });
});

Deno.test({
  name: "copies on the disk are given back once a snapshot has the vectors",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await withHnswlib(async (library) => {
      const folder = await testDirectory();
      const { vectors, queries } = clusteredVectors(2000, 16, { queries: 5 });
      const index = createGrowingIndex(library, 16, { exactLimit: 1500, scratch: folder });
      const copies = () =>
        [...Deno.readDirSync("/proc/self/fd")].flatMap(({ name }) => {
          try {
            const target = Deno.readLinkSync(`/proc/self/fd/${name}`);
            return target.startsWith(join(folder, "making-rows-")) ? [target] : [];
          } catch {
            return [];
          }
        }).length;
      vectors.slice(0, 1900).forEach((vector, i) => index.add(i + 1, vector));
      while (index.build(1000));
      assert.equal(copies(), 1);
      const path = join(folder, "graph");
      await index.graph!.write(path);
      // As where too many files are open: it goes on with what it has.
      index.graph!.readFrom(join(folder, "not there"));
      assert.equal(copies(), 1);
      index.graph!.readFrom(path);
      assert.equal(copies(), 0);
      vectors.slice(1900).forEach((vector, i) => index.add(1901 + i, vector));
      while (index.build(1000));
      assert.equal(copies(), 1);
      const exact = createExactIndex(16);
      vectors.forEach((vector, i) => exact.add(i + 1, vector));
      const among = Float64Array.from({ length: 1000 }, (_, i) => 2 * i + 1);
      for (const query of queries) {
        assert.deepEqual(
          index.find(query, 20, { among }).hits,
          exact.find(query, 20, { among }).hits,
        );
      }
      index.close();
      await Deno.remove(folder, { recursive: true });
    });
  },
});
