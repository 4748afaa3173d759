import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { type TestDatabase, testDatabase } from "../../db/testing.ts";
import { rateUpdate } from "./rate.ts";
import { session } from "./testing.ts";

/** One phase and what its rate is made of, with commits that count nothing but time. */
async function phase(database: TestDatabase) {
  const { db } = database;
  const sessionId = await session(database, 0);
  const where = sql`where session_id = ${sessionId} and name = 'training'`;
  return {
    commit: (items: number) =>
      db.execute(
        sql`update phases set ${rateUpdate(items, { sessionId, name: "training" })} ${where}`,
      ),
    /** As if the database's clock had been set by so much since the last commit. */
    setClock: (by: string) =>
      db.execute(sql`update phases set last_commit_at = last_commit_at - ${by}::interval,
        running_since = running_since - ${by}::interval ${where}`),
    async read() {
      const [row] = await db.execute<
        { rate: number; mass: number; active: number; fresh: boolean }
      >(
        sql`select rate, rate_mass as mass, active_seconds as active,
          abs(extract(epoch from clock_timestamp() - last_commit_at)) < 60 as fresh
          from phases ${where}`,
      );
      return { ...row, perSecond: row.rate / row.mass };
    },
  };
}

const rest = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

for (
  const { name, by } of [
    { name: "set back: the last commit lies in the future", by: "-1 year" },
    { name: "set forward: it lies far in the past", by: "1 year" },
  ]
) {
  Deno.test(`a clock that is ${name}; rate and running time stay sane`, async () => {
    const database = await testDatabase();
    const { commit, setClock, read } = await phase(database);
    const began = performance.now();
    await commit(10);
    await rest(200);
    await commit(10);
    const before = await read();
    await setClock(by);
    await rest(200);
    await commit(10);
    const after = await read();
    // This process's own clock says how long it was: not the time that the other one jumped.
    const real = (performance.now() - began) / 1000;
    assert.ok(
      after.active > before.active && after.active - before.active < real,
      `${after.active}`,
    );
    assert.ok(after.mass > before.mass && after.mass < 1);
    // Ten items in 0.2 s or more: between what the slowest machine and the timer allow.
    assert.ok(after.perSecond > 10 / real && after.perSecond < 1e4, `${after.perSecond} a second`);
    assert.ok(after.fresh, "the next interval begins now, by the clock as it is");
    await commit(10);
    assert.ok((await read()).active < real + 60);
    await database.drop();
  });

  Deno.test(`the first commit of a process, the clock ${name}`, async () => {
    const database = await testDatabase();
    const { commit, setClock, read } = await phase(database);
    await setClock(by);
    await commit(10);
    const { active, mass, perSecond } = await read();
    // No more than this process has lived.
    const lived = performance.now() / 1000;
    assert.ok(active > 0 && active <= lived, `${active} of ${lived} s`);
    assert.ok(mass > 0 && mass < 1);
    assert.ok(perSecond >= 10 / lived && perSecond <= 1e4, `${perSecond} a second`);
    await database.drop();
  });
}

Deno.test("a commit of nothing is no movement", async () => {
  const database = await testDatabase();
  const { commit, read } = await phase(database);
  await commit(10);
  const before = await read();
  await commit(0);
  assert.deepEqual(await read(), before);
  await database.drop();
});
