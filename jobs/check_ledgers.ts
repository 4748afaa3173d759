import { sql } from "drizzle-orm";
import type { Db } from "../db/client.ts";

/**
 * Compares the counters of every training and face phase that was opened with the job rows behind
 * them; returns one sentence for each that differs. In one statement, so one snapshot: it holds at
 * every commit, also while workers work.
 */
export async function checkLedgers(db: Db): Promise<string[]> {
  const rows = await db.execute<{ session: string; phase: string; ledger: string; rows: string }>(
    sql`
    with counted as (
      select session_id, phase, count(*) as total,
        count(*) filter (where state = 'done') as done,
        count(*) filter (where state = 'skipped') as skipped,
        count(*) filter (where state = 'failed') as failed,
        count(*) filter (where state = 'cancelled') as cancelled
      from jobs where phase in ('training', 'face_detection') group by 1, 2
    ), ledgers as (
      select p.session_id as session, p.name as phase,
        concat_ws(' ', p.total, p.done, p.skipped, p.failed, p.cancelled) as ledger,
        concat_ws(' ', coalesce(c.total, 0), coalesce(c.done, 0), coalesce(c.skipped, 0),
          coalesce(c.failed, 0), coalesce(c.cancelled, 0)) as rows
      from phases p join sessions s on s.id = p.session_id
      left join counted c on c.session_id = p.session_id and c.phase = p.name
      where p.name in ('training', 'face_detection') and p.total is not null
        and s.deleted_at is null
    )
    select * from ledgers where ledger <> rows`,
  );
  return rows.map((row) =>
    `Session ${row.session}, ${row.phase}: the ledger says "${row.ledger}" ` +
    `(total done skipped failed cancelled), the rows amount to "${row.rows}"`
  );
}
