import { and, eq, isNull, sql } from "drizzle-orm";
import type { Db, Tx } from "../db/client.ts";
import { type PhaseName, phases, sessions, type SessionStatus } from "../db/schema.ts";
import { recordEvent } from "./events.ts";
import { currentPhase, overallStatus } from "./status.ts";

/** What every change of a session's state is made of, behind the lock on its row. */

export type Session = typeof sessions.$inferSelect;

/** Raised for an id no session has, or whose session is being deleted. */
export class SessionNotFound extends Error {
  override name = "SessionNotFound";
  constructor(readonly id: number) {
    super(`There is no session ${id}; it may have been deleted`);
  }
}

/**
 * Locks the session row; every change of phase states happens behind this lock. Rows that refer to
 * the session can be inserted meanwhile, as every batch does.
 */
export async function lockSession(tx: Tx, id: number): Promise<Session> {
  const [session] = await tx.select().from(sessions)
    .where(and(eq(sessions.id, id), isNull(sessions.deletedAt))).for("no key update");
  if (!session) throw new SessionNotFound(id);
  return session;
}

/** Writes what the phase rows amount to into the session row, for lists; returns it. */
export async function refreshStatus(tx: Tx, id: number): Promise<SessionStatus> {
  const rows = await tx.select({ name: phases.name, status: phases.status }).from(phases)
    .where(eq(phases.sessionId, id));
  const status = overallStatus(rows);
  await tx.update(sessions).set({ status }).where(eq(sessions.id, id));
  return status;
}

/** Wakes every worker and page that listens; delivered when the transaction commits. */
export const announce = (db: Db | Tx) => db.execute(sql`select pg_notify('safelight', '')`);

/** A session that nothing holds back. */
export const NO_HOLD = { hold: null, holdMessage: null, holdHost: null, holdPath: null };

/** Pauses the phase whose turn it is, opened or not; those behind it wait for it anyway. */
export async function holdBack(tx: Tx, id: number): Promise<PhaseName | null> {
  const current = await currentOf(tx, id);
  if (!current || current.status === "paused") return current?.name ?? null;
  await tx.execute(sql`
    update phases set status = 'paused', running_since = null
    where session_id = ${id} and name = ${current.name}`);
  return current.name;
}

/** Lets the phase whose turn it is run on; one that was not opened yet is opened by a worker. */
export async function letGoOn(tx: Tx, id: number): Promise<PhaseName | null> {
  const current = await currentOf(tx, id);
  if (current?.status !== "paused") return null;
  await tx.execute(sql`
    update phases set status = 'running', running_since = now(),
      started_at = coalesce(started_at, now())
    where session_id = ${id} and name = ${current.name}`);
  return current.name;
}

// Who resumes a session that waits for the hours of work wants it to run now.
export async function goOn(tx: Tx, session: Session): Promise<PhaseName | null> {
  if (session.hold === "outside_hours") {
    await tx.update(sessions).set({ ignoreHours: true }).where(eq(sessions.id, session.id));
  }
  return await letGoOn(tx, session.id);
}

async function currentOf(tx: Tx, id: number) {
  const rows = await tx.select({ name: phases.name, status: phases.status }).from(phases)
    .where(eq(phases.sessionId, id));
  return currentPhase(rows);
}

/**
 * Lets the first phase run: the walk as a job, made here; another phase, of a run over what
 * exists, is opened by a worker, since making its jobs grows with the library.
 */
export async function startFirst(tx: Tx, id: number): Promise<void> {
  const current = await currentOf(tx, id);
  if (current?.status !== "pending") return;
  if (current.name !== "discovery") {
    await tx.execute(sql`
      update phases set status = 'running', running_since = now(),
        started_at = coalesce(started_at, now())
      where session_id = ${id} and name = ${current.name}`);
    return;
  }
  await tx.execute(sql`
    update phases p set status = 'running', running_since = now(), opened_round = s.round,
      started_at = coalesce(p.started_at, now())
    from sessions s where s.id = p.session_id and s.id = ${id} and p.name = 'discovery'`);
  await tx.execute(sql`
    insert into jobs (session_id, phase, subject) values (${id}, 'discovery', ${id})
    on conflict (session_id, phase, subject) do update set state = 'queued', run_at = now(),
      attempt = 0, deaths = 0, lone_deaths = 0, reason = null, message = null, error_kind = null,
      finished_at = null
    where jobs.state not in ('queued', 'running')`);
  await tx.execute(sql`delete from walk_faults where session_id = ${id}`);
  await tx.execute(sql`update sessions set walk_started_at = null where id = ${id}`);
  await recordEvent(tx, { sessionId: id, kind: "phase_started", phase: "discovery" });
}

/** Gives everything from a failed or cancelled phase on another chance, in a new round. */
export async function reopen(tx: Tx, id: number): Promise<void> {
  await tx.execute(sql`update sessions set round = round + 1 where id = ${id}`);
  await tx.execute(sql`
    update phases set status = 'pending', completed_at = null, error = null, rate = 0,
      rate_mass = 0, last_commit_at = null,
      total = case when name = 'clustering' then null else total end,
      done = case when name = 'clustering' then 0 else done end
    where session_id = ${id} and status in ('failed', 'cancelled')`);
}
