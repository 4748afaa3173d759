import assert from "node:assert/strict";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import sharp from "sharp";
import { configEnvironment, readConfig } from "../config.ts";
import { isConnectionFault, openDatabase } from "../db/client.ts";
import { testDatabase, testDirectory } from "../db/testing.ts";
import { checkLedgers } from "./check_ledgers.ts";
import { createSession, startSession } from "./lifecycle.ts";
import { superviseWorker } from "./supervisor.ts";

type Illness = "none" | "hangs" | "dies" | "unborn";

/** Supervised worker processes on a fresh database, the n-th with the n-th illness. */
async function ward(
  illnesses: Illness[],
  options: { environment?: Record<string, string>; startSeconds?: number } = {},
) {
  const { environment = {}, startSeconds } = options;
  const database = await testDatabase();
  const dir = await testDirectory();
  const photos = join(dir, "photos");
  await Deno.mkdir(photos);
  await Deno.mkdir(join(dir, "data"));
  const config = readConfig({ SAFELIGHT_DATA: join(dir, "data"), ...environment });
  let starts = 0;
  const supervisor = superviseWorker(config, database, {
    startSeconds,
    command: (id) =>
      new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "-A",
          "--quiet",
          new URL("./sick_worker.ts", import.meta.url).pathname,
          id,
          illnesses[Math.min(starts++, illnesses.length - 1)],
        ],
        env: { ...configEnvironment(config), SAFELIGHT_LOG: "text", DATABASE_URL: database.url },
        stdin: "piped",
        stdout: "null",
        stderr: "null",
      }),
  });
  const { db } = database;
  return {
    db,
    url: database.url,
    photos,
    starts: () => starts,
    /** Asks until the query gives a row. */
    async until<Row extends Record<string, unknown>>(query: ReturnType<typeof sql>): Promise<Row> {
      for (;;) {
        const [row] = await db.execute<Row>(query);
        if (row) return row as Row;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    async start(): Promise<number> {
      const id = await createSession(db, {
        name: "t",
        rootPath: photos,
        subdirectories: [""],
        skipFaceDetection: true,
      });
      await startSession(db, id);
      return id;
    },
    async close() {
      await supervisor.stop();
      await database.drop();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

/** Noise of one colour, different for every seed. */
async function picture(path: string, colour: [number, number, number], seed: number) {
  const pixels = new Uint8Array(64 * 64 * 3);
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = colour[i % 3] + ((i * 2654435761 + seed * 40503 * i) >>> 13) % 30;
  }
  await sharp(pixels, { raw: { width: 64, height: 64, channels: 3 } }).png().toFile(path);
}

const ENDED = (id: number) =>
  sql`select status from sessions where id = ${id} and status in ('completed', 'failed')`;

Deno.test("a picture that kills its worker is found out, and the run goes on", async () => {
  const { db, photos, until, start, close } = await ward(["dies"]);
  for (let n = 0; n < 9; n++) await picture(join(photos, `${n}.png`), [200, 60 + 10 * n, 20], n);
  await picture(join(photos, "4-poison.png"), [5, 225, 5], 99);
  const id = await start();
  const { status } = await until<{ status: string }>(ENDED(id));
  assert.equal(status, "completed");
  const jobs = await db.execute<{ path: string; state: string; reason: string; lone: number }>(sql`
    select f.path, j.state, j.reason, j.attempt, j.lone_deaths as lone from jobs j
    join files f on f.id = j.subject where j.session_id = ${id} and j.phase = 'training'`);
  assert.equal(jobs.length, 10);
  for (const job of jobs) {
    if (job.path.endsWith("poison.png")) {
      assert.deepEqual([job.state, job.reason, job.lone], ["failed", "crashed", 3]);
    } else assert.ok(["done", "skipped"].includes(job.state) && job.lone === 0, job.path);
  }
  const spent = await db.execute(sql`select 1 from jobs where phase = 'training'
    and attempt > case when state = 'failed' then 0 else 1 end`);
  assert.equal(spent.length, 0, "deaths consume no attempts");
  assert.deepEqual(await checkLedgers(db), []);
  const [{ deaths }] = await db.execute<{ deaths: number }>(
    sql`select count(*)::int as deaths from events where kind = 'worker_died'`,
  );
  assert.equal(deaths, 5, "twice in company, three times alone");
  await close();
});

Deno.test("a worker that beats but gets nowhere is replaced", async () => {
  const { db, photos, until, start, close } = await ward(["hangs", "none"], {
    environment: { SAFELIGHT_STALL_SECONDS: "2" },
  });
  await picture(join(photos, "a.png"), [200, 60, 20], 1);
  const id = await start();
  const { status } = await until<{ status: string }>(ENDED(id));
  assert.equal(status, "completed");
  const told = await db.execute<{ kind: string; message: string }>(
    sql`select kind, message from events where kind like 'worker%' or kind = 'recovered' order by id`,
  );
  assert.deepEqual(
    new Set(told.slice(0, 4).map((event) => event.kind)),
    new Set(
      ["worker_started", "worker_stalled", "worker_died", "recovered"],
    ),
  );
  assert.match(
    told.find((event) => event.kind === "worker_stalled")!.message,
    /had 1 item in hand and finished none for \d+ s/,
  );
  const [job] = await db.execute<{ state: string; attempt: number; deaths: number }>(
    sql`select state, attempt, deaths from jobs where phase = 'training'`,
  );
  assert.deepEqual({ ...job }, { state: "done", attempt: 1, deaths: 1 });
  await close();
});

async function hangsBeforeItsFirstBeat() {
  // Long enough for a well one to start on a busy machine.
  const { db, until, starts, close } = await ward(["unborn", "none"], { startSeconds: 20 });
  const { message } = await until<{ message: string }>(
    sql`select message from events where kind = 'worker_stalled'`,
  );
  assert.match(message, /, process \d+ gave no first sign of life within 20 s and was replaced$/);
  await until(sql`select 1 from workers`);
  assert.ok(starts() >= 2);
  const died = await db.execute(sql`select 1 from events where kind = 'worker_died'`);
  assert.equal(died.length, 0, "who never lived held nothing");
  await close();
}

async function isStopped() {
  const { url, photos, until, start, starts, close } = await ward(["none"]);
  // It may be frozen inside a transaction; here is one that stands still with locks in hand.
  const frozen = await openDatabase(url);
  const end = Promise.withResolvers<void>();
  const standing = frozen.db.transaction(async (tx) => {
    await tx.execute(sql`lock table jobs`);
    await end.promise;
  }).catch((error) => error);
  const { pid, id: first } = await until<{ pid: number; id: string }>(
    sql`select pid, id from workers`,
  );
  Deno.kill(pid, "SIGSTOP");
  const second = await until<{ pid: number }>(sql`select pid from workers where id <> ${first}`);
  assert.notEqual(second.pid, pid);
  assert.equal(starts(), 2);
  assert.throws(() => Deno.kill(pid, "SIGCONT"), Deno.errors.NotFound, "it was ended for good");
  const { message } = await until<{ message: string }>(
    sql`select message from events where kind = 'worker_stalled'`,
  );
  assert.match(message, /no sign of life for 20 s/);
  await picture(join(photos, "a.png"), [200, 60, 20], 1);
  assert.equal((await until<{ status: string }>(ENDED(await start()))).status, "completed");
  end.resolve();
  assert.ok(isConnectionFault(await standing), "the server ended the one that stood still");
  await frozen.close();
  await close();
}

// Side by side: both wait for 20 s.
Deno.test("a worker that says nothing is replaced", async (t) => {
  const aside = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };
  const sick = {
    "before its first beat": hangsBeforeItsFirstBeat,
    "when its lease ends": isStopped,
  };
  const steps = Object.entries(sick).map(([name, fn]) => t.step({ name, fn, ...aside }));
  assert.deepEqual(await Promise.all(steps), [true, true]);
});
