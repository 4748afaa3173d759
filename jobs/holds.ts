import { transact } from "../db/transact.ts";
import { hostname } from "node:os";
import { and, eq, isNull, sql } from "drizzle-orm";
import { code, type Db, type Tx } from "../db/client.ts";
import { type Hold, sessions } from "../db/schema.ts";
import { recordEvent } from "./events.ts";
import {
  announce,
  holdBack,
  letGoOn,
  lockSession,
  NO_HOLD,
  refreshStatus,
  type Session,
  SessionNotFound,
} from "./session_state.ts";
import { isDiskFull } from "./outcomes.ts";
import { LEASE_SECONDS } from "./queue/leases.ts";

/** Why the program holds a session back. */
export interface HoldReason {
  hold: Hold;
  /** For a person: what is wrong, its figure, the remedy. */
  message: string;
  /** What must be readable again, for lost photos. */
  path?: string;
}

/** Thrown out of a batch whose items are not at fault: it is given back and its session is held. */
export class HoldNeeded extends Error {
  override name = "HoldNeeded";
  constructor(readonly reason: HoldReason) {
    super(reason.message);
  }
}

/** The hold that what was thrown by a batch calls for; null if it is a fault of the batch itself. */
export function holdFor(error: unknown, dataDir: string): HoldReason | null {
  if (error instanceof HoldNeeded) return error.reason;
  if (!isDiskFull(error)) return null;
  // SQLSTATEs begin with a digit, the system's codes do not. Its words are those before the colon.
  const full = /^\d/.test(code(error))
    ? "the disk of the database is full"
    : `${dataDir} cannot be written (${String((error as Error).message).split(":")[0]})`;
  return { hold: "disk_full", message: `Paused: ${full}; make room and it goes on by itself` };
}

/**
 * Holds a session that runs until things are better; a pause that the program makes and ends. One
 * held for the same reason already gets the newer message. Returns whether it was held now.
 */
export function holdSession(db: Db, id: number, reason: HoldReason): Promise<boolean> {
  return change(db, id, async (tx, session) => {
    const { hold, message, path } = reason;
    if (session.hold === hold && session.holdMessage !== message) {
      await tx.update(sessions).set({ holdMessage: message }).where(eq(sessions.id, id));
    }
    if (session.status !== "discovering" && session.status !== "running") return false;
    const phase = await holdBack(tx, id);
    await tx.update(sessions)
      .set({ hold, holdMessage: message, holdHost: hostname(), holdPath: path ?? null })
      .where(eq(sessions.id, id));
    await recordEvent(tx, { sessionId: id, kind: "held", phase: phase ?? undefined, message });
    return true;
  });
}

/** Lets a session go on that is still held for this reason; false if it is not any more. */
export function releaseHold(db: Db, id: number, hold: Hold): Promise<boolean> {
  return change(db, id, async (tx, session) => {
    if (session.hold !== hold) return false;
    const phase = await letGoOn(tx, id);
    await tx.update(sessions).set(NO_HOLD).where(eq(sessions.id, id));
    await recordEvent(tx, { sessionId: id, kind: "released", phase: phase ?? undefined });
    return true;
  });
}

async function change(
  db: Db,
  id: number,
  act: (tx: Tx, session: Session) => Promise<boolean>,
): Promise<boolean> {
  try {
    return await transact(db, async (tx) => {
      const changed = await act(tx, await lockSession(tx, id));
      if (!changed) return false;
      await refreshStatus(tx, id);
      await announce(tx);
      return true;
    });
  } catch (error) {
    // Deleted meanwhile: nothing is left to hold.
    if (error instanceof SessionNotFound) return false;
    throw error;
  }
}

/** Sessions at work, which a hold would stop. */
export async function heldables(db: Db): Promise<{ id: number; ignoreHours: boolean }[]> {
  return await db.select({ id: sessions.id, ignoreHours: sessions.ignoreHours }).from(sessions)
    .where(and(isNull(sessions.deletedAt), sql`status in ('discovering', 'running')`));
}

/** Sessions held for this reason that are for this machine to look after, or for nobody else. */
export async function heldHere(db: Db, hold: Hold): Promise<{ id: number; path: string | null }[]> {
  return await db.select({ id: sessions.id, path: sessions.holdPath }).from(sessions)
    .where(and(
      isNull(sessions.deletedAt),
      eq(sessions.hold, hold),
      sql`(hold_host = ${hostname()} or not exists (select from workers w
        where w.host = hold_host
          and w.beat_at > now() - ${`${LEASE_SECONDS} seconds`}::interval))`,
    ));
}
