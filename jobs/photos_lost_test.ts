import assert from "node:assert/strict";
import { join } from "node:path";
import { desc, sql } from "drizzle-orm";
import { walkMissedFiles } from "../db/session_queries.ts";
import { sessions } from "../db/schema.ts";
import { sampleLibrary } from "../e2e/sample.ts";
import { checkLedgers } from "./check_ledgers.ts";
import {
  held,
  noAttempts,
  noise,
  options,
  quiet,
  row,
  start,
  story,
  trained,
  training,
  until,
} from "./holds_testing.ts";
import { createSession, resumeSession, startSession } from "./lifecycle.ts";
import { testWorker } from "./testing.ts";

Deno.test("a folder that is renamed away in the middle of a run, and back", async () => {
  const worker = await testWorker();
  const { photos } = worker;
  const sample = await sampleLibrary();
  try {
    await copyAll(sample.path, join(photos, "library"));
    const id = await start(worker, { subdirectories: ["library"] });
    await trained(worker, id, 5);
    await Deno.rename(join(photos, "library"), join(photos, "elsewhere"));
    await held(worker, id, "photos_gone");
    await quiet(worker);
    const { holdMessage, holdPath } = await row(worker, id);
    assert.match(holdMessage!, new RegExp(`The folder ${photos}/library is empty or cannot be`));
    assert.match(holdPath!, /library\//);
    const before = await training(worker, id);
    await Deno.rename(join(photos, "elsewhere"), join(photos, "library"));
    assert.equal((await worker.ended(id)).status, "completed");
    assert.deepEqual(await story(worker, id), ["held", "released"]);
    const after = await training(worker, id);
    assert(after.done > before.done && before.pending > 0);
    const lost = await worker.db.execute(sql`
      select 1 from jobs where session_id = ${id} and reason = 'vanished'`);
    assert.equal(lost.length, 0);
    await noAttempts(worker, id);
  } finally {
    await worker.close();
    await sample.remove();
  }
});

Deno.test("a mount point without its disk, and files that are really gone", async () => {
  const worker = await testWorker();
  const { photos, db } = worker;
  try {
    await noise(join(photos, "kept"), 3);
    await noise(join(photos, "usb", "deep"), 40);
    const id = await start(worker);
    await trained(worker, id, 4);
    await Deno.rename(join(photos, "usb"), `${photos}-usb`);
    // What is left of a disk that was mounted further down, below other files.
    await Deno.mkdir(join(photos, "usb"));
    await held(worker, id, "photos_gone");
    await quiet(worker);
    assert.match((await row(worker, id)).holdMessage!, /The folder .*\/usb is empty/);
    // Somebody tries again although nothing is better: held once more, nothing lost.
    await resumeSession(db, id);
    await until("held again", async () => (await story(worker, id)).length === 2);
    await quiet(worker);
    // A batch that was given back may have held files of the other folder too.
    const [{ lost }] = await db.execute<{ lost: number }>(sql`
      select count(*)::int as lost from jobs j join files f on f.id = j.subject
      where j.session_id = ${id} and j.state = 'queued' and starts_with(f.path, ${
      photos + "/usb/"
    })`);
    await startSession(db, id, { acceptMissing: true });
    assert.equal((await worker.ended(id)).outcome, "with_errors");
    const { failed, done } = await training(worker, id);
    assert.equal(failed, lost);
    assert.equal(done + failed, 43);
    const reasons = await db.execute(sql`
      select distinct reason from jobs where session_id = ${id} and state = 'failed'`);
    assert.deepEqual(reasons.map(({ reason }) => reason), ["vanished"]);
  } finally {
    await Deno.remove(`${photos}-usb`, { recursive: true }).catch(() => {});
    await worker.close();
  }
});

Deno.test("a file that somebody deletes fails alone", async () => {
  const worker = await testWorker();
  const { photos } = worker;
  try {
    await noise(photos, 12);
    const id = await createSession(worker.db, options(worker));
    // Found by the walk, gone when its turn comes.
    await startSession(worker.db, id);
    await until("found", async () => {
      const rows = await worker.db.execute(sql`select 1 from files`);
      return rows.length === 12;
    });
    await Deno.remove(join(photos, "7.jpg"));
    const result = await worker.ended(id);
    assert.equal(result.status, "completed");
    const { done, failed } = await training(worker, id);
    // On a fast machine it may have been read before it was deleted.
    assert.equal(done + failed, 12);
    assert(failed <= 1);
    assert.deepEqual(await story(worker, id), []);
  } finally {
    await worker.close();
  }
});

Deno.test("a walk that is not believed, until somebody says that the files are gone", async () => {
  const worker = await testWorker();
  const { db, photos } = worker;
  try {
    await noise(photos, 3);
    await worker.run();
    await Deno.remove(photos, { recursive: true });
    await Deno.mkdir(photos);
    for (const folder of ["there and empty", "not there"]) {
      if (folder === "not there") await Deno.remove(photos);
      const { status } = await worker.run();
      assert.equal(status, "failed", folder);
    }
    const [{ id }] = await db.select({ id: sessions.id }).from(sessions)
      .orderBy(desc(sessions.id)).limit(1);
    assert.equal(await walkMissedFiles(db, id), true);
    await startSession(db, id, { acceptMissing: true });
    assert.equal((await worker.ended(id)).outcome, "clean");
    const missing = await db.execute(sql`select 1 from files where missing_at is not null`);
    assert.equal(missing.length, 3);
    assert.equal(await walkMissedFiles(db, id), false);
    assert.deepEqual(await checkLedgers(db), []);
    await Deno.mkdir(photos);
  } finally {
    await worker.close();
  }
});

async function copyAll(from: string, to: string): Promise<void> {
  await new Deno.Command("cp", { args: ["-a", from, to] }).output();
}
