import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { type TestDatabase, testDatabase } from "../../db/testing.ts";
import { checkLedgers } from "../check_ledgers.ts";
import { createSession } from "../lifecycle.ts";
import { type Claim, claimJobs, claimStatement } from "./claim.ts";
import { completeJobs, holdClaim, type Outcome, releaseClaim, retryLater } from "./finish.ts";

const WORKER = "00000000-0000-4000-8000-000000000001";

/** A session whose training phase runs with `count` queued jobs on files of its own, and a worker. */
async function library(database: TestDatabase, count: number): Promise<number> {
  const { db } = database;
  const id = await createSession(db, { name: "t", rootPath: "/p", subdirectories: [""] });
  await db.execute(sql`
    insert into jobs (session_id, phase, subject)
    select ${id}::bigint, 'training', ${id}::bigint * 1000000 + n
    from generate_series(1, ${count}::int) n`);
  await db.execute(sql`
    update phases set status = 'running', total = ${count}, running_since = now(), opened_round = 1
    where session_id = ${id} and name = 'training'`);
  await addWorker(database, WORKER);
  return id;
}

const addWorker = ({ db }: TestDatabase, id: string) =>
  db.execute(sql`
    insert into workers (id, host, pid, device, clip_model, face_model)
    values (${id}, 'h', 1, 'cpu', 'c', 'f') on conflict (id) do nothing`);

/** Another session has the first `count` queued items of this one in hand. */
async function takeElsewhere({ db }: TestDatabase, id: number, count: number): Promise<void> {
  const other = await createSession(db, { name: "o", rootPath: "/p", subdirectories: [""] });
  await db.execute(sql`
    insert into jobs (session_id, phase, subject, state, claim_id, worker_id)
    select ${other}::bigint, phase, subject, 'running', gen_random_uuid(), ${WORKER}
    from (select * from jobs where session_id = ${id} and state = 'queued'
      order by priority, run_at, id limit ${count}) q`);
}

const finish = ({ db }: TestDatabase, claim: Claim, state: Outcome["state"]) =>
  db.transaction(async (tx) => {
    const ours = await holdClaim(tx, claim);
    await completeJobs(tx, claim, [...ours].map((id) => ({ id, state })));
    return ours.size;
  });

Deno.test("the job table", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  const options = (sessionId: number, workerId = WORKER) => ({
    sessionId,
    phase: "training" as const,
    workerId,
  });

  await t.step("twenty workers claiming at once share the jobs without overlap", async () => {
    const id = await library(database, 100);
    const claims = await Promise.all(
      Array.from({ length: 20 }, () => claimJobs(db, { ...options(id), limit: 7 })),
    );
    const taken = claims.flatMap((claim) => claim?.jobs.map((job) => job.id) ?? []);
    assert.equal(new Set(taken).size, taken.length);
    assert.equal(taken.length, 100);
    assert.equal(await claimJobs(db, { ...options(id), limit: 7 }), null);
  });

  await t.step("nothing is claimed of a phase that is paused", async () => {
    const id = await library(database, 3);
    await db.execute(sql`update phases set status = 'paused' where session_id = ${id}`);
    assert.equal(await claimJobs(db, { ...options(id), limit: 7 }), null);
  });

  await t.step(
    "finishing counts in the same transaction, and a rollback counts nothing",
    async () => {
      const id = await library(database, 10);
      const claim = (await claimJobs(db, { ...options(id), limit: 4 }))!;
      await assert.rejects(db.transaction(async (tx) => {
        await holdClaim(tx, claim);
        await completeJobs(tx, claim, claim.jobs.map(({ id }) => ({ id, state: "done" })));
        throw new Error("the disk is gone");
      }));
      assert.deepEqual(await checkLedgers(db), []);
      assert.equal(await finish(database, claim, "done"), 4);
      const [row] = await db.execute<{ done: number; rate: number; mass: number }>(sql`
      select done, rate, rate_mass as mass from phases
      where session_id = ${id} and name = 'training'`);
      assert.equal(row.done, 4);
      assert.ok(row.rate > 0 && row.mass > 0 && row.mass <= 1);
      assert.deepEqual(await checkLedgers(db), []);
    },
  );

  await t.step("releasing consumes no attempt", async () => {
    const id = await library(database, 1);
    for (let turn = 0; turn < 3; turn++) {
      const claim = (await claimJobs(db, { ...options(id), limit: 1 }))!;
      assert.equal(claim.jobs[0].attempt, 1);
      await releaseClaim(db, claim.claimId);
    }
  });

  await t.step("a clock that was set back does not stop the queue", async () => {
    const id = await library(database, 1);
    const dueIn = (time: string) =>
      db.execute(sql`
        update jobs set run_at = now() + ${time}::interval where session_id = ${id}`);
    await dueIn("128 seconds");
    assert.equal(await claimJobs(db, { ...options(id), limit: 1 }), null, "it must wait");
    await dueIn("1 hour");
    assert.equal((await claimJobs(db, { ...options(id), limit: 1 }))!.jobs.length, 1);
  });

  await t.step("errors that may pass come back later, and end as failed when spent", async () => {
    const id = await library(database, 1);
    for (let attempt = 1; attempt <= 5; attempt++) {
      const claim = (await claimJobs(db, { ...options(id), limit: 1 }))!;
      assert.equal(claim.jobs[0].attempt, attempt);
      const spent = await db.transaction(async (tx) => {
        await holdClaim(tx, claim);
        const spent = await retryLater(tx, claim, [{ id: claim.jobs[0].id, message: "EIO" }]);
        await completeJobs(tx, claim, spent);
        return spent;
      });
      assert.equal(spent.length, attempt === 5 ? 1 : 0);
      assert.equal(await claimJobs(db, { ...options(id), limit: 1 }), null, "it must wait");
      await db.execute(sql`update jobs set run_at = now() where session_id = ${id}`);
    }
    assert.deepEqual(await checkLedgers(db), []);
  });

  await t.step("the claim reads its indexes, with few rows and very many, some busy", async () => {
    const plan = async (sessionId: number) => {
      const statement = claimStatement(crypto.randomUUID(), {
        ...options(sessionId),
        limit: 20,
        suspects: false,
      });
      const rows = await db.execute<{ "QUERY PLAN": string }>(sql`explain ${statement}`);
      return rows.map((row) => row["QUERY PLAN"]).join("\n");
    };
    for (const count of [1000, 200_000]) {
      const id = await library(database, count);
      for (const busy of [false, true]) {
        if (busy) await takeElsewhere(database, id, 500);
        const look = /Scan (on|using) jobs_busy .*\n *Index Cond: .*subject = /;
        // The statistics know nothing of a walk that has just ended.
        assert.match(await plan(id), look);
        await db.execute(sql`analyze jobs`);
        const text = await plan(id);
        assert.match(text, look);
        assert.match(text, /Index Scan using jobs_queued on/);
        assert.doesNotMatch(text, /Sort|Seq Scan on jobs/);
        const claim = await claimJobs(db, { ...options(id), limit: 20 });
        assert.equal(claim!.jobs.length, 20);
      }
    }
    const empty = await library(database, 0);
    assert.doesNotMatch(await plan(empty), /Seq Scan on jobs/);
    assert.equal(await claimJobs(db, { ...options(empty), limit: 20 }), null);
  });

  await database.drop();
});
