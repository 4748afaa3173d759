import assert from "node:assert/strict";
import { testDatabase, testDirectory } from "../testing.ts";
import { createGrowingIndex } from "./growing.ts";
import { createSaver, isWorthIt } from "./saver.ts";
import { createSnapshotStore } from "./snapshot_store.ts";
import { clusteredVectors, withHnswlib } from "./testing.ts";

const DIMENSION = 4;
const COUNT = 14_000;
const MINUTE = 60_000;

Deno.test("a graph that was written while it was built is written again when it is done", async () => {
  await withHnswlib(async (library) => {
    const database = await testDatabase();
    const dataDir = await testDirectory();
    const settings = { dataDir, model: "test@000000000000", dimension: DIMENSION, library };
    const store = createSnapshotStore(settings);
    const loaded = async () => {
      const kept = await store.load(() => Promise.resolve(null));
      kept?.index.close();
      return kept?.index.size ?? 0;
    };
    const tokens = async () => (await database.sql`select id from embedding_changes`).length;

    const index = createGrowingIndex(library, DIMENSION, { exactLimit: 100, scratch: dataDir });
    const state = () => ({ database: "1", cursor: "1", lookedAt: "now" });
    const saver = createSaver(store, { index, sql: database.sql, kept: null, state });
    const { vectors } = clusteredVectors(COUNT, DIMENSION, { queries: 0 });
    vectors.forEach((vector, i) => index.add(i + 1, vector));
    saver.changed(COUNT);
    const saved = async () => {
      const done = Promise.withResolvers<void>();
      saver.saveIfDue(done.resolve);
      assert.ok(saver.saving);
      await done.promise;
    };

    while (index.graph === null || index.graph.size < 10_000) index.build(10);
    const first = index.graph.size;
    assert.ok(first < COUNT - 1000, "it is still being built");
    await saved();
    assert.equal(await loaded(), first);
    assert.equal(await tokens(), 1);

    while (index.build(1000));
    await saved();
    assert.equal(await loaded(), COUNT);
    assert.equal(await tokens(), 1, "the one of the former snapshot is gone with it");

    // A few, which waits for rest, but closing does not.
    index.remove(1);
    saver.changed(1);
    saver.saveIfDue(() => {});
    assert.equal(saver.saving, false);
    await saver.close();
    assert.equal(await loaded(), COUNT - 1);
    index.close();
    await database.drop();
    await Deno.remove(dataDir, { recursive: true });
  });
});

Deno.test("the larger a snapshot the seldomer it is written for a few changes", () => {
  const million = { size: 1_000_000, bytes: 2.2e9 };
  const thousand = { size: 1000, bytes: 2.2e6 };
  const at = (savedMs: number, changedMs = 2 * MINUTE) => ({ savedMs, changedMs });
  assert.equal(isWorthIt(1, { ...million, ...at(10 * MINUTE) }), false);
  assert.equal(isWorthIt(20_000, { ...million, ...at(10 * MINUTE) }), false);
  assert.equal(isWorthIt(1, { ...million, ...at(45 * MINUTE) }), true);
  assert.equal(isWorthIt(1, { ...million, bytes: 1e11, ...at(61 * MINUTE) }), true);
  assert.equal(isWorthIt(1, { ...million, ...at(45 * MINUTE, 1000) }), false, "not at rest");
  assert.equal(isWorthIt(20_000, { ...million, ...at(45 * MINUTE, 1000) }), true);
  assert.equal(isWorthIt(50_000, { ...million, ...at(0, 0) }), true);
  assert.equal(isWorthIt(1, { ...thousand, ...at(MINUTE / 2, MINUTE) }), true);
});
