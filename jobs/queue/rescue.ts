import { sql } from "drizzle-orm";
import type { Db } from "../../db/client.ts";
import { buryWorker } from "./workers.ts";

/** A worker silent for this long is dead; it beats every five seconds. */
export const LEASE_SECONDS = 20;

/**
 * Puts the jobs of dead workers back to work; returns how many. One statement that re-checks each
 * row, so it cannot overwrite a job finished meanwhile. Silence is counted from the start of the
 * server at the earliest: an outage of the database is nobody's death. A death consumes no
 * attempt; an item present at three deaths is failed with that reason.
 */
export async function rescueJobs(db: Db): Promise<number> {
  const [row] = await db.execute<{ rescued: number }>(sql`
    with dead as (
      select id from workers where greatest(beat_at, pg_postmaster_start_time())
        < now() - ${`${LEASE_SECONDS} seconds`}::interval
    ), freed as (
      update jobs set
        state = case when deaths >= 2 then 'failed' else 'queued' end,
        reason = case when deaths >= 2 then 'crashed' end,
        message = case when deaths >= 2 then
          'The worker died three times while it had this item in hand' end,
        error_kind = case when deaths >= 2 then 'permanent' end,
        finished_at = case when deaths >= 2 then now() end,
        deaths = deaths + 1, attempt = greatest(attempt - 1, 0), claim_id = null, worker_id = null
      where state = 'running'
        and (worker_id in (select id from dead)
          or not exists (select from workers w where w.id = worker_id))
      returning session_id, phase, state
    ), ledger as (
      update phases p set failed = p.failed + f.failed
      from (select session_id, phase, count(*) as failed from freed
            where state = 'failed' group by 1, 2) f
      where p.session_id = f.session_id and p.name = f.phase
    )
    select count(*)::int as rescued from freed`);
  if (row.rescued > 0) await db.execute(sql`select pg_notify('safelight', '')`);
  return row.rescued;
}

/** Puts the work of a process of this host, which is known to have died, back at once. */
export async function recoverFrom(db: Db, pid: number): Promise<void> {
  await buryWorker(db, pid);
  await rescueJobs(db);
}
