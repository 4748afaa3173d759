import assert from "node:assert/strict";
import { join } from "node:path";
import { asc, eq, sql } from "drizzle-orm";
import sharp from "sharp";
import { events, sessions } from "../db/schema.ts";
import { checkLedgers } from "./check_ledgers.ts";
import { createSession, type NewSession, startSession } from "./lifecycle.ts";
import { readProgress } from "./read_progress.ts";
import { testWorker } from "./testing.ts";

export type Worker = Awaited<ReturnType<typeof testWorker>>;

/** A session over all pictures of the worker's folder, without faces. */
export const options = (worker: Worker): NewSession => ({
  name: "t",
  rootPath: worker.photos,
  subdirectories: [""],
  skipFaceDetection: true,
});

/** Makes and starts such a session; returns its id. */
export async function start(worker: Worker, change: Partial<NewSession> = {}): Promise<number> {
  const id = await createSession(worker.db, { ...options(worker), ...change });
  await startSession(worker.db, id);
  return id;
}

/** The session's row as it is now. */
export async function row({ db }: Worker, id: number) {
  const [session] = await db.select().from(sessions).where(eq(sessions.id, id));
  return session;
}

/** Resolves once the session is held for this reason. */
export const held = (worker: Worker, id: number, hold: string) =>
  until(`held for ${hold}`, async () => (await row(worker, id)).hold === hold);

/** Nothing is in a worker's hands. */
export const quiet = ({ db }: Worker) =>
  until("every batch given back", async () => {
    const rows = await db.execute(sql`select 1 from jobs where state = 'running'`);
    return rows.length === 0;
  });

/** Resolves once that many pictures are done. */
export const trained = (worker: Worker, id: number, least: number) =>
  until(`${least} pictures done`, async () => {
    const { phases } = (await readProgress(worker.db, id))!;
    return phases.training.progress.done >= least;
  });

/** When it was held and released, in order. */
export async function story({ db }: Worker, id: number): Promise<string[]> {
  const rows = await db.select({ kind: events.kind }).from(events)
    .where(eq(events.sessionId, id)).orderBy(asc(events.id));
  return rows.map(({ kind }) => kind).filter((kind) => kind === "held" || kind === "released");
}

/** The figures of the training phase; fails if a ledger does not balance. */
export async function training(worker: Worker, id: number) {
  assert.deepEqual(await checkLedgers(worker.db), []);
  return (await readProgress(worker.db, id))!.phases.training.progress;
}

/** Fails if a try was counted although no item is at fault. */
export const noAttempts = async ({ db }: Worker, id: number) => {
  const rows = await db.execute(sql`
    select 1 from attempts a join jobs j on j.id = a.job_id
    where j.session_id = ${id} and a.kind <> 'permanent'
    union all select 1 from jobs where session_id = ${id} and attempt > 1`);
  assert.equal(rows.length, 0, "holding consumes no attempt");
};

/** Pictures that look like nothing else, large enough that their previews fill a small disk. */
export async function noise(folder: string, count: number): Promise<void> {
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

/** Looks every 20 ms until `done` says so; fails after a minute and a half with what was awaited. */
export async function until(awaited: string, done: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 90_000;
  while (!await done()) {
    if (performance.now() > end) throw new Error(`Waited in vain: ${awaited}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
