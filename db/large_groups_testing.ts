import { sql } from "drizzle-orm";
import type { Db } from "./client.ts";

/** One photo of a group that a test makes. */
export interface Member {
  camera?: string;
  /** How many files it has that are there; one without it. */
  files?: number;
  /** Its files are gone. */
  gone?: boolean;
}

let groups = 0;

/**
 * Photos that look the same, a row for each member and files for each; all are duplicates of the first.
 * Returns their ids in that order.
 */
export async function addLargeGroup(db: Db, members: Member[]): Promise<number[]> {
  const group = `group ${groups++}`;
  const rows = members.map(({ camera = "Leica M6", files = 1, gone = false }, place) => ({
    ...{ place, camera, files, gone },
  }));
  const made = await db.execute<{ id: string }>(sql`
    insert into photos (sha256, byte_size, width, height, format, camera, dhash, flat, first_mtime_ms,
      first_path, preview_width, preview_height)
    select ${group} || ' ' || place, 10, 4, 3, 'jpeg', camera, ${group}, false, 1,
      '/' || ${group} || '/' || place || '/0.jpg', 4, 3
    from json_to_recordset(${JSON.stringify(rows)}::json) as of (place int, camera text)
    order by place returning id`);
  const ids = made.map(({ id }) => Number(id));
  await db.execute(sql`update photos set representative_id = ${ids[0]}
    where dhash = ${group} and id <> ${ids[0]}`);
  await db.execute(sql`
    insert into files (path, size, mtime_ms, photo_id, missing_at)
    select '/' || ${group} || '/' || place || '/' || n || '.jpg', 10, 1, p.id,
      case when gone then now() end
    from json_to_recordset(${JSON.stringify(rows)}::json) as of (place int, files int, gone bool)
    join photos p on p.sha256 = ${group} || ' ' || place
    cross join lateral generate_series(0, files - 1) n`);
  return ids;
}

/** Takes these photos away with their files. */
export async function removeGroup(db: Db, ids: number[]): Promise<void> {
  const all = sql`any(${sql.param(ids)}::bigint[])`;
  await db.execute(sql`delete from files where photo_id = ${all}`);
  await db.execute(sql`delete from photos where id = ${all} and representative_id is not null`);
  await db.execute(sql`delete from photos where id = ${all}`);
}
