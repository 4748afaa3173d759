import assert from "node:assert/strict";
import { join } from "node:path";
import { eq, sql } from "drizzle-orm";
import { sessions } from "../db/schema.ts";
import { testDatabase } from "../db/testing.ts";
import { writeHours } from "../db/settings.ts";
import { heldHere, holdSession, releaseHold } from "./holds.ts";
import { held, noise, row, start, story, until } from "./holds_testing.ts";
import {
  cancelSession,
  createSession,
  deleteSession,
  pauseSession,
  resumeSession,
  startSession,
} from "./lifecycle.ts";
import { readProgress } from "./read_progress.ts";
import { testWorker } from "./testing.ts";

Deno.test("holding a session is a pause that the program makes and ends", async () => {
  const database = await testDatabase();
  const { db } = database;
  const state = async (id: number) => {
    const [{ status, hold }] = await db.select().from(sessions).where(eq(sessions.id, id));
    return { status, hold };
  };
  try {
    const reason = { hold: "disk_full" as const, message: "Paused: no room" };
    const id = await createSession(db, { name: "t", rootPath: "/p", subdirectories: [""] });
    assert.equal(await holdSession(db, id, reason), false, "what does not run is not held");
    await startSession(db, id);
    assert.equal(await holdSession(db, id, reason), true);
    assert.equal(await holdSession(db, id, { ...reason, message: "Paused: less room" }), false);
    const progress = (await readProgress(db, id))!;
    assert.equal(progress.overallStatus, "paused");
    assert.deepEqual(progress.hold, { reason: "disk_full", message: "Paused: less room" });
    assert.equal(progress.overallProgress.message, "Paused: less room");
    assert.equal(await releaseHold(db, id, "photos_gone"), false, "held for something else");
    assert.equal(await releaseHold(db, id, "disk_full"), true);
    assert.deepEqual(await state(id), { status: "discovering", hold: null });
    assert.equal(await releaseHold(db, id, "disk_full"), false, "released once");
    await holdSession(db, id, reason);
    // Another machine looks after what it held, as long as a worker lives there.
    await db.execute(sql`
      insert into workers (id, host, pid, device, clip_model, face_model)
      values (gen_random_uuid(), 'elsewhere', 1, 'cpu', 'c', 'f')`);
    await db.execute(sql`update sessions set hold_host = 'elsewhere' where id = ${id}`);
    assert.equal((await heldHere(db, "disk_full")).length, 0);
    await db.execute(sql`update workers set beat_at = now() - interval '1 minute'`);
    assert.deepEqual((await heldHere(db, "disk_full")).map((held) => held.id), [id]);
    assert.deepEqual(await pauseSession(db, id), { changed: true, status: "paused" });
    assert.equal(await releaseHold(db, id, "disk_full"), false, "a person's pause stays");
    assert.deepEqual(await state(id), { status: "paused", hold: null });
    await deleteSession(db, id);
    assert.equal(await holdSession(db, id, reason), false);
    assert.equal(await holdSession(db, 999_999, reason), false);
  } finally {
    await database.drop();
  }
});

Deno.test("work at certain hours only", async () => {
  const worker = await testWorker();
  const { db } = worker;
  try {
    await noise(worker.photos, 5);
    // An hour that begins in three, so that it is not now.
    const clock = (hours: number) =>
      new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);
    const closed = { from: clock(3), to: clock(4), timeZone: "UTC" };
    await writeHours(db, closed, "somebody");
    const id = await start(worker);
    await held(worker, id, "outside_hours");
    const waits = `Waits until ${closed.from} (UTC)`;
    assert.equal((await readProgress(db, id))!.overallProgress.message, waits);
    const later = { ...closed, from: clock(2) };
    await writeHours(db, later, "somebody");
    await until("told of the new hours", async () => {
      return (await row(worker, id)).holdMessage === `Waits until ${later.from} (UTC)`;
    });
    await writeHours(db, null, "somebody");
    assert.equal((await worker.ended(id)).outcome, "clean");
    assert.deepEqual(await story(worker, id), ["held", "released"]);

    await writeHours(db, closed, "somebody");
    await noise(join(worker.photos, "more"), 5);
    const now = await start(worker);
    await held(worker, now, "outside_hours");
    const cancelled = await start(worker);
    await held(worker, cancelled, "outside_hours");
    await cancelSession(db, cancelled);
    assert.equal((await row(worker, cancelled)).status, "cancelled");
    await resumeSession(db, now);
    assert.equal((await worker.ended(now)).outcome, "clean");
    assert.deepEqual(await story(worker, now), ["held"]);
    await until("bound again", async () => !(await row(worker, now)).ignoreHours);
  } finally {
    await worker.close();
  }
});
