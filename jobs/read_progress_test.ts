import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { testDatabase } from "../db/testing.ts";
import { testSessions, worker } from "./lifecycle_testing.ts";
import { retryLater } from "./queue/finish.ts";
import { readProgress } from "./read_progress.ts";

Deno.test("what a session waits for", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  const { discovered, take, finish } = testSessions(db);
  await db.execute(sql`
    insert into workers (id, host, pid, device, clip_model, face_model)
    values (${worker.id}, 'here', 1, 'cpu on here', 'clip-1', 'faces-1')`);
  const id = await discovered(5);
  const message = async () => (await readProgress(db, id))!.overallProgress.message;
  const beat = (fields: string) =>
    db.execute(sql`update workers set beat_at = now(), ${sql.raw(fields)} where id = ${worker.id}`);
  // Time cannot be waited for here: the last movement is put into the past instead.
  const quiet = () =>
    db.execute(sql`
      update phases set running_since = now() - interval '1 minute',
        last_commit_at = now() - interval '1 minute' where session_id = ${id} and name = 'training'`);
  // Within the longest back-off; what lies further ahead was written before the clock was set back.
  const soon = new Date(Date.now() + 120_000);
  const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" }).format(soon);
  const DOING = "Reading pictures and making them searchable";

  await t.step("for its next try, where nothing else is left", async () => {
    await finish(id, "training", ["done", "done", "done"]);
    const claim = (await take(id, "training", 2))!;
    await db.transaction((tx) =>
      retryLater(tx, claim, claim.jobs.map((job) => ({ id: job.id, message: "not now" })))
    );
    assert.equal(await message(), DOING, "it has only just moved");
    await db.execute(
      sql`update jobs set run_at = ${soon.toISOString()}::timestamptz where state = 'queued'`,
    );
    await quiet();
    await beat("in_hand = 0");
    assert.match(await message(), new RegExp(`: 2 items are tried again from ${clock} on$`));
    // One that can be taken now is reason enough to go on looking busy.
    await db.execute(sql`update jobs set run_at = now() where id = ${claim.jobs[0].id}`);
    assert.equal(await message(), DOING);
    const again = (await take(id, "training", 5))!;
    assert.equal(again.jobs.length, 1);
    assert.equal(await message(), DOING, "one is in hand");
    await db.transaction((tx) =>
      retryLater(tx, again, [{ id: again.jobs[0].id, message: "not now" }])
    );
  });

  await t.step("nothing is said of tries where no worker could make them", async () => {
    await db.execute(sql`update workers set beat_at = now() - interval '1 minute'`);
    await quiet();
    assert.equal(await message(), "Waiting for a worker: none is running");
  });

  await t.step("a worker that stands still, unless another moves", async () => {
    await beat("in_hand = 3, still_seconds = 150, patience_seconds = 61");
    const { worker: told, overallProgress } = (await readProgress(db, id))!;
    assert.deepEqual([told.alive, told.stalled, told.stillSeconds, told.device], [
      true,
      true,
      150,
      "cpu on here",
    ]);
    assert.match(overallProgress.message, /the worker \(cpu on here\) has been at the same work/);
    await beat("in_hand = 3, still_seconds = 150, patience_seconds = 151");
    assert.equal((await readProgress(db, id))!.worker.stalled, false, "so long is right for it");
    await beat("in_hand = 3, still_seconds = 150, patience_seconds = 61");
    await db.execute(sql`
      insert into workers (id, host, pid, device, clip_model, face_model, in_hand, still_seconds,
        patience_seconds)
      values (gen_random_uuid(), 'there', 2, 'cpu on there', 'clip-1', 'faces-1', 2, 1, 60)`);
    assert.equal((await readProgress(db, id))!.worker.stalled, false);
  });

  await t.step("a look goes through a few thousand items at most, however many wait", async () => {
    await db.execute(sql`
      insert into jobs (session_id, phase, subject, run_at)
      select ${id}::bigint, 'training', 1000000 + n, ${soon.toISOString()}::timestamptz
      from generate_series(1, 20000) n`);
    await db.execute(sql`analyze jobs`);
    await db.execute(
      sql`update jobs set run_at = ${soon.toISOString()}::timestamptz where state = 'queued'`,
    );
    await beat("in_hand = 0");
    await quiet();
    // Of more than that it is not known that they all wait.
    assert.equal(await message(), DOING);
    const plan = await db.execute<{ "QUERY PLAN": string }>(sql`
      explain (analyze, costs off, timing off, summary off)
      select run_at from jobs j where j.session_id = ${id} and j.phase = 'training'
        and j.state = 'queued'
      order by j.session_id, j.phase, j.priority, j.run_at, j.id limit 3001`);
    const text = plan.map((row) => row["QUERY PLAN"]).join("\n");
    assert.match(text, /using jobs_queued/);
    assert.doesNotMatch(text, /Sort/);
  });

  await database.drop();
});
