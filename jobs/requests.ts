import { and, eq, sql } from "drizzle-orm";
import type { Db, Tx } from "../db/client.ts";
import { PHASE_NAMES, requests, sessions, type SessionStatus } from "../db/schema.ts";
import { announce, lockSession, refreshStatus, reopen, SessionNotFound } from "./lifecycle.ts";
import { takeLedger } from "./open_phase.ts";

/** Rows touched by one transaction: some 50 ms, so that nobody waits behind it. */
const PORTION = 5000;

/** Requests looked at in one go. Those that wait must not hide those that do not. */
const AT_ONCE = 1000;

const OVER = new Set<SessionStatus>(["completed", "failed", "cancelled"]);

/** Carries out what people asked for (retry, cancel, delete); returns true if something was done. */
export async function carryOutRequests(db: Db): Promise<boolean> {
  const open = await db.select().from(requests).orderBy(requests.id).limit(AT_ONCE);
  let worked = false;
  for (const request of open) {
    try {
      worked = await CARRY_OUT[request.action](db, request) || worked;
    } catch (error) {
      if (!(error instanceof SessionNotFound)) throw error;
      await db.delete(requests).where(eq(requests.id, request.id));
    }
  }
  return worked;
}

type Request = typeof requests.$inferSelect;

const CARRY_OUT: Record<Request["action"], (db: Db, request: Request) => Promise<boolean>> = {
  // All that was asked for until now opens one round: a double click is one retry, and ten clicks
  // on ten items are one round of ten. While a round goes on, further ones wait.
  retry: (db, request) =>
    db.transaction(async (tx) => {
      const session = await lockSession(tx, request.sessionId);
      if (!OVER.has(session.status)) return false;
      const asked = await tx.delete(requests)
        .where(and(eq(requests.sessionId, session.id), eq(requests.action, "retry")))
        .returning({ jobIds: requests.jobIds });
      if (asked.length === 0) return false;
      const everything = asked.some(({ jobIds }) => jobIds === null);
      const ids = everything ? null : asked.flatMap(({ jobIds }) => jobIds!);
      const states = session.status === "cancelled" ? ["failed", "cancelled"] : ["failed"];
      const retried = await tx.execute<{ phase: string }>(sql`
        update jobs set state = 'queued', attempt = 0, deaths = 0, run_at = now(), reason = null,
          message = null, error_kind = null, finished_at = null
        where session_id = ${session.id} and state in ${states}
          and (${sql.param(ids)}::bigint[] is null or id = any(${sql.param(ids)}::bigint[]))
        returning phase`);
      if (retried.length > 0 || session.status !== "completed") {
        await openRound(tx, session.id, new Set(retried.map((row) => row.phase)));
      }
      await announce(tx);
      return true;
    }),

  // Stays until no item is left: one that was in hand when its worker died comes back as queued.
  cancel: (db, request) =>
    db.transaction(async (tx) => {
      const session = await lockSession(tx, request.sessionId);
      const changed = session.status === "cancelled" ? await cancelPortion(tx, session.id) : 0;
      const [{ left }] = await tx.execute<{ left: boolean }>(sql`
        select exists (select from jobs where session_id = ${session.id}
          and state in ('queued', 'running')) as left`);
      if (!left || session.status !== "cancelled") {
        for (const phase of PHASE_NAMES) {
          if (phase === "training" || phase === "face_detection") {
            await takeLedger(tx, session.id, phase);
          }
        }
        await tx.delete(requests).where(eq(requests.id, request.id));
      }
      return changed > 0;
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

async function cancelPortion(tx: Tx, sessionId: number): Promise<number> {
  const [row] = await tx.execute<{ changed: number }>(sql`
    with gone as (
      update jobs set state = 'cancelled', finished_at = now()
      where id in (select id from jobs where session_id = ${sessionId} and state = 'queued'
        limit ${PORTION} for update skip locked)
      returning phase
    ), ledger as (
      update phases p set cancelled = p.cancelled + g.n
      from (select phase, count(*) as n from gone group by phase) g
      where p.session_id = ${sessionId} and p.name = g.phase and p.total is not null
        and p.name in ('training', 'face_detection')
    )
    select count(*)::int as changed from gone`);
  return row.changed;
}

// The phases of the retried items open again one after the other, and with them everything behind
// the first: photos that training finishes now have faces to find, and faces to group.
async function openRound(tx: Tx, sessionId: number, retried: Set<string>): Promise<void> {
  await tx.execute(sql`
    update phases set baseline = total where session_id = ${sessionId} and status = 'completed'
      and name <> 'discovery'`);
  await reopen(tx, sessionId);
  const first = PHASE_NAMES.findIndex((name) => retried.has(name));
  if (first >= 0) {
    const names = PHASE_NAMES.slice(first);
    await tx.execute(sql`
      update phases set status = 'pending', completed_at = null, running_since = null, rate = 0,
        rate_mass = 0, last_commit_at = null, active_seconds = 0,
        total = case when name = 'clustering' then null else total end
      where session_id = ${sessionId} and name in ${names} and status <> 'skipped'`);
    for (const name of names) {
      if (name === "training" || name === "face_detection") await takeLedger(tx, sessionId, name);
    }
  }
  await tx.update(sessions).set({ completedAt: null, error: null })
    .where(eq(sessions.id, sessionId));
  await refreshStatus(tx, sessionId);
}
