import assert from "node:assert/strict";
import { eq, inArray, sql } from "drizzle-orm";
import { insertFace, MODEL } from "../db/people_testing.ts";
import { clusters, faces } from "../db/schema.ts";
import { testDatabase } from "../db/testing.ts";
import { clustersOf } from "./people/grouping_testing.ts";
import { lockClusters, mendClusters, storeClusters } from "./store_clusters.ts";

Deno.test("clusters are stored truly, in few rows, and mended when faces go", async (t) => {
  const { db, drop } = await testDatabase();
  const ids: number[] = [];
  for (const quality of [0.5, 0.9, 0.7, 0.4, 0.6, 0.8, 0.2]) {
    ids.push(await insertFace(db, { quality }));
  }
  const store = (labels: number[], covers: number[], of = ids) =>
    db.transaction(async (tx) => {
      await lockClusters(tx);
      const rows = await tx.select({ id: faces.id, cluster: faces.clusterId }).from(faces)
        .orderBy(faces.id);
      const here = rows.filter(({ id }) => of.includes(id));
      return await storeClusters(tx, {
        model: MODEL,
        ids: of,
        labels: Int32Array.from(labels),
        covers: covers.map((at) => of[at]),
        former: Float64Array.from(here, ({ cluster }) => cluster ?? 0),
        outside: rows.flatMap(({ id, cluster }) =>
          of.includes(id) || cluster === null ? [] : [{ id, cluster }]
        ),
      }, () => Promise.resolve());
    });
  /** Versions of rows: another one for each that was written. */
  const versions = async () => {
    const rows = await db.execute<{ id: string; xmin: string }>(sql`
      select 'face ' || id as id, xmin::text from faces
      union all select 'cluster ' || id, xmin::text from clusters`);
    return new Map(rows.map(({ id, xmin }) => [id, xmin]));
  };

  await t.step("new ones", async () => {
    const { clusters, difference } = await store([0, 0, 0, 1, 1, 1, -1], [0, 3]);
    assert.deepEqual([clusters, difference.made, difference.facesMoved], [2, 2, 6]);
    assert.deepEqual((await clustersOf(db)).map(({ faces, size, cover }) => [faces, size, cover]), [
      [ids.slice(0, 3), 3, ids[0]],
      [ids.slice(3, 6), 3, ids[3]],
    ]);
  });

  await t.step("one face more writes that face and its cluster", async () => {
    const before = await versions();
    const [, second] = await clustersOf(db);
    const { difference } = await store([1, 1, 1, 0, 0, 0, 0], [3, 0]);
    assert.deepEqual([difference.same, difference.grown, difference.facesMoved], [1, 1, 1]);
    const written = [...await versions()].filter(([id, xmin]) => before.get(id) !== xmin);
    assert.deepEqual(written.map(([id]) => id).sort(), [
      `cluster ${second.id}`,
      `face ${ids[6]}`,
    ]);
  });

  await t.step("what is left out is in none", async () => {
    const { difference } = await store([0, 0], [0], ids.slice(0, 2));
    assert.deepEqual((await clustersOf(db)).map(({ faces }) => faces), [ids.slice(0, 2)]);
    assert.equal(difference.same, 1, "of the faces that took part");
    const none = await db.select().from(faces).where(inArray(faces.id, ids.slice(2)));
    assert.ok(none.every(({ clusterId }) => clusterId === null));
  });

  await t.step("a cluster that lost faces has a true size and its best face as cover", async () => {
    await store([0, 0, 0, 0, -1, -1, -1], [0]);
    const [{ id }] = await clustersOf(db);
    await db.delete(faces).where(eq(faces.id, ids[0]));
    assert.equal(await db.transaction((tx) => mendClusters(tx, [id, id])), 0);
    assert.deepEqual(await clustersOf(db), [
      { id, size: 3, cover: ids[1], faces: ids.slice(1, 4) },
    ]);
    await db.delete(faces);
    assert.equal(await db.transaction((tx) => mendClusters(tx, [id])), 1);
    assert.deepEqual(await db.select().from(clusters), []);
  });
  await drop();
});
