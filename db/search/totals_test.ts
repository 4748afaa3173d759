import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { insertPhoto } from "../people_testing.ts";
import { files } from "../schema.ts";
import { testDatabase } from "../testing.ts";
import { createLacking } from "./lacking.ts";
import { createTotals } from "./totals.ts";

Deno.test("counting has an end, and is not done again within moments", async () => {
  const database = await testDatabase();
  const { db } = database;
  const add = async () => {
    const photoId = await insertPhoto(db, {});
    await db.insert(files).values({ path: `/p/${photoId}`, size: 1, mtimeMs: 1, photoId });
  };
  await add();
  const totals = createTotals(db);
  assert.equal(await totals.known({}), null);
  assert.equal(await totals.count({}), 1);
  assert.equal(await totals.known({}), 1);
  await add();
  assert.equal(await totals.count({ rating: { min: 0, max: null } }), 2, "of another filter");
  const later = performance.now() + 10_000;
  while (await totals.count({}) === 1) {
    assert.ok(performance.now() < later);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  const hasty = createTotals(db, { patienceMs: 50 });
  const held = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const holding = db.transaction(async (tx) => {
    await tx.execute(sql`lock table photos in access exclusive mode`);
    locked.resolve();
    await held.promise;
  });
  await locked.promise;
  const begun = performance.now();
  assert.equal(await hasty.count({}), null);
  assert.ok(performance.now() - begun < 5000);
  held.resolve();
  await holding;
  const [{ limit }] = await db.execute<{ limit: string }>(
    sql`select current_setting('statement_timeout') as limit`,
  );
  assert.equal(limit, "0", "other statements have no end");
  await database.drop();
});

Deno.test("what photos lack is looked at beside, and told as it was before", async () => {
  const database = await testDatabase();
  const { db } = database;
  const lacks = createLacking(db, { freshMs: 0 });
  assert.equal(await lacks("model"), false);
  const photoId = await insertPhoto(db, {});
  await db.insert(files).values({ path: "/p/1", size: 1, mtimeMs: 1, photoId });
  assert.equal(await lacks("model"), false);
  while (!await lacks("model")) await new Promise((resolve) => setTimeout(resolve, 20));
  await database.drop();
});
