import { type SQL, sql } from "drizzle-orm";

/** Which part of a list. */
export interface Part {
  limit: number;
  offset: number;
}

/**
 * A statement for one page of what the select `matching` finds, as `p`, and how many that is in all,
 * without finding it twice. `order` is by columns of `matching`, `more` further columns of the page.
 * Its rows go through readPage.
 */
export const pageOf = (
  matching: SQL,
  { order, limit, offset, more }: Part & { order: SQL; more?: SQL },
): SQL =>
  sql`with matching as materialized (${matching}),
    page as (select * from matching order by ${order} limit ${limit} offset ${offset})
    select (select count(*)::int from matching) as total, p.* ${more ? sql`, ${more}` : sql``}
    from (values (1)) as always (row) left join page p on true order by ${order}`;

/** The rows of pageOf's statement; a page behind the last one is one row of nulls and the total. */
export function readPage<Row>(
  rows: Record<string, unknown>[],
  { key, read }: { key: string; read: (row: Record<string, unknown>) => Row },
): { rows: Row[]; total: number } {
  const there = rows.filter((row) => row[key] !== null);
  return { rows: there.map(read), total: rows[0].total as number };
}
