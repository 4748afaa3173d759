import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";

/** Who does what, for the list of changes. */
export interface Heading {
  by: string;
  /** Machine-readable: assigned, merged, split, hidden, … */
  kind: string;
  /** For people, in the past tense; not needed where the work itself tells. */
  message?: string;
}

/**
 * From here to endChange, triggers write down every row of people, faces, clusters, rejections,
 * splits, suggestions and proposals that this transaction changes, as it was and as it became.
 * To be called behind lockClusters. Returns the change's id.
 */
export async function beginChange(tx: Tx, { by, kind, message }: Heading): Promise<number> {
  const [{ id }] = await tx.execute<{ id: string }>(sql`
    with made as (
      insert into changes (by, kind, message) values (${by}, ${kind}, ${message ?? ""}) returning id
    ) select id, set_config('safelight.change', id::text, true) from made`);
  return Number(id);
}

/**
 * Ends what beginChange began, with another message if one is given: what a row went through in
 * between becomes one step, so that undoing has one row for each. False if nothing is other than
 * before; then no trace of the change is left.
 */
export async function endChange(tx: Tx, id: number, message?: string): Promise<boolean> {
  await tx.execute(sql`select set_config('safelight.change', '', true)`);
  // Updates of faces name a few columns only, so the first and the last image complete each other.
  await tx.execute(sql`
    with often as (
      select table_name, changed_key(table_name, coalesce(before, after)) as key,
        min(id) as first, max(id) as last
      from changed_rows where change_id = ${id} group by 1, 2 having count(*) > 1
    ), net as (
      select often.*, case when f.before is not null
          then coalesce(l.before, '{}') || f.before end as before,
        case when l.after is not null then coalesce(f.after, '{}') || l.after end as after
      from often join changed_rows f on f.id = first join changed_rows l on l.id = last
    ), gone as (
      delete from changed_rows r using net n
      where r.change_id = ${id} and r.table_name = n.table_name
        and changed_key(r.table_name, coalesce(r.before, r.after)) = n.key
        and (r.id <> n.first or n.before is not distinct from n.after)
    )
    update changed_rows r set before = n.before, after = n.after from net n
    where r.id = n.first and n.before is distinct from n.after`);
  const kept = await tx.execute(sql`
    update changes set message = coalesce(${message ?? null}::text, message)
    where id = ${id} and exists (select from changed_rows where change_id = ${id}) returning id`);
  if (kept.length === 0) await tx.execute(sql`delete from changes where id = ${id}`);
  return kept.length > 0;
}

/** What can be undone: at a change a minute, of two days of work. */
const KEPT = 1000;

/** A grouping writes down as many rows as the library has faces; so few go in one statement. */
const AT_ONCE = 20;

/** Forgets all but the last thousand changes. Returns how many went. */
export async function pruneChanges(db: Db): Promise<number> {
  let count = 0;
  for (;;) {
    const gone = await db.execute(sql`
      delete from changes where id in (
        select id from changes
        where id <= (select id from changes order by id desc offset ${KEPT} limit 1)
        order by id limit ${AT_ONCE})
      returning id`);
    count += gone.length;
    if (gone.length < AT_ONCE) return count;
  }
}
