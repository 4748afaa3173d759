import assert from "node:assert/strict";
import { eq, sql } from "drizzle-orm";
import { sessions } from "./schema.ts";
import { testDatabase } from "./testing.ts";
import { transact } from "./transact.ts";

Deno.test("the victim of a deadlock is run again", async () => {
  const database = await testDatabase();
  const { db } = database;
  const values = { name: "t", rootPath: "/p", subdirectories: [""] };
  const [{ id: one }, { id: two }] = await db.insert(sessions).values([values, values])
    .returning({ id: sessions.id });
  let runs = 0;
  const met = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const cross = (first: number, second: number, turn: number) =>
    transact(db, async (tx) => {
      runs++;
      await tx.execute(sql`select from sessions where id = ${first} for update`);
      met[turn].resolve();
      await met[1 - turn].promise;
      await tx.update(sessions).set({ name: sql`name || ${turn}` }).where(eq(sessions.id, second));
    });
  await Promise.all([cross(one, two, 0), cross(two, one, 1)]);
  assert.equal(runs, 3);
  const rows = await db.select({ name: sessions.name }).from(sessions).orderBy(sessions.id);
  assert.deepEqual(rows.map((row) => row.name).sort(), ["t0", "t1"]);
  await assert.rejects(transact(db, () => Promise.reject(new Error("no"))), /no/);
  await database.drop();
});
