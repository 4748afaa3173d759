import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import type { PhaseName } from "../../db/schema.ts";

/** Commits come about twice a second; a plot of some hundred points needs no more than this. */
const APART_SECONDS = 1;

/** Samples kept of one phase: five for every point that a plot draws. */
export const MOST_SAMPLES = 1000;

/**
 * Notes how much of a phase is counted at this moment, unless that was done less than a second ago;
 * last statement of every transaction that moves a ledger. One statement of index look-ups. A
 * discovery counts what it found. A sample ahead of the clock, which must have been set back since,
 * keeps nobody from sampling.
 */
export async function sampleProgress(
  tx: Tx,
  { sessionId, phase }: { sessionId: number; phase: PhaseName },
): Promise<void> {
  await tx.execute(sql`
    insert into samples (session_id, phase, at, counted)
    select p.session_id, p.name, clock_timestamp(), case when p.name = 'discovery' then p.done
      else p.done + p.skipped + p.failed + p.cancelled end
    from phases p
    left join lateral (select at from samples
      where session_id = p.session_id and phase = p.name order by at desc limit 1) newest on true
    where p.session_id = ${sessionId} and p.name = ${phase}
      and (newest.at is null or clock_timestamp() - newest.at
        not between interval '0 seconds' and ${`${APART_SECONDS} seconds`}::interval)
    on conflict do nothing`);
}

/**
 * Keeps the samples of each phase of a session below MOST_SAMPLES: of every second one, those that
 * lie closest between their neighbours go, a quarter of all. That evens the samples out over the
 * time in which something was counted, the newest half a little denser; taking simply every second
 * one away would leave the last hours of a long run and nothing of its first days. Counts are
 * cumulative, so nothing that was counted is lost. Returns how many were removed.
 */
export async function thinSamples(
  db: Db | Tx,
  { sessionId }: { sessionId: number },
): Promise<number> {
  // By ctid: samples never change, and the planner, which knows nothing of a young session, would
  // otherwise compare every sample with every other.
  const removed = await db.execute(sql`
    with lined as (
      select ctid, phase, at, row_number() over by_time as place, count(*) over (partition by phase) as many,
        lead(at) over by_time - lag(at) over by_time as span
      from samples where session_id = ${sessionId}
      window by_time as (partition by phase order by at)
    ), close as (
      select ctid, many, row_number() over (partition by phase order by span, at) as rank
      from lined where many > ${MOST_SAMPLES} and place % 2 = 0 and place < many
    )
    delete from samples
    where ctid = any(array(select ctid from close where rank <= many / 4))
    returning 1`);
  return removed.length;
}
