import { sql } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import { LISTING_PHASES } from "../db/item_queries.ts";
import { IGNORED } from "./queue_items.ts";
import { itemsOf, PORTION, type Request } from "./requested_items.ts";

/**
 * Makes failed items skipped ones, as many as one transaction should, and leaves what they are
 * about alone until it changes. Returns how many they were.
 */
export async function ignorePortion(tx: Tx, sessionId: number, request: Request): Promise<number> {
  const [row] = await tx.execute<{ changed: number }>(sql`
    with gone as (
      update jobs set state = 'skipped', reason = 'ignored', message = ${IGNORED},
        error_kind = null
      where id in (select id from jobs where session_id = ${sessionId} and state = 'failed'
        and phase in ${LISTING_PHASES} and ${
    itemsOf(request)
  } limit ${PORTION} for update skip locked)
      returning phase, subject
    ), ignored_files as (
      update files set ignored_at = now()
      where id in (select subject from gone where phase = 'training')
    ), ignored_photos as (
      update photos set faces_ignored_at = now()
      where id in (select subject from gone where phase = 'face_detection')
    ), ledger as (
      update phases p set failed = p.failed - g.n, skipped = p.skipped + g.n
      from (select phase, count(*) as n from gone group by phase) g
      where p.session_id = ${sessionId} and p.name = g.phase and p.total is not null
    )
    select count(*)::int as changed from gone`);
  return row.changed;
}
