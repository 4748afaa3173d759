import { type SQL, sql } from "drizzle-orm";
import type { Db } from "../client.ts";
import type { FoundPhoto } from "./types.ts";

/**
 * Those of the photos that can be shown, in no order: they represent themselves and at least one
 * file of theirs, or of a duplicate, is still there. `passing` is another condition on `photos p`
 * (filter_select.ts has one). One statement, whatever the number of ids.
 */
export async function findPresent(
  db: Db,
  ids: number[],
  { passing }: { passing?: SQL } = {},
): Promise<FoundPhoto[]> {
  const rows = await db.execute<{
    id: string;
    width: number;
    height: number;
    takenAt: string | null;
    path: string;
    duplicates: number;
  }>(sql`
    select p.id, p.width, p.height, p.taken_at as "takenAt", present.path,
      (select count(*)::int from photos d where d.representative_id = p.id and exists (
        select from files f where f.photo_id = d.id and f.missing_at is null)) as duplicates
    from photos p
    cross join lateral (
      select f.path from photos h join files f on f.photo_id = h.id
      where (h.id = p.id or h.representative_id = p.id) and f.missing_at is null
      order by h.id <> p.id, f.path <> p.first_path, f.path limit 1) present
    where p.id = any(${sql.param(ids)}::bigint[]) and p.representative_id is null
      ${passing ? sql`and ${passing}` : sql``}`);
  return rows.map((row) => ({ ...row, id: Number(row.id) }));
}
