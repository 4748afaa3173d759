import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { createSession } from "../../jobs/lifecycle.ts";
import { testDatabase } from "../testing.ts";
import { recentChoices } from "./recent_choices.ts";

Deno.test("what there is to choose from is asked for once in a while", async () => {
  const database = await testDatabase();
  const { db } = database;
  const [first, again] = [recentChoices(db), recentChoices(db)];
  assert.equal(again, first);
  assert.deepEqual((await first).folders, []);
  await createSession(db, { name: "a", rootPath: "/a", subdirectories: [""] });
  assert.deepEqual((await recentChoices(db)).folders, []);
  // Those of another library are others.
  const other = await testDatabase();
  await createSession(other.db, { name: "b", rootPath: "/b", subdirectories: [""] });
  assert.deepEqual((await recentChoices(other.db)).folders, ["/b"]);
  await other.drop();
  await database.drop();
});

Deno.test("choices that are old, or could not be had, are asked for again", async () => {
  const database = await testDatabase();
  const { db } = database;
  await db.execute(sql`alter table sessions rename to away`);
  await assert.rejects(recentChoices(db));
  await db.execute(sql`alter table away rename to sessions`);
  assert.deepEqual((await recentChoices(db, { freshMs: 0 })).folders, []);
  await createSession(db, { name: "a", rootPath: "/a", subdirectories: [""] });
  assert.deepEqual((await recentChoices(db)).folders, ["/a"]);
  await database.drop();
});
