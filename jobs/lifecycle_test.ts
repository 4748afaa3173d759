import assert from "node:assert/strict";
import { and, eq, sql } from "drizzle-orm";
import { type Database } from "../db/client.ts";
import { phases, sessions } from "../db/schema.ts";
import { testDatabase } from "../db/testing.ts";
import { advanceSession, failPhase } from "./advance.ts";
import { checkLedgers } from "./check_ledgers.ts";
import {
  cancelSession,
  deleteSession,
  pauseSession,
  resumeSession,
  retrySession,
  startSession,
} from "./lifecycle.ts";
import { SessionNotFound } from "./session_state.ts";
import { testSessions, worker } from "./lifecycle_testing.ts";
import { expectedSeconds } from "./phase_history.ts";
import { readProgress } from "./read_progress.ts";
import { carryOutRequests } from "./requests.ts";
import { IllegalTransition } from "./transitions.ts";

Deno.test("the life of a session", async (t) => {
  const database: Database & { drop(): Promise<void> } = await testDatabase();
  const { db } = database;

  const { create, discovered, finish, status } = testSessions(db);

  await t.step("start answers discovering, and again without a change", async () => {
    const id = await create();
    assert.deepEqual(await startSession(db, id), { changed: true, status: "discovering" });
    assert.deepEqual(await startSession(db, id), { changed: false, status: "discovering" });
    const jobs = await db.execute(sql`select 1 from jobs where session_id = ${id}`);
    assert.equal(jobs.length, 1);
  });

  await t.step("twenty clicks at once start it once", async () => {
    const id = await create();
    const answers = await Promise.all(Array.from({ length: 20 }, () => startSession(db, id)));
    assert.equal(answers.filter((answer) => answer.changed).length, 1);
  });

  await t.step("an empty folder completes by itself", async () => {
    const id = await discovered(0, { skipClustering: true });
    assert.deepEqual(await status(id), {
      discovery: "completed",
      training: "completed",
      face_detection: "completed",
      clustering: "skipped",
    });
    const progress = await readProgress(db, id);
    assert.equal(progress!.overallStatus, "completed");
    assert.equal(progress!.overallProgress.percentage, 100);
  });

  await t.step(
    "a phase opens when the one before it has ended, not when nothing is active",
    async () => {
      const id = await discovered(4);
      await finish(id, "training", ["done", "done"]);
      await advanceSession(db, id, worker);
      assert.equal((await status(id)).face_detection, "pending");
      await pauseSession(db, id);
      await advanceSession(db, id, worker);
      assert.equal((await status(id)).face_detection, "pending");
      await resumeSession(db, id);
      await finish(id, "training", ["skipped", "failed"]);
      assert.equal((await status(id)).training, "completed");
      // No photo came of it in this test, so there are no faces to look for.
      assert.equal((await status(id)).face_detection, "completed");
      assert.equal((await status(id)).clustering, "running");
      assert.deepEqual(await checkLedgers(db), []);
    },
  );

  await t.step("pause and resume are illegal where they mean nothing, and say so", async () => {
    const id = await create();
    await assert.rejects(pauseSession(db, id), (error: IllegalTransition) => {
      assert.ok(error instanceof IllegalTransition);
      assert.match(error.message, /it is pending/);
      return true;
    });
    await assert.rejects(resumeSession(db, 999_999), SessionNotFound);
  });

  await t.step(
    "a failed phase fails the run with its reason; start opens a new round",
    async () => {
      const id = await discovered(3);
      await db.transaction((tx) =>
        failPhase(tx, { sessionId: id, phase: "training", message: "no model" })
      );
      assert.deepEqual(await status(id), {
        discovery: "completed",
        training: "failed",
        face_detection: "cancelled",
        clustering: "cancelled",
      });
      const failed = await readProgress(db, id);
      assert.equal(failed!.overallStatus, "failed");
      assert.match(failed!.overallProgress.message, /no model/);
      assert.deepEqual(await startSession(db, id), { changed: true, status: "running" });
      await advanceSession(db, id, worker);
      assert.equal((await status(id)).training, "running");
      assert.equal((await readProgress(db, id))!.round, 2);
      await finish(id, "training", ["done", "done", "done"]);
      assert.deepEqual(await checkLedgers(db), []);
    },
  );

  await t.step("cancel keeps what is finished and balances the ledger", async () => {
    const id = await discovered(5);
    await finish(id, "training", ["done", "failed"]);
    assert.equal((await cancelSession(db, id)).status, "cancelled");
    while (await carryOutRequests(db));
    const progress = await readProgress(db, id);
    assert.equal(progress!.overallStatus, "cancelled");
    const { done, failed, cancelled, pending, total } = progress!.phases.training.progress;
    assert.deepEqual({ done, failed, cancelled, pending, total }, {
      done: 1,
      failed: 1,
      cancelled: 3,
      pending: 0,
      total: 5,
    });
    assert.deepEqual(await checkLedgers(db), []);
    assert.equal((await cancelSession(db, id)).changed, false);
  });

  await t.step("retry opens a round of its own for what failed", async () => {
    const id = await discovered(4, { skipFaceDetection: true });
    await finish(id, "training", ["done", "failed", "failed", "done"]);
    assert.equal((await readProgress(db, id))!.outcome, "with_errors");
    const taken = async () =>
      (await db.select({ seconds: phases.activeSeconds }).from(phases)
        .where(and(eq(phases.sessionId, id), eq(phases.name, "training"))))[0].seconds;
    const before = await taken();
    assert(before > 0);
    await retrySession(db, id);
    await carryOutRequests(db);
    await advanceSession(db, id, worker);
    assert.equal(await taken(), before, "what it took is the sum of all rounds");
    const round = await readProgress(db, id);
    assert.equal(round!.overallStatus, "running");
    assert.equal(round!.round, 2);
    assert.equal(round!.overallProgress.percentage, 0);
    await finish(id, "training", ["done"]);
    assert.equal((await readProgress(db, id))!.overallProgress.percentage, 50);
    await finish(id, "training", ["done"]);
    const ended = await readProgress(db, id);
    assert.deepEqual([ended!.overallStatus, ended!.outcome], ["completed", "clean"]);
    assert.deepEqual(await checkLedgers(db), []);
  });

  await t.step("a double click on retry, and clicks on several items, open one round", async () => {
    const id = await discovered(4, { skipFaceDetection: true });
    await finish(id, "training", ["failed", "failed", "failed", "done"]);
    const failed = await db.execute<{ id: string }>(sql`
      select id from jobs where session_id = ${id} and state = 'failed' order by id`);
    const ids = failed.map((row) => Number(row.id));
    await Promise.all([
      retrySession(db, id, { jobIds: [ids[0]] }),
      retrySession(db, id, { jobIds: [ids[1]] }),
      retrySession(db, id, { jobIds: [ids[1]] }),
    ]);
    while (await carryOutRequests(db));
    await advanceSession(db, id, worker);
    assert.equal((await readProgress(db, id))!.round, 2);
    const { failed: left, pending } = (await readProgress(db, id))!.phases.training.progress;
    assert.deepEqual({ left, pending }, { left: 1, pending: 2 });
    await finish(id, "training", ["done", "done"]);
    await Promise.all([retrySession(db, id), retrySession(db, id)]);
    while (await carryOutRequests(db));
    await advanceSession(db, id, worker);
    await finish(id, "training", ["failed"]);
    while (await carryOutRequests(db));
    const ended = (await readProgress(db, id))!;
    assert.deepEqual([ended.round, ended.overallStatus, ended.outcome], [
      3,
      "completed",
      "with_errors",
    ]);
    assert.deepEqual(await checkLedgers(db), []);
  });

  await t.step("delete takes the session away and leaves the files", async () => {
    const id = await discovered(3);
    const [{ rootPath }] = await db.select().from(sessions).where(eq(sessions.id, id));
    await deleteSession(db, id);
    assert.equal(await readProgress(db, id), null);
    while (await carryOutRequests(db));
    assert.equal((await db.select().from(sessions).where(eq(sessions.id, id))).length, 0);
    const [{ kept }] = await db.execute<{ kept: number }>(sql`
      select count(*)::int as kept from files where path like ${`${rootPath}/%`}`);
    assert.equal(kept, 3);
  });

  await t.step("weights are frozen from what this machine measured", async () => {
    const id = await discovered(40, { skipClustering: true });
    for (let i = 0; i < 40; i++) await finish(id, "training", ["done"]);
    const seconds = await db.transaction((tx) =>
      expectedSeconds(tx, { worker, kind: "folders", phase: "training", items: 80 })
    );
    const [{ active }] = await db.execute<{ active: number }>(sql`
      select active_seconds as active from phases where session_id = ${id} and name = 'training'`);
    assert.ok(Math.abs(seconds! - active * 2) < 1e-9);
    // Only training has a history so far: the default weights stay.
    const next = await discovered(10);
    const [session] = await db.select().from(sessions).where(eq(sessions.id, next));
    assert.equal(session.weights!.measured, false);
    await db.execute(sql`
      insert into history (device, models, phase, items, seconds)
      select ${worker.device}, 'clip-1 faces-1', p, 100, s
      from (values ('face_detection', 50), ('clustering', 1)) v (p, s)`);
    const measured = await discovered(10);
    const [{ weights }] = await db.select().from(sessions).where(eq(sessions.id, measured));
    assert.equal(weights!.measured, true);
    assert.ok(Math.abs(weights!.face_detection - 5) < 1e-9);
  });

  await database.drop();
});
