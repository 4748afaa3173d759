import { eq, sql } from "drizzle-orm";
import assert from "node:assert/strict";
import { samples, sessions } from "../../db/schema.ts";
import { testDatabase } from "../../db/testing.ts";
import { createSession } from "../lifecycle.ts";
import { MOST_SAMPLES, sampleProgress, thinSamples } from "./samples.ts";

Deno.test("samples of a phase", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  const create = () => createSession(db, { name: "t", rootPath: "/p", subdirectories: [""] });
  const count = (id: number, counts: string) =>
    db.transaction(async (tx) => {
      await tx.execute(sql.raw(`update phases set ${counts} where session_id = ${id}`));
      await sampleProgress(tx, { sessionId: id, phase: "training" });
      await sampleProgress(tx, { sessionId: id, phase: "discovery" });
    });
  const taken = async (id: number, phase: string) =>
    (await db.execute<{ counted: number }>(sql`select counted from samples
      where session_id = ${id} and phase = ${phase} order by at`)).map((row) => row.counted);
  const age = (id: number, by: string) =>
    db.execute(sql`update samples set at = at - ${by}::interval where session_id = ${id}`);

  await t.step("hold what is counted, once a second", async () => {
    const id = await create();
    await count(id, "done = 3, skipped = 2, failed = 1, cancelled = 4");
    await count(id, "done = 5");
    assert.deepEqual(await taken(id, "training"), [10]);
    // Folders that could not be read are no pictures found.
    assert.deepEqual(await taken(id, "discovery"), [3]);
    await age(id, "2 seconds");
    await count(id, "done = 9");
    assert.deepEqual(await taken(id, "training"), [10, 16]);
  });

  await t.step("go on when the clock was set back", async () => {
    const id = await create();
    await count(id, "done = 1");
    await age(id, "-1 hour");
    await count(id, "done = 2");
    assert.deepEqual(await taken(id, "training"), [2, 1]);
  });

  await t.step("are rolled back with what they count", async () => {
    const id = await create();
    await assert.rejects(db.transaction(async (tx) => {
      await sampleProgress(tx, { sessionId: id, phase: "training" });
      throw new Error("lost");
    }));
    assert.deepEqual(await taken(id, "training"), []);
  });

  await t.step("are thinned evenly, whatever the length of the run", async () => {
    const id = await create();
    const other = await create();
    await db.execute(sql`insert into samples
      select ${other}, 'training', now() - i * interval '1 second', i
      from generate_series(1, 1200) i`);
    // Five hours at one sample a second, arriving as they would.
    let second = 0;
    while (second < 18_000) {
      await db.execute(sql`insert into samples
        select ${id}, 'training', '2030-01-01'::timestamptz + i * interval '1 second', i * 10
        from generate_series(${second}::int, ${second + 249}::int) i`);
      second += 250;
      await thinSamples(db, { sessionId: id });
    }
    const rows = await db.select().from(samples).where(eq(samples.sessionId, id))
      .orderBy(samples.at);
    assert.ok(rows.length <= MOST_SAMPLES && rows.length > MOST_SAMPLES / 2, `${rows.length}`);
    assert.equal(rows[0].counted, 0);
    assert.equal(rows.at(-1)!.counted, 179_990);
    const tenths = Array.from(
      { length: 10 },
      (_, tenth) => rows.filter(({ counted }) => Math.floor(counted / 18_000) === tenth).length,
    );
    assert.ok(tenths.every((many) => many >= 25), `${tenths}`);
    const [{ many }] = await db.execute<{ many: number }>(
      sql`select count(*)::int as many from samples where session_id = ${other}`,
    );
    assert.equal(many, 1200, "another session lost samples");
    assert.equal(await thinSamples(db, { sessionId: other }), 300);
  });

  await t.step("few are left alone", async () => {
    const id = await create();
    await count(id, "done = 1");
    assert.equal(await thinSamples(db, { sessionId: id }), 0);
    await db.delete(sessions).where(eq(sessions.id, id));
    assert.deepEqual(await taken(id, "training"), []);
  });

  await database.drop();
});
