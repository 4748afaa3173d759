import { and, eq, inArray, ne } from "drizzle-orm";
import { isConnectionFault } from "../db/client.ts";
import { sessions } from "../db/schema.ts";
import { readHours } from "../db/settings.ts";
import { logError } from "../log.ts";
import { heldables, heldHere, holdSession, releaseHold } from "./holds.ts";
import { isOpen, waitsUntil } from "./hours.ts";
import type { Shop } from "./lane.ts";
import { photosAreBack } from "./photos_gone.ts";
import { freeBytes, hasRoom, lackOfRoom } from "./room.ts";
import type { WorkerContext } from "./worker_context.ts";

/** At a few hundred megabytes a second, this is well under a reserve of a few hundred more. */
const LOOK_MS = 2500;

/** A share that does not answer for this long is not back. */
const PATIENCE_MS = 2000;

/** Holds sessions back and lets them go on, as hours, free space and photos come and go. */
export async function careForHolds({ context, wake }: Shop): Promise<void> {
  while (!context.stopping.aborted) {
    for (const care of [careForHours, careForRoom, careForPhotos]) {
      try {
        await care(context);
      } catch (error) {
        if (!isConnectionFault(error)) logError("the holds cannot be looked after", error);
      }
    }
    await wake.wait(LOOK_MS);
  }
}

async function careForHours({ db }: WorkerContext): Promise<void> {
  const { hours, now } = await readHours(db);
  // "Run now" is about one run: the hours bind a session that has ended when it begins again.
  await db.update(sessions).set({ ignoreHours: false }).where(and(
    eq(sessions.ignoreHours, true),
    inArray(sessions.status, ["completed", "failed", "cancelled"]),
  ));
  const held = eq(sessions.hold, "outside_hours");
  if (hours === null || isOpen(hours, now)) {
    const waiting = await db.select({ id: sessions.id }).from(sessions).where(held);
    for (const { id } of waiting) await releaseHold(db, id, "outside_hours");
    return;
  }
  const message = waitsUntil(hours);
  const misled = await db.select({ id: sessions.id }).from(sessions)
    .where(and(held, ne(sessions.holdMessage, message)));
  const working = (await heldables(db)).filter((session) => !session.ignoreHours);
  for (const { id } of [...working, ...misled]) {
    await holdSession(db, id, { hold: "outside_hours", message });
  }
}

async function careForRoom({ db, config }: WorkerContext): Promise<void> {
  const { dataDir } = config;
  const reserve = config.minFreeMb * 1e6;
  const free = await freeBytes(dataDir);
  if (free < reserve) {
    const message = lackOfRoom(dataDir, { free, reserve });
    for (const { id } of await heldables(db)) {
      await holdSession(db, id, { hold: "disk_full", message });
    }
    return;
  }
  const held = await heldHere(db, "disk_full");
  if (held.length === 0 || !await hasRoom(db, { dataDir, reserve })) return;
  for (const { id } of held) await releaseHold(db, id, "disk_full");
}

async function careForPhotos({ db }: WorkerContext): Promise<void> {
  const held = await heldHere(db, "photos_gone");
  await Promise.all(held.map(async ({ id, path }) => {
    const back = path === null || await inTime(path, () => photosAreBack(db, { id, path }));
    if (back) await releaseHold(db, id, "photos_gone");
  }));
}

/**
 * Questions that a hanging share has not answered yet: never many for the same file, since each keeps a
 * thread. A share that was taken away and is there again answers new ones only.
 */
const asked = new Map<string, { answer: Promise<boolean>; at: number; tries: number }>();

/** The next is asked a minute after the first, and then after twice as long each time. */
const AGAIN_MS = 60_000;

async function inTime(path: string, ask: () => Promise<boolean>): Promise<boolean> {
  const before = asked.get(path);
  const tries = before?.tries ?? 0;
  if (!before || performance.now() - before.at > AGAIN_MS * 2 ** (tries - 1)) {
    const answer = ask().finally(() => {
      if (asked.get(path)?.answer === answer) asked.delete(path);
    });
    // Of one that nobody waits for any more, nobody wants to know how it ended.
    answer.catch(() => {});
    asked.set(path, { answer, at: performance.now(), tries: tries + 1 });
  }
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PATIENCE_MS);
  });
  return await Promise.race([asked.get(path)!.answer, late]).finally(() => clearTimeout(timer));
}
