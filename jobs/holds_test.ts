import assert from "node:assert/strict";
import { join } from "node:path";
import { asc, desc, eq, sql } from "drizzle-orm";
import sharp from "sharp";
import { walkMissedFiles } from "../db/session_queries.ts";
import { events, sessions } from "../db/schema.ts";
import { testDatabase, testDirectory } from "../db/testing.ts";
import { writeHours } from "../db/settings.ts";
import { sampleLibrary } from "../e2e/sample.ts";
import { checkLedgers } from "./check_ledgers.ts";
import { heldHere, holdFor, holdSession, releaseHold } from "./holds.ts";
import {
  cancelSession,
  createSession,
  deleteSession,
  type NewSession,
  pauseSession,
  resumeSession,
  startSession,
} from "./lifecycle.ts";
import { readProgress } from "./read_progress.ts";
import { hasRoom } from "./room.ts";
import { testWorker } from "./testing.ts";

type Worker = Awaited<ReturnType<typeof testWorker>>;

const options = (worker: Worker): NewSession => ({
  name: "t",
  rootPath: worker.photos,
  subdirectories: [""],
  skipFaceDetection: true,
});

async function start(worker: Worker, change: Partial<NewSession> = {}): Promise<number> {
  const id = await createSession(worker.db, { ...options(worker), ...change });
  await startSession(worker.db, id);
  return id;
}

async function row({ db }: Worker, id: number) {
  const [session] = await db.select().from(sessions).where(eq(sessions.id, id));
  return session;
}

const held = (worker: Worker, id: number, hold: string) =>
  until(`held for ${hold}`, async () => (await row(worker, id)).hold === hold);

/** Nothing is in a worker's hands. */
const quiet = ({ db }: Worker) =>
  until("every batch given back", async () => {
    const rows = await db.execute(sql`select 1 from jobs where state = 'running'`);
    return rows.length === 0;
  });

const trained = (worker: Worker, id: number, least: number) =>
  until(`${least} pictures done`, async () => {
    const { phases } = (await readProgress(worker.db, id))!;
    return phases.training.progress.done >= least;
  });

async function story({ db }: Worker, id: number): Promise<string[]> {
  const rows = await db.select({ kind: events.kind }).from(events)
    .where(eq(events.sessionId, id)).orderBy(asc(events.id));
  return rows.map(({ kind }) => kind).filter((kind) => kind === "held" || kind === "released");
}

async function training(worker: Worker, id: number) {
  assert.deepEqual(await checkLedgers(worker.db), []);
  return (await readProgress(worker.db, id))!.phases.training.progress;
}

const noAttempts = async ({ db }: Worker, id: number) => {
  const rows = await db.execute(sql`
    select 1 from attempts a join jobs j on j.id = a.job_id
    where j.session_id = ${id} and a.kind <> 'permanent'
    union all select 1 from jobs where session_id = ${id} and attempt > 1`);
  assert.equal(rows.length, 0, "holding consumes no attempt");
};

/** Pictures that look like nothing else, large enough that their previews fill a small disk. */
async function noise(folder: string, count: number): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (let index = 0; index < count; index++) {
    const pixels = new Uint8Array(700 * 500 * 3);
    for (let at = 0; at < pixels.length; at += 65_536) {
      crypto.getRandomValues(pixels.subarray(at, at + 65_536));
    }
    const picture = sharp(pixels, { raw: { width: 700, height: 500, channels: 3 } });
    await Deno.writeFile(join(folder, `${index}.jpg`), await picture.jpeg().toBuffer());
  }
}

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

