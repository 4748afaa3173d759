import { sql } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import { LISTING_PHASES, type ListingPhase } from "../db/item_queries.ts";
import { takeLedger } from "./open_phase.ts";
import { PORTION } from "./requested_items.ts";

/** Condition on `jobs`: of a phase that was cancelled, alone or with its session, or left out. */
const inEndedPhase = sql`exists (select from phases c where c.session_id = jobs.session_id
  and c.name = jobs.phase and c.status in ('cancelled', 'skipped'))`;

/**
 * Marks items of cancelled phases that nobody has in hand, as many as one transaction should, and
 * moves the ledgers with them. Returns how many they were.
 */
export async function cancelPortion(tx: Tx, sessionId: number): Promise<number> {
  const [row] = await tx.execute<{ changed: number }>(sql`
    with gone as (
      update jobs set state = 'cancelled', finished_at = now()
      where id in (select id from jobs where session_id = ${sessionId} and state = 'queued'
        and ${inEndedPhase} limit ${PORTION} for update skip locked)
      returning phase
    ), ledger as (
      update phases p set cancelled = p.cancelled + g.n
      from (select phase, count(*) as n from gone group by phase) g
      where p.session_id = ${sessionId} and p.name = g.phase and p.total is not null
        and p.name in ${LISTING_PHASES}
    )
    select count(*)::int as changed from gone`);
  return row.changed;
}

/** True while a walk goes on, or may go on, that adds items to a phase that was cancelled, or one is in hand. */
export async function mayGrow(tx: Tx, sessionId: number): Promise<boolean> {
  const [{ left }] = await tx.execute<{ left: boolean }>(sql`
    select exists (select from jobs where session_id = ${sessionId}
      and state in ('queued', 'running') and ${inEndedPhase})
      or exists (select from phases d where d.session_id = ${sessionId} and d.name = 'discovery'
        and d.status in ('running', 'paused')) as left`);
  return left;
}

/** Ledgers of cancelled phases: of one that was being opened, nobody knew the total until now. */
export async function takeCancelledLedgers(tx: Tx, sessionId: number): Promise<void> {
  const rows = await tx.execute<{ phase: ListingPhase }>(sql`
    select name as phase from phases where session_id = ${sessionId} and name in ${LISTING_PHASES}
      and status = 'cancelled'`);
  for (const { phase } of rows) await takeLedger(tx, sessionId, { phase, baseline: false });
}
