import assert from "node:assert/strict";
import { eq, sql } from "drizzle-orm";
import type { Db } from "../../db/client.ts";
import { insertFace, MODEL } from "../../db/people_testing.ts";
import { faces } from "../../db/schema.ts";
import { testDatabase } from "../../db/testing.ts";
import { transact } from "../../db/transact.ts";
import { lockClusters } from "../store_clusters.ts";
import { clustersOf, load, THRESHOLDS } from "./grouping_testing.ts";
import { storeGrouping } from "./store_grouping.ts";

/** Stores pairs of the first faces as groups, every second pair without its most central face. */
async function storePairs(db: Db, pairs: number, pause: () => Promise<void>) {
  const found = await load(db);
  const labels = found.ids.map((_, at) => at < 2 * pairs ? at >> 1 : -1);
  const medoids = Array.from({ length: pairs }, (_, label) => label % 2 === 0 ? 2 * label : 0);
  return await transact(db, (tx) =>
    storeGrouping(tx, {
      ...found,
      model: MODEL,
      dimension: 16,
      labels: Int32Array.from(labels),
      medoids,
      thresholds: THRESHOLDS,
    }, pause));
}

Deno.test("others have a turn after every group, while it is judged and while it is stored", async () => {
  const { db, drop } = await testDatabase();
  for (let n = 0; n < 60; n++) await insertFace(db);
  let turns = 0;
  const { clusters } = await storePairs(db, 30, () => Promise.resolve(void turns++));
  assert.equal(clusters, 30);
  assert.ok(turns >= 60, `${turns}`);
  await drop();
});

Deno.test("whoever acts waits for the writing alone, and is heard", async () => {
  const { db, drop } = await testDatabase();
  const ids: number[] = [];
  for (let n = 0; n < 6; n++) ids.push(await insertFace(db));
  let turns = 0;
  const isWaiting = async () => {
    const [{ waiting }] = await db.execute<{ waiting: boolean }>(sql`
      select exists (select from pg_locks where locktype = 'advisory' and not granted
        and database = (select oid from pg_database where datname = current_database())) as waiting`);
    return waiting;
  };
  const { storing } = await db.transaction(async (tx) => {
    await lockClusters(tx);
    const storing = storePairs(db, 3, () => Promise.resolve(void turns++));
    while (!await isWaiting()) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.ok(turns >= 3, "it has looked at every group before it waits for the lock");
    await tx.update(faces).set({ notAFace: true }).where(eq(faces.id, ids[0]));
    // Within an object, as the transaction would wait for it otherwise.
    return { storing };
  });
  await storing;
  assert.deepEqual((await clustersOf(db)).map(({ faces }) => faces), [
    ids.slice(2, 4),
    ids.slice(4),
  ]);
  await drop();
});
