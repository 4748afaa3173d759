import { eq, sql } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import { LISTING_PHASES } from "../db/item_queries.ts";
import { PHASE_NAMES, type PhaseName, sessions } from "../db/schema.ts";
import { takeLedger } from "./open_phase.ts";
import { itemsOf, PORTION, type Request } from "./requested_items.ts";
import { refreshStatus, reopen, type Session, startFirst } from "./session_state.ts";

/**
 * Puts failed items back to work, as many as one transaction should; somebody who names an ignored
 * one wants it tried after all. Nobody takes them before the round is opened.
 */
export async function retryPortion(
  tx: Tx,
  session: Session,
  asked: Request[],
): Promise<number> {
  const states = session.status === "cancelled" ? ["failed", "cancelled"] : ["failed"];
  const wanted = asked.map((request) =>
    request.jobIds === null
      ? sql`(state in ${states} and ${itemsOf(request)})`
      : sql`((state in ${states} or reason = 'ignored') and ${itemsOf(request)})`
  );
  const [row] = await tx.execute<{ changed: number }>(sql`
    with wanted as (
      select id, phase, subject, state from jobs
      where session_id = ${session.id} and state in ('failed', 'cancelled', 'skipped')
        -- Opening the round makes the one item of the others anew.
        and phase in ${LISTING_PHASES}
        and exists (select from phases p where p.session_id = jobs.session_id
          and p.name = jobs.phase and p.status <> 'skipped')
        and (${sql.join(wanted, sql` or `)}) limit ${PORTION} for update skip locked
    ), retried as (
      update jobs set state = 'queued', attempt = 0, deaths = 0, lone_deaths = 0, run_at = now(),
        reason = null, message = null, error_kind = null, finished_at = null
      from wanted where jobs.id = wanted.id
    ), minded_files as (
      update files set ignored_at = null where ignored_at is not null
        and id in (select subject from wanted where phase = 'training')
    ), minded_photos as (
      update photos set faces_ignored_at = null where faces_ignored_at is not null
        and id in (select subject from wanted where phase = 'face_detection')
    ), ledger as (
      update phases p set failed = p.failed - w.failed, cancelled = p.cancelled - w.cancelled,
        skipped = p.skipped - w.skipped
      from (select phase, count(*) filter (where state = 'failed') as failed,
          count(*) filter (where state = 'cancelled') as cancelled,
          count(*) filter (where state = 'skipped') as skipped
        from wanted group by phase) w
      where p.session_id = ${session.id} and p.name = w.phase
        and p.total is not null
    )
    select count(*)::int as changed from wanted`);
  return row.changed;
}

/** Phases with items that wait, and a walk that was cut short: it may find some for all behind it. */
export async function phasesWithWork(tx: Tx, sessionId: number): Promise<Set<PhaseName>> {
  const rows = await tx.execute<{ phase: PhaseName }>(sql`
    select name as phase from phases p
    where session_id = ${sessionId} and status <> 'skipped' and (
      exists (select from jobs where session_id = ${sessionId} and jobs.phase = p.name
        and state = 'queued')
      or name = 'discovery' and status in ('failed', 'cancelled'))`);
  return new Set(rows.map((row) => row.phase));
}

/**
 * Opens a new round. The phases of the retried items run again one after the other, and with them
 * everything behind the first: photos that training finishes now have faces to find, and faces to
 * group.
 */
export async function openRound(tx: Tx, sessionId: number, retried: Set<PhaseName>): Promise<void> {
  await tx.execute(sql`
    update phases set baseline = total where session_id = ${sessionId} and status = 'completed'
      and name <> 'discovery'`);
  await reopen(tx, sessionId);
  const first = PHASE_NAMES.findIndex((name) => retried.has(name));
  if (first >= 0) {
    const names = PHASE_NAMES.slice(first);
    await tx.execute(sql`
      update phases set status = 'pending', completed_at = null, running_since = null, rate = 0,
        rate_mass = 0, last_commit_at = null,
        total = case when name = 'clustering' then null else total end
      where session_id = ${sessionId} and name in ${names} and status <> 'skipped'`);
    for (const phase of LISTING_PHASES) {
      if (names.includes(phase)) await takeLedger(tx, sessionId, { phase, baseline: true });
    }
  }
  // How many items there are is unknown again until the folders have been walked.
  await tx.execute(sql`
    update phases set total = null where session_id = ${sessionId} and status = 'pending'
      and exists (select from phases d where d.session_id = ${sessionId} and d.name = 'discovery'
        and d.status = 'pending')`);
  await startFirst(tx, sessionId);
  await tx.update(sessions).set({ completedAt: null, error: null, acceptMissing: false })
    .where(eq(sessions.id, sessionId));
  await refreshStatus(tx, sessionId);
}
