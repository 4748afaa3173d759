import assert from "node:assert/strict";
import { embeddings } from "../schema.ts";
import { testDatabase } from "../testing.ts";
import { createFollower } from "./follower.ts";
import { addPhotos, remove, row } from "./library_index_fixture.ts";
import { clusteredVectors } from "./testing.ts";

const MODEL = "test@000000000000";
const DIMENSION = 8;
const { vectors, queries } = clusteredVectors(2500, DIMENSION, { queries: 1 });

Deno.test("while many vectors are loaded, searches find those that are there", async (t) => {
  const database = await testDatabase();
  const { db, sql } = database;
  const ids = await addPhotos(db, 3000);
  const put = (some: number[]) =>
    db.insert(embeddings).values(some.map((id, i) => row(MODEL, [id, vectors[i]])));
  const waits = { patienceMs: 200, silenceMs: 1000, closeMs: 1000 };
  const settings = { url: database.url, model: MODEL, dimension: DIMENSION, dataDir: null, waits };
  const open = () => createFollower({ ...settings, library: null });
  const follower = open();
  await put([ids[0]]);
  assert.equal((await follower.search(queries[0], 5, null)).missing, 0);
  await new Promise((resolve) => setTimeout(resolve, 550));
  await put(ids.slice(1, 2501));

  await sql.begin(async (holding) => {
    await holding`lock table embeddings in access exclusive mode`;
    await t.step("they say how many are missing", async () => {
      const began = performance.now();
      const { hits, ...found } = await follower.search(queries[0], 5, null);
      assert.ok(performance.now() - began < 1000);
      assert.deepEqual(hits.map((hit) => hit.id), [ids[0]]);
      assert.deepEqual(found, { candidates: 1, exact: false, size: 1, missing: 2500 });
    });

    await t.step("a database that says nothing at all counts as away", async (t) => {
      const silent = open();
      await assert.rejects(silent.search(queries[0], 1, null), { code: "ETIMEDOUT" });
      assert.equal(silent.progress().state, "loading");
      await t.step("and it can be closed over it, with who still waits told", async () => {
        const waiting = assert.rejects(silent.catchUp());
        const began = performance.now();
        await silent.close();
        await waiting;
        assert.ok(performance.now() - began < 4000);
      });
    });
  });

  await t.step("then nothing is", async () => {
    let found = await follower.search(queries[0], 5, null);
    for (const end = performance.now() + 10_000; found.missing > 0;) {
      assert.ok(performance.now() < end);
      found = await follower.search(queries[0], 5, null);
    }
    assert.deepEqual([found.size, found.exact, found.hits.length], [2501, true, 5]);
  });

  await t.step("an index that is loading closes in time too", async () => {
    await new Promise((resolve) => setTimeout(resolve, 550));
    await remove(db, MODEL, ids.slice(0, 50));
    await sql.begin(async (holding) => {
      await holding`lock table embeddings in access exclusive mode`;
      await follower.search(queries[0], 5, null);
      const began = performance.now();
      await follower.close();
      assert.ok(performance.now() - began < 4000);
    });
  });
  await database.drop();
});
