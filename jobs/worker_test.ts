import assert from "node:assert/strict";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import sharp from "sharp";
import { checkLedgers } from "./check_ledgers.ts";
import { start } from "./holds_testing.ts";
import {
  cancelSession,
  createSession,
  pauseSession,
  resumeSession,
  startSession,
} from "./lifecycle.ts";
import { sessionResult } from "./session_result.ts";
import { testWorker } from "./testing.ts";

async function picture(path: string, seed: number) {
  const pixels = new Uint8Array(32 * 32 * 3);
  for (let i = 0; i < pixels.length; i++) pixels[i] = (i * 2654435761 + seed * 40503 * i) >>> 13;
  await sharp(pixels, { raw: { width: 32, height: 32, channels: 3 } }).png().toFile(path);
}

const rest = () => new Promise((resolve) => setTimeout(resolve, 30));

/** A worker whose graph of pictures waits until it is opened, and counts what it is asked. */
async function heldGraph() {
  const graph = { calls: 0, open: Promise.withResolvers<void>() };
  const worker = await testWorker({}, (engine) => ({
    ...engine,
    async embedImages(images) {
      graph.calls++;
      await graph.open.promise;
      return await engine.embedImages(images);
    },
  }));
  return { worker, graph };
}

Deno.test("a pause takes effect between reading and inference; nothing is lost", async () => {
  const { worker, graph } = await heldGraph();
  const { db, photos } = worker;
  for (let n = 0; n < 30; n++) await picture(join(photos, `${n}.png`), n + 1);
  const id = await start(worker);
  const running = async () =>
    (await db.execute<{ batches: number }>(sql`
      select count(distinct claim_id)::int as batches from jobs
      where session_id = ${id} and phase = 'training' and state = 'running'`))[0].batches;
  // Two batches are with the thread of the graph, a third one read and waiting behind them.
  while (graph.calls < 2 || await running() < 3) await rest();
  await pauseSession(db, id);
  graph.open.resolve();
  while (await running() > 0) await rest();
  assert.equal(graph.calls, 2, "nothing new was begun");
  assert.deepEqual(await checkLedgers(db), []);
  const [left] = await db.execute<{ queued: number; spent: number }>(sql`
    select count(*)::int as queued, count(*) filter (where attempt > 0)::int as spent from jobs
    where session_id = ${id} and phase = 'training' and state = 'queued'`);
  assert.ok(left.queued > 0 && left.spent === 0, JSON.stringify(left));
  graph.open = Promise.withResolvers();
  graph.open.resolve();
  await resumeSession(db, id);
  assert.equal((await worker.ended(id)).ledger.training.done, 30);
  await worker.close();
});

Deno.test("a copy waits until the batch before, which its picture is in, is stored", async () => {
  const { worker, graph } = await heldGraph();
  const { db, photos } = worker;
  await picture(join(photos, "a.png"), 1);
  await Deno.copyFile(join(photos, "a.png"), join(photos, "b.png"));
  const id = await start(worker);
  const claims = async () =>
    (await db.execute<{ claim: string }>(sql`
      select claim_id as claim from jobs
      where session_id = ${id} and phase = 'training' and state = 'running' order by id`))
      .map(({ claim }) => claim);
  while (graph.calls < 1 || (await claims()).length < 2) await rest();
  const [one, other] = await claims();
  assert.notEqual(one, other, "a batch each");
  // Time enough for the copy to be read, found out, given back and claimed anew.
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.deepEqual(await claims(), [one, other]);
  graph.open.resolve();
  const { done, skipped } = (await worker.ended(id)).ledger.training;
  assert.deepEqual({ done, skipped, calls: graph.calls }, { done: 1, skipped: 1, calls: 1 });
  await worker.close();
});

