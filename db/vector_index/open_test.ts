import assert from "node:assert/strict";
import { embeddings } from "../schema.ts";
import { testDatabase } from "../testing.ts";
import { bytesOfVector } from "../vectors.ts";
import type { Db } from "../client.ts";
import { eq, inArray } from "drizzle-orm";
import { type IndexSettings, openLibraryIndex } from "./open.ts";
import { createExactIndex } from "./exact.ts";
import { addPhotos } from "./library_index_fixture.ts";
import { clusteredVectors, unit } from "./testing.ts";

const MODEL = "test@000000000000";
// A search within half a second of another sees what that one saw.
const later = () => new Promise((resolve) => setTimeout(resolve, 550));

const settingsFor = (url: string): IndexSettings => ({
  url,
  model: MODEL,
  dimension: 8,
  dataDir: null,
  vectors: "hnswlib",
});

const addVectors = (db: Db, given: { id: number; vector: Float32Array; model?: string }[]) =>
  db.insert(embeddings).values(given.map(({ id, vector, model }) => ({
    photoId: id,
    model: model ?? MODEL,
    vector: bytesOfVector(vector),
  })));

Deno.test("the index follows the database", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  const index = openLibraryIndex(settingsFor(database.url));
  const { vectors, queries } = clusteredVectors(2500, 8, { queries: 5 });
  const axis = unit(new Float32Array([9, 0, 0, 0, 0, 0, 0, 0]));
  const away = axis.map((value) => -value);

  await t.step("an empty library gives nothing", async () => {
    const none = { hits: [], size: 0, candidates: 0, exact: true, missing: 0 };
    assert.deepEqual(await index.search(axis, 5), none);
  });

  const ids = await addPhotos(db, 2502);
  const [early, late] = [ids[0], ids[2501]];
  await later();

  await t.step(
    "everything stored is found as an exact scan finds it, over many blocks",
    async () => {
      const exact = createExactIndex(8);
      vectors.forEach((vector, i) => exact.add(ids[i + 1], vector));
      await addVectors(db, vectors.map((vector, i) => ({ id: ids[i + 1], vector })));
      // Of another model, which is another space.
      await addVectors(db, [{ id: early, vector: axis, model: "other@000000000000" }]);
      for (const query of queries) {
        const { hits, size } = await index.search(query, 20);
        assert.equal(size, 2500);
        assert.deepEqual(hits, exact.search(query, 20));
      }
    },
  );

  await t.step("new vectors are found, those of old photos too", async () => {
    await later();
    await addVectors(db, [{ id: late, vector: axis }, { id: early, vector: axis }]);
    const { hits } = await index.search(axis, 2);
    assert.deepEqual(hits.map((hit) => hit.id).sort((a, b) => a - b), [early, late]);
  });

  await t.step("vectors that go are gone, one and all", async () => {
    await later();
    await db.delete(embeddings).where(eq(embeddings.photoId, late));
    const { hits, size } = await index.search(axis, 1);
    assert.deepEqual([hits[0].id, size], [early, 2501]);
    await later();
    await db.delete(embeddings).where(inArray(embeddings.model, [MODEL]));
    assert.equal((await index.search(away, 1)).size, 0);
  });

  await t.step("a query of the wrong size is refused, and the next one answered", async () => {
    await assert.rejects(index.search(new Float32Array(3), 1), /has 3 values/);
    assert.equal((await index.search(axis, 1)).size, 0);
  });

  await index.close();
  await assert.rejects(index.search(axis, 1), /closed/);
  await database.drop();
});

Deno.test("a database that is away is told with its code", async () => {
  const url = "postgres://nobody@127.0.0.1:1/nothing";
  const index = openLibraryIndex({ ...settingsFor(url), dimension: 1 });
  await assert.rejects(index.search(new Float32Array([1]), 1), { code: "ECONNREFUSED" });
  await index.close();
});

Deno.test("it closes over a database that has fallen silent", async () => {
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = silent.addr as Deno.NetAddr;
  const index = openLibraryIndex(settingsFor(`postgres://nobody@127.0.0.1:${port}/nothing`));
  const warming = assert.rejects(index.warm(), /closed/);
  using _held = await silent.accept();
  const began = performance.now();
  await index.close();
  assert.ok(performance.now() - began < 8000);
  await warming;
  silent.close();
});

Deno.test("its thread logs as the process does", async () => {
  const database = await testDatabase();
  const [id] = await addPhotos(database.db, 1);
  await addVectors(database.db, [{ id, vector: new Float32Array(3) }]);
  const code = `
    import { configureLog } from "${import.meta.resolve("../../log.ts")}";
    import { openLibraryIndex } from "${import.meta.resolve("./open.ts")}";
    configureLog({ logFormat: "json", logLevel: "warn", logPaths: false }, { process: "web" });
    const index = openLibraryIndex(${JSON.stringify(settingsFor(database.url))});
    await index.warm();
    await index.close();`;
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", code],
    cwd: new URL("../../", import.meta.url),
    stdout: "null",
  }).output();
  const [line] = new TextDecoder().decode(stderr).trim().split("\n");
  const { level, process, model, first } = JSON.parse(line);
  assert.deepEqual({ level, process, model, first }, {
    level: "warn",
    process: "web",
    model: MODEL,
    first: id,
  });
  await database.drop();
});

Deno.test("closing while it loads leaves nothing behind", async () => {
  const database = await testDatabase();
  const index = openLibraryIndex(settingsFor(database.url));
  const warming = index.warm();
  await index.close();
  await warming;
  await database.drop();
});