Deno.test("a lack of room is no item's fault, on the disk of the photo store or the database", async () => {
  const database = await testDatabase();
  const thrown = (act: Promise<unknown>) => act.then(() => null, (error) => error);
  try {
    const full = await thrown(Deno.writeFile("/dev/full", new Uint8Array(1)));
    assert.match(holdFor(full, "/data")!.message, /\/data cannot be written \(No space left/);
    const grown = await thrown(database.db.execute(sql`
      do $$ begin raise exception 'could not extend file' using errcode = '53100'; end $$`));
    assert.match(holdFor(grown, "/data")!.message, /the disk of the database is full/);
    assert.equal(holdFor(await thrown(database.db.execute(sql`select 1 / 0`)), "/data"), null);
    assert.equal(await hasRoom(database.db, { dataDir: "/tmp", reserve: 1e6 }), true);
    assert.equal(await hasRoom(database.db, { dataDir: "/tmp", reserve: 1e18 }), false);
  } finally {
    await database.drop();
  }
});

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
    const pending = (await training(worker, id)).pending;
    await startSession(db, id, { acceptMissing: true });
    assert.equal((await worker.ended(id)).outcome, "with_errors");
    const { failed, done } = await training(worker, id);
    assert.equal(failed, pending);
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

/** Only root may mount the small disks of these tests. */
const ignore = Deno.build.os !== "linux" || Deno.uid() !== 0;

Deno.test("the data directory's disk fills up, and is given room", { ignore }, async () => {
  const disk = await testDirectory();
  await mount("-t", "tmpfs", "-o", "size=6m", "tmpfs", disk);
  try {
    const ballast = join(disk, "ballast");
    await Deno.writeFile(ballast, new Uint8Array(3_000_000));
    const worker = await testWorker({
      SAFELIGHT_DATA: join(disk, "data"),
      SAFELIGHT_MIN_FREE_MB: "0",
    });
    try {
      await noise(worker.photos, 30);
      const id = await start(worker);
      await held(worker, id, "disk_full");
      await quiet(worker);
      assert.match((await row(worker, id)).holdMessage!, /data cannot be written \(No space left/);
      assert.equal((await training(worker, id)).failed, 0);
      await noAttempts(worker, id);
      assert.deepEqual(partials(worker.config.dataDir), []);
      await mount("-o", "remount,size=64m", disk);
      assert.equal((await worker.ended(id)).outcome, "clean");
      assert.equal((await training(worker, id)).done, 30);
      await allWhole(worker);
      const told = await story(worker, id);
      assert.deepEqual(told.slice(0, 2), ["held", "released"]);
    } finally {
      await worker.close();
    }
  } finally {
    await new Deno.Command("umount", { args: [disk] }).output();
    await Deno.remove(disk, { recursive: true });
  }
});

Deno.test("the reserve holds runs before the disk is full", { ignore }, async () => {
  const disk = await testDirectory();
  await mount("-t", "tmpfs", "-o", "size=20m", "tmpfs", disk);
  try {
    const ballast = join(disk, "ballast");
    await Deno.writeFile(ballast, new Uint8Array(12_000_000));
    const worker = await testWorker({
      SAFELIGHT_DATA: join(disk, "data"),
      SAFELIGHT_MIN_FREE_MB: "12",
    });
    try {
      await noise(worker.photos, 5);
      const id = await start(worker);
      await held(worker, id, "disk_full");
      const message = (await row(worker, id)).holdMessage!;
      assert.match(message, /\d MB are free in .*data, 12 MB are needed; make room and it goes on/);
      await Deno.remove(ballast);
      assert.equal((await worker.ended(id)).outcome, "clean");
    } finally {
      await worker.close();
    }
  } finally {
    await new Deno.Command("umount", { args: [disk] }).output();
    await Deno.remove(disk, { recursive: true });
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

/** Looks every 20 ms until `done` says so; fails after a minute and a half with what was awaited. */
async function until(awaited: string, done: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 90_000;
  while (!await done()) {
    if (performance.now() > end) throw new Error(`Waited in vain: ${awaited}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function copyAll(from: string, to: string): Promise<void> {
  await new Deno.Command("cp", { args: ["-a", from, to] }).output();
}

async function mount(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("mount", { args }).output();
  if (!success) throw new Error(`Cannot mount: ${new TextDecoder().decode(stderr)}`);
}

/** Files of the photo store that were begun and not finished. */
function partials(dataDir: string): string[] {
  const found: string[] = [];
  for (const kind of ["previews", "thumbnails"]) {
    for (const fan of Deno.readDirSync(join(dataDir, kind))) {
      for (const { name } of Deno.readDirSync(join(dataDir, kind, fan.name))) {
        if (!/^[0-9a-f]{64}\.(jpg|webp)$/.test(name)) found.push(name);
      }
    }
  }
  return found;
}

async function allWhole({ db, config }: Worker): Promise<void> {
  const rows = await db.execute<{ sha256: string }>(sql`select sha256 from photos`);
  for (const { sha256 } of rows) {
    const at = join(config.dataDir, "previews", sha256.slice(0, 2), `${sha256}.jpg`);
    await sharp(await Deno.readFile(at)).stats();
  }
}