Deno.test("a small session's walk does not wait for another's", async () => {
  const worker = await testWorker();
  const { db, photos } = worker;
  const make = async (folder: string) => {
    await Deno.mkdir(join(photos, folder));
    await picture(join(photos, folder, "a.png"), 1);
    return await createSession(db, {
      name: folder,
      rootPath: photos,
      subdirectories: [folder],
      skipFaceDetection: true,
    });
  };
  const [huge, small] = [await make("huge"), await make("small")];
  const held = Promise.withResolvers<void>();
  const letGo = Promise.withResolvers<void>();
  await startSession(db, huge);
  // Its walk comes no further than its first count.
  const holding = db.transaction(async (tx) => {
    await tx.execute(sql`select from phases where session_id = ${huge} for update`);
    held.resolve();
    await letGo.promise;
  });
  await held.promise;
  await startSession(db, small);
  assert.equal((await worker.ended(small)).status, "completed");
  letGo.resolve();
  await holding;
  assert.equal((await worker.ended(huge)).status, "completed");
  await worker.close();
});

Deno.test("a small session's pictures take turns with a huge one's", async () => {
  const worker = await testWorker();
  const { db, photos } = worker;
  const make = async (folder: string, count: number) => {
    await Deno.mkdir(join(photos, folder));
    for (let n = 0; n < count; n++) {
      await picture(join(photos, folder, `${n}.png`), count + n);
    }
    return await createSession(db, {
      name: folder,
      rootPath: photos,
      subdirectories: [folder],
      skipFaceDetection: true,
    });
  };
  const [huge, small] = [await make("huge", 500), await make("small", 10)];
  const ledger = async () => (await sessionResult(db, huge)).ledger.training;
  await startSession(db, huge);
  while ((await ledger()).done < 5) await rest();
  await startSession(db, small);
  assert.equal((await worker.ended(small)).ledger.training.done, 10);
  const { pending } = await ledger();
  assert.ok(pending > 250, `${pending} of the huge one are left`);
  await cancelSession(db, huge);
  await worker.close();
});

Deno.test("a worker at work leaves suspects to a fresh one, which runs them alone", async () => {
  const worker = await testWorker();
  const { db, photos } = worker;
  for (let n = 0; n < 5; n++) await picture(join(photos, `${n}.png`), n + 1);
  const workerId = async () =>
    (await db.execute<{ id: string }>(sql`select id from workers`))[0]?.id;
  const first = await workerId();
  const id = await createSession(db, {
    name: "t",
    rootPath: photos,
    subdirectories: [""],
    skipFaceDetection: true,
  });
  // Every item becomes one at once, as after two deaths on other machines.
  await db.execute(sql`
    create function suspect() returns trigger language plpgsql as
      'begin if new.phase = ''training'' then new.deaths = 2; end if; return new; end'`);
  await db.execute(sql`
    create trigger suspect before insert on jobs for each row execute function suspect()`);
  await db.execute(sql`insert into events (session_id, kind) values (${id}, 'recovered')`);
  await startSession(db, id);
  const { ledger } = await worker.ended(id);
  assert.equal(ledger.training.done, 5);
  assert.notEqual(await workerId(), first);
  const together = await db.execute(sql`
    select 1 from jobs where phase = 'training' and session_id = ${id}
    group by started_at having count(*) > 1`);
  assert.equal(together.length, 0, "each alone");
  await worker.close();
});

Deno.test("a damaged file: its failed try tells the details, the log tells no name", async () => {
  const written: string[] = [];
  const real = console.error;
  console.error = (line: string) => void written.push(line);
  try {
    const worker = await testWorker();
    const path = join(worker.photos, "Anna am Strand.png");
    await picture(path, 1);
    const bytes = await Deno.readFile(path);
    await Deno.writeFile(path, bytes.subarray(0, bytes.length / 2));
    const { outcome } = await worker.run();
    assert.equal(outcome, "with_errors");
    const [attempt] = await worker.db.execute<{ kind: string; message: string; details: string }>(
      sql`select kind, message, details from attempts`,
    );
    assert.equal(attempt.kind, "permanent");
    assert.match(attempt.details, /^ImageError: The PNG file ends before the picture does/);
    assert.match(attempt.details, /\n {4}at .*image\.ts:\d+/);
    assert.match(attempt.details, /\ncaused by Error: .*png/i);
    await worker.close();
  } finally {
    console.error = real;
  }
  assert.ok(written.length > 0, "the worker says that it is ready");
  assert.doesNotMatch(written.join("\n"), /Anna|Strand/);
});
