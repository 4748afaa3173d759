import assert from "node:assert/strict";
import { and, eq, sql } from "drizzle-orm";
import { events, files, jobs, phases, sessions } from "../db/schema.ts";
import { testDatabase } from "../db/testing.ts";
import { advanceSession, sessionsToAdvance } from "./advance.ts";
import { checkLedgers } from "./check_ledgers.ts";
import {
  cancelSession,
  ignoreItems,
  pauseSession,
  resumeSession,
  retrySession,
  startSession,
} from "./lifecycle.ts";
import { holdSession } from "./holds.ts";
import { testSessions, worker } from "./lifecycle_testing.ts";
import { cancelPhase, pausePhase, resumePhase, retryPhase } from "./phase_lifecycle.ts";
import { readProgress } from "./read_progress.ts";
import { carryOutRequests } from "./requests.ts";
import { IllegalTransition } from "./transitions.ts";

Deno.test("one phase of a session", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  const { create, discovered, end, endDiscovery, finish, status, take } = testSessions(db);
  const by = "somebody at a terminal";
  const overall = async (id: number) => (await readProgress(db, id))!.overallStatus;
  const percentage = async (id: number) => (await readProgress(db, id))!.overallProgress.percentage;

  /** As a walk does with a file it sees. */
  const found = (id: number, path: string) =>
    db.execute(sql`
      with f as (insert into files (path, size, mtime_ms) values (${path}, 1, 1) returning id)
      insert into jobs (session_id, phase, subject) select ${id}::bigint, 'training', id from f`);

  const carryOut = async () => {
    while (await carryOutRequests(db));
    for (const id of await sessionsToAdvance(db)) await advanceSession(db, id, worker);
  };

  await t.step(
    "the one that runs is paused and goes on, and it is written who did it",
    async () => {
      const id = await discovered(4);
      const claim = await take(id, "training", 2);
      assert.deepEqual(await pausePhase(db, id, { phase: "training", by }), {
        changed: true,
        status: "paused",
      });
      assert.equal((await pausePhase(db, id, { phase: "training", by })).changed, false);
      // What is in hand is finished; nothing more is taken.
      await end(claim!, ["done", "done"]);
      assert.equal(await take(id, "training", 2), null);
      await resumePhase(db, id, { phase: "training", by });
      assert.equal(await overall(id), "running");
      await finish(id, "training", ["done", "done"]);
      const told = await db.select().from(events).where(eq(events.sessionId, id)).orderBy(
        events.id,
      );
      assert.deepEqual(
        told.filter((event) => event.by === by).map(({ kind, phase }) => [kind, phase]),
        [["paused", "training"], ["resumed", "training"]],
      );
      assert.deepEqual(await checkLedgers(db), []);
    },
  );

  await t.step(
    "a later one is held back until somebody lets it, and the work before it goes on",
    async () => {
      const id = await discovered(2);
      await pausePhase(db, id, { phase: "clustering" });
      assert.equal(await overall(id), "running");
      // Pausing and resuming the session does not let it go.
      await pauseSession(db, id);
      await resumeSession(db, id);
      await finish(id, "training", ["done", "done"]);
      assert.equal((await status(id)).face_detection, "completed");
      assert.equal((await status(id)).clustering, "paused");
      assert.equal(await overall(id), "paused");
      assert.equal(await take(id, "clustering", 1), null);
      await resumePhase(db, id, { phase: "clustering" });
      for (const waiting of await sessionsToAdvance(db)) await advanceSession(db, waiting, worker);
      assert.ok(await take(id, "clustering", 1));
    },
  );

  await t.step("a cancelled one keeps what it finished and lets the next go on", async () => {
    const id = await discovered(6);
    await finish(id, "training", ["done", "failed"]);
    const claim = await take(id, "training", 2);
    const before = await percentage(id);
    await cancelPhase(db, id, { phase: "training", by });
    await carryOut();
    // Two are still in hand: the next phase builds on them, so it waits.
    assert.equal((await status(id)).face_detection, "pending");
    assert.equal(await overall(id), "running");
    await end(claim!, ["done", "skipped"]);
    await carryOut();
    assert.equal((await status(id)).clustering, "running");
    const [row] = await db.select().from(phases)
      .where(and(eq(phases.sessionId, id), eq(phases.name, "training")));
    assert.deepEqual([row.done, row.skipped, row.failed, row.cancelled], [2, 1, 1, 2]);
    assert((await percentage(id))! >= before!);
    assert.deepEqual(await checkLedgers(db), []);
    await db.execute(sql`update phases set total = 1, done = 1
      where session_id = ${id} and name = 'clustering'`);
    await db.execute(sql`update jobs set state = 'done'
      where session_id = ${id} and phase = 'clustering'`);
    await advanceSession(db, id, worker);
    // A run of which a part was cancelled is not called complete.
    assert.equal(await overall(id), "cancelled");
    assert((await db.select().from(sessions).where(eq(sessions.id, id)))[0].completedAt);
    await retryPhase(db, id, { phase: "training" });
    await carryOut();
    assert.equal(await overall(id), "running");
    await finish(id, "training", ["done", "done", "done"]);
  });

  await t.step("cancelled and retried at once, a session is cancelled first", async () => {
    const id = await discovered(6000, { skipFaceDetection: true });
    const claim = await take(id, "training", 1);
    await cancelSession(db, id);
    await retrySession(db, id);
    await carryOut();
    assert.equal(await overall(id), "cancelled");
    await end(claim!, ["done"]);
    await carryOut();
    assert.equal(await overall(id), "running");
    assert.equal((await take(id, "training", 6000))!.jobs.length, 5999);
    assert.deepEqual(await checkLedgers(db), []);
  });

  await t.step("what was cancelled stays so when something else is retried", async () => {
    const id = await discovered(5, { skipFaceDetection: true });
    await finish(id, "training", ["done", "failed"]);
    await cancelSession(db, id);
    await carryOut();
    const [{ id: failed }] = await db.select().from(jobs)
      .where(and(eq(jobs.sessionId, id), eq(jobs.state, "failed")));
    await retrySession(db, id, { jobIds: [failed] });
    await carryOut();
    await finish(id, "training", ["done"]);
    assert.equal(await overall(id), "cancelled");
    await retrySession(db, id);
    await carryOut();
    await finish(id, "training", ["done", "done", "done"]);
    assert.equal(await overall(id), "completed");
    assert.deepEqual(await checkLedgers(db), []);
  });

  await t.step("behind a cancelled phase the next opens, though a later one is held", async () => {
    const id = await discovered(3);
    await pausePhase(db, id, { phase: "clustering" });
    await cancelPhase(db, id, { phase: "training" });
    await carryOut();
    assert.equal((await status(id)).face_detection, "completed");
    assert.equal(await overall(id), "paused");
  });

  await t.step(
    "ignored before its phase has a total, it is in the total of its phase",
    async () => {
      const id = await create({ skipFaceDetection: true });
      await startSession(db, id);
      await db.execute(sql`
      with f as (insert into files (path, size, mtime_ms) values ('/odd/1', 0, 0) returning id)
      insert into jobs (session_id, phase, subject, state)
      select ${id}::bigint, 'training', id, 'failed' from f`);
      await ignoreItems(db, id);
      await carryOut();
      await endDiscovery(id, 1);
      const [row] = await db.select().from(phases)
        .where(and(eq(phases.sessionId, id), eq(phases.name, "training")));
      assert.deepEqual([row.total, row.skipped, row.failed], [1, 1, 0]);
      assert.deepEqual(await checkLedgers(db), []);
    },
  );

  await t.step(
    "a walk that is cancelled leaves what it found to the phases behind it",
    async () => {
      const id = await create();
      await startSession(db, id);
      await found(id, "/found/before");
      await cancelPhase(db, id, { phase: "discovery" });
      await carryOut();
      assert.equal((await status(id)).training, "running");
      await finish(id, "training", ["done"]);
    },
  );

  await t.step("tried again, a walk that was cancelled opens all behind it anew", async () => {
    const id = await create({ skipFaceDetection: true });
    await startSession(db, id);
    await cancelPhase(db, id, { phase: "discovery" });
    await carryOut();
    assert.deepEqual([(await status(id)).training, await overall(id)], ["completed", "cancelled"]);
    await retrySession(db, id);
    await carryOut();
    assert.deepEqual([(await status(id)).training, await percentage(id)], ["pending", null]);
    await found(id, "/found/later");
    await endDiscovery(id, 1);
    await finish(id, "training", ["done"]);
    assert.equal(await overall(id), "completed");
    assert.deepEqual(await checkLedgers(db), []);
  });

  await t.step("one that has not begun is left out", async () => {
    const id = await discovered(2);
    await cancelPhase(db, id, { phase: "face_detection" });
    await cancelPhase(db, id, { phase: "clustering" });
    assert.equal((await cancelPhase(db, id, { phase: "clustering" })).changed, false);
    await finish(id, "training", ["done", "done"]);
    assert.equal(await overall(id), "completed");
    assert.equal(await percentage(id), 100);
    await assert.rejects(pausePhase(db, id, { phase: "training" }), IllegalTransition);
  });

  await t.step(
    "left out while the walk goes on, or before it is repeated, it gets no items",
    async () => {
      const id = await create();
      await startSession(db, id);
      await db.execute(sql`
      with f as (insert into files (path, size, mtime_ms) values ('/early/1', 1, 1) returning id)
      insert into jobs (session_id, phase, subject) select ${id}::bigint, 'training', id from f`);
      await cancelPhase(db, id, { phase: "training" });
      await carryOut();
      await endDiscovery(id, 1);
      await carryOut();
      assert.equal((await status(id)).training, "skipped");
      const open = await db.execute(sql`select 1 from jobs where session_id = ${id}
      and phase = 'training' and state in ('queued', 'running')`);
      assert.equal(open.length, 0);
      assert.equal(
        (await db.execute(sql`select 1 from requests where session_id = ${id}`)).length,
        0,
      );
      assert.deepEqual(await checkLedgers(db), []);
    },
  );

  await t.step("pausing the phase of a session that waits by itself keeps it paused", async () => {
    const id = await discovered(2);
    await holdSession(db, id, { hold: "disk_full", message: "full" });
    assert.deepEqual(await pausePhase(db, id, { phase: "training" }), {
      changed: true,
      status: "paused",
    });
    const [{ hold }] = await db.select().from(sessions).where(eq(sessions.id, id));
    assert.equal(hold, null);
  });

  await t.step("the first of a session that nobody started cannot be stopped alone", async () => {
    const id = await create();
    await assert.rejects(pausePhase(db, id, { phase: "discovery" }), IllegalTransition);
    await assert.rejects(cancelPhase(db, id, { phase: "discovery" }), IllegalTransition);
    await pausePhase(db, id, { phase: "training" });
    assert.equal(await overall(id), "pending");
    await startSession(db, id);
    await endDiscovery(id, 0);
    assert.equal(await overall(id), "paused");
  });

  await t.step("retrying discovery walks again, and the total is unknown until then", async () => {
    const id = await discovered(2, { skipFaceDetection: true });
    await finish(id, "training", ["done", "failed"]);
    await db.execute(sql`insert into walk_faults values (${id}, '/p/closed', 'no entry')`);
    await retryPhase(db, id, { phase: "discovery" });
    await carryOut();
    assert.equal(await overall(id), "discovering");
    assert.equal(await percentage(id), null);
    const faults = await db.execute(sql`select 1 from walk_faults where session_id = ${id}`);
    assert.equal(faults.length, 0);
    await endDiscovery(id, 2);
    // What failed was not asked for again: the round has nothing else to do.
    assert.equal(await overall(id), "completed");
    assert.deepEqual(await checkLedgers(db), []);
  });

  await t.step("a session cancelled in mid-walk can be retried", async () => {
    const id = await create();
    await startSession(db, id);
    await cancelSession(db, id);
    await carryOut();
    await retrySession(db, id);
    await carryOut();
    assert.equal(await overall(id), "discovering");
    assert.ok(await take(id, "discovery", 1));
  });

  await t.step("ignored items count as skipped until somebody wants them after all", async () => {
    const id = await discovered(4, { skipFaceDetection: true });
    await finish(id, "training", ["done", "failed", "failed", "failed"]);
    const failed = await db.select().from(jobs)
      .where(and(eq(jobs.sessionId, id), eq(jobs.state, "failed"))).orderBy(jobs.id);
    await ignoreItems(db, id, { jobIds: [failed[0].id, 999_999], by });
    await carryOut();
    const ledger = async () => {
      const [row] = await db.select().from(phases)
        .where(and(eq(phases.sessionId, id), eq(phases.name, "training")));
      return [row.done, row.skipped, row.failed];
    };
    assert.deepEqual(await ledger(), [1, 1, 2]);
    await ignoreItems(db, id, { phase: "face_detection" });
    await carryOut();
    assert.deepEqual(await ledger(), [1, 1, 2]);
    await ignoreItems(db, id);
    await carryOut();
    assert.deepEqual(await ledger(), [1, 3, 0]);
    assert.equal((await readProgress(db, id))!.outcome, "clean");
    const ignored = () =>
      db.select().from(files).where(sql`ignored_at is not null and id in
        (select subject from jobs where session_id = ${id})`);
    assert.equal((await ignored()).length, 3);
    // "Retry all" leaves them alone; naming one takes it back.
    await retrySession(db, id);
    await carryOut();
    assert.equal(await overall(id), "completed");
    await retrySession(db, id, { jobIds: [failed[0].id] });
    await carryOut();
    assert.equal((await ignored()).length, 2);
    await finish(id, "training", ["done"]);
    assert.deepEqual(await ledger(), [2, 2, 0]);
    assert.deepEqual(await checkLedgers(db), []);
  });

  await t.step("an item that two sessions share is in one hand at a time", async () => {
    const first = await discovered(3);
    const second = await create();
    await startSession(db, second);
    await db.execute(sql`
      insert into jobs (session_id, phase, subject)
      select ${second}, 'training', subject from jobs
      where session_id = ${first} and phase = 'training'`);
    await endDiscovery(second, 3);
    const held = await take(first, "training", 2);
    const rest = await take(second, "training", 3);
    assert.equal(rest!.jobs.length, 1);
    assert(!held!.jobs.some((job) => job.subject === rest!.jobs[0].subject));
    await end(held!, ["done", "done"]);
    assert.equal((await take(second, "training", 3))!.jobs.length, 2);
    // Many at the same instant: the index lets one of them pass.
    const others = await Promise.all(Array.from({ length: 10 }, async () => {
      const id = await create();
      await startSession(db, id);
      await db.execute(sql`insert into jobs (session_id, phase, subject)
        values (${id}, 'training', 123456)`);
      await endDiscovery(id, 1);
      return id;
    }));
    const claims = await Promise.all(others.map((id) => take(id, "training", 1)));
    assert.equal(claims.filter((claim) => claim !== null).length, 1);
  });

  await database.drop();
});
