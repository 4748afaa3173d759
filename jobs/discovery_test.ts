import assert from "node:assert/strict";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import sharp from "sharp";
import { testDatabase } from "../db/testing.ts";
import { checkLedgers } from "./check_ledgers.ts";
import { discover } from "./discovery.ts";
import { createSession, ignoreItems, startSession } from "./lifecycle.ts";
import { readProgress } from "./read_progress.ts";
import { retryPhase } from "./phase_lifecycle.ts";
import { claimJobs } from "./queue/claim.ts";
import { sessionResult } from "./session_result.ts";
import { testWorker } from "./testing.ts";
import type { WorkerContext } from "./worker_context.ts";

/** A small picture unlike any of another number: six by six blocks of its own greys. */
async function paint(path: string, number: number): Promise<void> {
  const blocks = Uint8Array.from(
    { length: 36 * 3 },
    (_, index) => (Math.floor(index / 3) * 7919 + number * 104729 + (number * index) % 251) % 256,
  );
  const image = sharp(blocks, { raw: { width: 6, height: 6, channels: 3 } })
    .resize(60, 60, { kernel: "nearest" });
  await Deno.writeFile(path, await image.png().toBuffer());
}

Deno.test("discovery, with a real worker", async (t) => {
  const worker = await testWorker();
  const { photos, db, run } = worker;
  const path = (name: string | number) => join(photos, `${name}.png`);
  for (let number = 0; number < 120; number++) await paint(path(number), number);
  const missing = async () =>
    (await db.execute<{ path: string }>(sql`
      select path from files where missing_at is not null order by path`)).map((row) => row.path);

  await t.step("every file becomes a job once", async () => {
    const { ledger } = await run();
    assert.equal(ledger.discovery.total, 120);
    assert.equal(ledger.training.total, 120);
    assert.equal((await run()).ledger.training.total, 0);
  });

  await t.step("a changed file is a job again, a moved one keeps its photo", async () => {
    await paint(path(3), 500);
    await Deno.rename(path(4), path("moved"));
    const before = await db.execute(sql`select photo_id from files where path = ${path(4)}`);
    const { ledger } = await run();
    assert.deepEqual([ledger.training.done, ledger.training.skipped], [1, 1]);
    const after = await db.execute(sql`select photo_id from files where path = ${path("moved")}`);
    assert.equal(after[0].photo_id, before[0].photo_id);
    assert.deepEqual(await missing(), [path(4)]);
  });

  await t.step("walked again in the same session, a changed file is read again", async () => {
    const { sessionId } = await run();
    await paint(path(6), 600);
    await retryPhase(db, sessionId, { phase: "discovery" });
    const round = async () =>
      (await db.execute<{ round: number }>(sql`
        select round from sessions where id = ${sessionId}`))[0].round;
    while (await round() === 1) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal((await worker.ended(sessionId)).status, "completed");
    const [file] = await db.execute(sql`select photo_id from files where path = ${path(6)}`);
    assert.notEqual(file.photo_id, null);
  });

  await t.step("a few vanished files are marked, and marked back when they return", async () => {
    await Deno.rename(path(5), path("../away"));
    await run();
    assert.deepEqual(await missing(), [path(4), path(5)]);
    await Deno.rename(path("../away"), path(5));
    const { ledger } = await run();
    assert.equal(ledger.training.total, 0);
    assert.deepEqual(await missing(), [path(4)]);
  });

  await t.step("a disk that looks empty fails the run and changes nothing", async () => {
    await Deno.rename(photos, `${photos}.away`);
    await Deno.mkdir(photos);
    const result = await run();
    assert.equal(result.status, "failed");
    assert.match(result.error!, /120 of 120 known files are not there/);
    assert.deepEqual(await missing(), [path(4)]);
    await Deno.remove(photos);
    const gone = await run();
    assert.equal(gone.status, "failed");
    assert.match(gone.error!, /is not there any more/);
    await Deno.rename(`${photos}.away`, photos);
    assert.equal((await run()).status, "completed");
  });

  await t.step("more than a quarter gone is not believed, until somebody says so", async () => {
    await Deno.mkdir(join(photos, "../away"));
    for (let number = 10; number < 70; number++) {
      await Deno.rename(path(number), join(photos, "../away", `${number}.png`));
    }
    assert.equal((await run()).status, "failed");
    assert.deepEqual(await missing(), [path(4)]);
    const id = await createSession(db, {
      name: "t",
      rootPath: photos,
      subdirectories: [""],
      skipFaceDetection: true,
    });
    await startSession(db, id, { acceptMissing: true });
    assert.equal((await worker.ended(id)).status, "completed");
    assert.equal((await missing()).length, 61);
  });

  await t.step("a name that is not UTF-8 is a failed item with the remedy", async () => {
    const script = `cp "$1" "$(printf "$2/bad\\377.png")"`;
    const args = ["-c", script, "sh", path(80), photos];
    assert.ok((await new Deno.Command("sh", { args }).output()).success);
    const { ledger, failures, outcome } = await run();
    assert.equal(outcome, "with_errors");
    assert.deepEqual([ledger.training.total, ledger.training.failed], [1, 1]);
    assert.equal(failures[0].message, "The name is not UTF-8; rename it");
    assert.deepEqual(await checkLedgers(db), []);
  });

  await t.step(
    "what could not be looked at is no picture found, and none that is pending",
    async () => {
      const link = join(photos, "dangling.png");
      await Deno.symlink("nowhere", link);
      const { sessionId, ledger, failures, outcome } = await run();
      assert.equal(outcome, "with_errors");
      assert.ok(failures.some((failure) => failure.path === link));
      const { progress } = (await readProgress(db, sessionId))!.phases.discovery;
      assert.deepEqual([progress.current, progress.pending], [ledger.discovery.total, 0]);
      assert.equal(progress.failed, 1);
      await Deno.remove(link);
    },
  );

  await t.step("a folder chosen without its sub-folders, and one chosen twice", async () => {
    await Deno.mkdir(join(photos, "sub"));
    await paint(join(photos, "sub", "deep.png"), 900);
    assert.equal((await run({ recursive: false })).ledger.discovery.total, 61);
    const twice = await run({ subdirectories: ["", "sub", "sub"] });
    assert.equal(twice.ledger.discovery.total, 62);
  });

  await t.step("two sessions over one folder at once do each picture's work once", async () => {
    for (let number = 200; number < 260; number++) await paint(path(number), number);
    const before = await db.execute<{ n: number }>(sql`select count(*)::int as n from embeddings`);
    const [a, b] = await Promise.all([run(), run()]);
    const after = await db.execute<{ n: number }>(sql`select count(*)::int as n from embeddings`);
    // Some of the pictures look alike to the hash, so there may be fewer vectors than files.
    assert.ok(after[0].n - before[0].n > 40);
    assert.equal(a.ledger.training.done + b.ledger.training.done, after[0].n - before[0].n);
    const without = await db.execute(sql`
      select f.path from files f left join photos p on p.id = f.photo_id
      left join embeddings e on e.photo_id = coalesce(p.representative_id, p.id)
      where f.missing_at is null and f.mtime_ms > 0 and e.photo_id is null
        and position('bad' in f.path) = 0`);
    assert.equal(without.length, 0);
    assert.deepEqual(await checkLedgers(db), []);
  });

  await t.step("an ignored file is left alone by every session until it changes", async () => {
    const png = "\x89PNG\r\n\x1a\n";
    await Deno.writeFile(path("broken"), Uint8Array.from(`${png}broken`, (c) => c.charCodeAt(0)));
    const { sessionId, ledger } = await run();
    // And the name that is not UTF-8.
    assert.equal(ledger.training.failed, 2);
    await ignoreItems(db, sessionId);
    const outcome = async () => (await sessionResult(db, sessionId)).outcome;
    while (await outcome() !== "clean") await new Promise((resolve) => setTimeout(resolve, 20));
    const again = await run();
    assert.deepEqual([again.ledger.training.skipped, again.outcome], [2, "clean"]);
    await Deno.writeFile(path("broken"), Uint8Array.from(`${png}still`, (c) => c.charCodeAt(0)));
    assert.equal((await run()).ledger.training.failed, 1);
    await Deno.remove(path("broken"));
  });

  await worker.close();
});

Deno.test("a session that was deleted since its walk was claimed is forgotten quietly", async () => {
  const database = await testDatabase();
  const { db } = database;
  const sessionId = await createSession(db, { name: "t", rootPath: "/", subdirectories: [""] });
  await startSession(db, sessionId);
  const workerId = crypto.randomUUID();
  const claim = (await claimJobs(db, { sessionId, phase: "discovery", workerId, limit: 1 }))!;
  await db.execute(sql`delete from sessions where id = ${sessionId}`);
  // It gets no further than to the database.
  await discover({ db } as WorkerContext, claim);
  assert.equal((await db.execute(sql`select 1 from files`)).length, 0);
  await database.drop();
});
