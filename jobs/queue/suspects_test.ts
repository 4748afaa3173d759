import assert from "node:assert/strict";
import { asc, sql } from "drizzle-orm";
import { attempts, type PhaseName } from "../../db/schema.ts";
import { testDatabase } from "../../db/testing.ts";
import { checkLedgers } from "../check_ledgers.ts";
import { claimJobs, claimSuspect } from "./claim.ts";
import { recoverFrom } from "./rescue.ts";
import { nextSuspect, suspectsWait } from "./suspects.ts";
import { addWorker, eventsOf, finish, jobsOf, MODELS, session } from "./testing.ts";

Deno.test("items that were there when workers died", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  const options = (sessionId: number, workerId: string, phase: PhaseName = "training") => ({
    sessionId,
    phase,
    workerId,
  });

  await t.step("items at two deaths run alone, and fail at the third lone death", async () => {
    const id = await session(database, 3);
    for (const suspects of [0, 3]) {
      const worker = await addWorker(database);
      assert.equal((await claimJobs(db, { ...options(id, worker), limit: 3 }))!.jobs.length, 3);
      assert.deepEqual(await recoverFrom(db, worker), { items: 3, suspects });
    }
    assert.equal(await suspectsWait(db, { sessionId: id, phase: "training" }), true);
    let poison = 0;
    for (let death = 1; death <= 3; death++) {
      const worker = await addWorker(database);
      assert.equal(await claimJobs(db, { ...options(id, worker), limit: 3 }), null);
      const alone = (await nextSuspect(db, { worker: { id: worker, models: MODELS } }))!;
      assert.equal(alone.jobs.length, 1);
      assert.equal(alone.jobs[0].attempt, 1, "a death consumes no attempt");
      poison = alone.jobs[0].id;
      await recoverFrom(db, worker);
    }
    const [failed, ...innocent] = await jobsOf(database, id);
    assert.deepEqual(failed, {
      state: "failed",
      reason: "crashed",
      attempt: 0,
      deaths: 5,
      lone: 3,
    });
    for (const job of innocent) {
      assert.deepEqual(job, { state: "queued", reason: null, attempt: 0, deaths: 2, lone: 0 });
    }
    assert.deepEqual(await checkLedgers(db), []);
    const tries = (await db.select().from(attempts).orderBy(asc(attempts.id)))
      .filter((attempt) => attempt.jobId === poison);
    assert.deepEqual(tries.map((a) => a.reason), [null, null, null, null, "crashed"]);
    assert.match((await eventsOf(database, "recovered")).at(-1)!.message!, /^1 item .* given up$/);
    const worker = await addWorker(database);
    for (const _ of innocent) {
      assert.equal(
        await finish(
          database,
          (await nextSuspect(db, { worker: { id: worker, models: MODELS } }))!,
          "done",
        ),
        1,
      );
    }
    assert.equal(await nextSuspect(db, { worker: { id: worker, models: MODELS } }), null);
    assert.deepEqual(await checkLedgers(db), []);
    await recoverFrom(db, worker);
  });

  await t.step("a walk that takes its worker down three times alone fails its phase", async () => {
    const id = await session(database, 1, "discovery");
    for (let death = 1; death <= 5; death++) {
      const worker = await addWorker(database);
      const how = options(id, worker, "discovery");
      assert.ok(
        death <= 2 ? await claimJobs(db, { ...how, limit: 1 }) : await claimSuspect(db, how),
      );
      await recoverFrom(db, worker);
    }
    const [phase] = await db.execute<{ status: string; error: string; failed: number }>(sql`
      select p.status, p.error, p.failed from phases p
      where session_id = ${id} and name = 'discovery'`);
    assert.equal(phase.status, "failed");
    assert.equal(phase.failed, 0, "its ledger counts files");
    assert.match(phase.error, /died three times/);
    const [{ status }] = await db.execute<{ status: string }>(
      sql`select status from sessions where id = ${id}`,
    );
    assert.equal(status, "failed");
  });

  await t.step(
    "suspects of a paused phase, or in another session's hand, do not wait",
    async () => {
      const [id, other] = [await session(database, 1), await session(database, 1)];
      const worker = await addWorker(database);
      await db.execute(sql`update jobs set deaths = 2,
      subject = (select min(subject) from jobs where session_id = ${other})
      where session_id = ${id}`);
      await db.execute(sql`insert into events (session_id, kind) values (${id}, 'recovered')`);
      assert.equal(await suspectsWait(db, { sessionId: id, phase: "training" }), true);
      await claimJobs(db, { ...options(other, worker), limit: 1 });
      assert.equal(await suspectsWait(db, { sessionId: id, phase: "training" }), false);
      assert.equal(await nextSuspect(db, { worker: { id: worker, models: MODELS } }), null);
      await recoverFrom(db, worker);
      await db.execute(sql`update phases set status = 'paused' where session_id = ${id}`);
      assert.equal(await nextSuspect(db, { worker: { id: worker, models: MODELS } }), null);
    },
  );

  await database.drop();
});
