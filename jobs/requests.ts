import { and, eq, inArray, sql } from "drizzle-orm";
import { type Db, isConnectionFault, type Tx } from "../db/client.ts";
import { requests, sessions, type SessionStatus } from "../db/schema.ts";
import { transact } from "../db/transact.ts";
import { logError } from "../log.ts";
import { cancelPortion, mayGrow, takeCancelledLedgers } from "./cancel_items.ts";
import { ignorePortion } from "./ignore_items.ts";
import { PORTION, type Request } from "./requested_items.ts";
import { openRound, phasesWithWork, retryPortion } from "./retry_items.ts";
import { announce, lockSession, SessionNotFound } from "./session_state.ts";

/** Requests looked at in one go. Those that wait must not hide those that do not. */
const AT_ONCE = 1000;

const OVER = new Set<SessionStatus>(["completed", "failed", "cancelled"]);

/**
 * Carries out what people asked for (retry, ignore, cancel, delete); returns true if something was done.
 * One that cannot be carried out is tried again the next time, and holds up no other.
 */
export async function carryOutRequests(db: Db): Promise<boolean> {
  const open = await db.select().from(requests).orderBy(requests.id).limit(AT_ONCE);
  let worked = false;
  for (const request of open) {
    try {
      worked = await CARRY_OUT[request.action](db, request) || worked;
    } catch (error) {
      if (error instanceof SessionNotFound) {
        await db.delete(requests).where(eq(requests.id, request.id));
        continue;
      }
      if (isConnectionFault(error)) throw error;
      const { action, sessionId: session } = request;
      logError("what was asked for cannot be carried out", error, { action, session });
    }
  }
  return worked;
}

const CARRY_OUT: Record<Request["action"], (db: Db, request: Request) => Promise<boolean>> = {
  // All that was asked for until now opens one round: a double click is one retry, and ten clicks
  // on ten items are one round of ten. While a round goes on, further ones wait.
  retry: (db, request) =>
    transact(db, async (tx) => {
      const session = await lockSession(tx, request.sessionId);
      // What was cancelled is brought to its end first, or the one would undo the other for ever.
      if (!OVER.has(session.status) || await isBeingCancelled(tx, session.id)) return false;
      const asked = await tx.select().from(requests)
        .where(and(eq(requests.sessionId, session.id), eq(requests.action, "retry")));
      if (asked.length === 0) return false;
      if (await retryPortion(tx, session, asked) === PORTION) return true;
      await tx.delete(requests).where(inArray(requests.id, asked.map(({ id }) => id)));
      const reopened = await phasesWithWork(tx, session.id);
      // The folders that could not be read are no items: they are walked again.
      if (asked.some((request) => request.phase === "discovery")) reopened.add("discovery");
      if (reopened.size > 0 || session.status !== "completed") {
        await openRound(tx, session.id, reopened);
      }
      await announce(tx);
      return true;
    }),

  // Stays until no item is left and none can come: one that was in hand when its worker died comes
  // back as queued, and a walk may be adding some.
  cancel: (db, request) =>
    transact(db, async (tx) => {
      const session = await lockSession(tx, request.sessionId);
      if (!await isOpen(tx, request)) return false;
      const changed = await cancelPortion(tx, session.id);
      if (!await mayGrow(tx, session.id)) {
        await takeCancelledLedgers(tx, session.id);
        await tx.delete(requests).where(eq(requests.id, request.id));
      }
      return changed > 0;
    }),

  ignore: (db, request) =>
    transact(db, async (tx) => {
      const session = await lockSession(tx, request.sessionId);
      if (!await isOpen(tx, request)) return false;
      const changed = await ignorePortion(tx, session.id, request);
      if (changed < PORTION) await tx.delete(requests).where(eq(requests.id, request.id));
      await announce(tx);
      return true;
    }),

  delete: async (db, request) => {
    const removed = await db.execute(sql`
      delete from jobs where id in
        (select id from jobs where session_id = ${request.sessionId} limit ${PORTION})
      returning 1`);
    if (removed.length === 0) await db.delete(sessions).where(eq(sessions.id, request.sessionId));
    return true;
  },
};

async function isBeingCancelled(tx: Tx, sessionId: number): Promise<boolean> {
  const found = await tx.select({ id: requests.id }).from(requests)
    .where(and(eq(requests.sessionId, sessionId), eq(requests.action, "cancel"))).limit(1);
  return found.length > 0;
}

// Another worker may have carried it out since it was read: what failed after that is not meant.
async function isOpen(tx: Tx, { id }: Request): Promise<boolean> {
  const found = await tx.select({ id: requests.id }).from(requests).where(eq(requests.id, id));
  return found.length > 0;
}
