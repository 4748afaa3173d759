import { and, eq, isNull, sql } from "drizzle-orm";
import type { Db } from "./client.ts";
import {
  LEASE_EXPIRED,
  type PhaseName,
  phases,
  sessions,
  type SessionStatus,
  workers,
} from "./schema.ts";
import { silentSeconds } from "./worker_queries.ts";

/** Figures of one phase over all sessions. */
export interface PhaseFigures {
  phase: PhaseName;
  /** Items still to do in sessions that are not over. */
  pending: number;
  /** Failed items, waiting for somebody to retry or ignore them. */
  failed: number;
  /** Phases that completed, and their running time in seconds. */
  completed: number;
  seconds: number;
}

/** Sessions that nobody deleted, by status; statuses that none has are absent. */
export async function sessionFigures(
  db: Db,
): Promise<{ status: SessionStatus; sessions: number }[]> {
  return await db.execute<{ status: SessionStatus; sessions: number }>(sql`
    select status, count(*)::int as sessions from sessions where deleted_at is null
    group by status`);
}

/**
 * The ledger by phase. It reads four rows a session and none a photo; discovery has no items to
 * wait for, as what it will find is not known.
 */
export async function phaseFigures(db: Db): Promise<PhaseFigures[]> {
  return await db.execute<PhaseFigures & Record<string, unknown>>(sql`
    select p.name as phase,
      coalesce(sum(p.total - p.done - p.skipped - p.failed - p.cancelled) filter (
        where s.status in ('pending', 'discovering', 'running', 'paused')
          and p.name <> 'discovery'), 0)::float8 as pending,
      coalesce(sum(p.failed) filter (where p.name <> 'discovery'), 0)::float8 as failed,
      count(*) filter (where p.status = 'completed')::int as completed,
      coalesce(sum(p.active_seconds) filter (where p.status = 'completed'), 0) as seconds
    from phases p join sessions s on s.id = p.session_id and s.deleted_at is null
    group by p.name`);
}

/** The rows of phases that run, found by index, and the database's clock. */
export async function runningPhases(db: Db) {
  const rows = await db.select({ phase: phases, now: sql<string>`clock_timestamp()` }).from(phases)
    .innerJoin(sessions, eq(sessions.id, phases.sessionId))
    .where(and(eq(phases.status, "running"), isNull(sessions.deletedAt)));
  return rows.map(({ phase, now }) => ({ phase, now: new Date(now) }));
}

/**
 * How many workers have died, and how many hung and were replaced, since the installation was made.
 * Events without a session are found by the index events_session: those of workers, some a day,
 * which nothing removes; 3,000 among 300,000 others take a millisecond.
 */
export async function lossFigures(
  db: Db,
): Promise<{ died: number; expired: number; stalled: number }> {
  const [row] = await db.execute<{ died: number; expired: number; stalled: number }>(sql`
    select count(*) filter (where kind = 'worker_died')::int as died,
      count(*) filter (where kind = 'worker_died'
        and message like ${`%${LEASE_EXPIRED}`})::int as expired,
      count(*) filter (where kind = 'worker_stalled')::int as stalled
    from events where session_id is null`);
  return row;
}

/** Workers, those heard of last first, with the seconds since. */
export async function workerFigures(db: Db, limit: number) {
  const rows = await db.select({ worker: workers, silentSeconds }).from(workers)
    .orderBy(silentSeconds).limit(limit);
  return rows.map((row) => ({ ...row.worker, silentSeconds: row.silentSeconds }));
}
