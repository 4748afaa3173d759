import { type SQL, sql } from "drizzle-orm";
import type { Db } from "./client.ts";
import { firstOf, type GroupLook, LOOK_COLUMNS, type LookRow, toLook } from "./copy_select.ts";
import type { ItemFile } from "./item_queries.ts";
import { type Difference, differences, type Likeness, likeness } from "./likeness.ts";

/** A photo of a group, without its files. */
export interface WalkedPhoto extends GroupLook {
  /** What it is to the first photo of the group; of the first itself: "exact". */
  likeness: Likeness;
  /** What is not as in the first photo. */
  differs: Difference[];
  /** Files that are there: none, one, or 2 for any more. */
  held: number;
}

export type WalkedFile = Omit<ItemFile, "missing"> & { photoId: number };

/** Photos, and files, that are read at a time. */
const PORTION = { photos: 2000, files: 2000 };

/**
 * All photos of a group, however many, a portion at a time and each as it is when it is read: the one
 * that the others are compared with, then those by id. `alone`: that of the id and no other.
 */
export async function* walkPhotos(
  db: Db,
  head: number,
  { alone = false, portion = PORTION.photos }: { alone?: boolean; portion?: number } = {},
): AsyncGenerator<WalkedPhoto[]> {
  const [first] = await readPhotos(
    db,
    sql`select * from photos where id = ${firstOf(sql`${head}::bigint`, alone)}`,
  );
  if (!first) return;
  const compared = (photo: Held): WalkedPhoto => ({
    ...photo,
    likeness: likeness(first, photo),
    differs: differences(first, photo),
  });
  yield [compared(first)];
  for (let after = 0; !alone;) {
    const part = await readPhotos(
      db,
      sql`
      select * from (
        select * from photos where id = ${head}
        union all select * from photos where representative_id = ${head}) one
      where one.id > ${after} and one.id <> ${first.id} order by one.id limit ${portion}`,
    );
    if (part.length > 0) yield part.map(compared);
    if (part.length < portion) return;
    after = part[part.length - 1].id;
  }
}

type Held = GroupLook & { held: number };

async function readPhotos(db: Db, select: SQL): Promise<Held[]> {
  const rows = await db.execute<LookRow & { held: number } & Record<string, unknown>>(sql`
    select ${LOOK_COLUMNS}, (select count(*)::int from (select from files f
      where f.photo_id = p.id and f.missing_at is null limit 2) part) as held
    from (${select}) p order by p.id`);
  return rows.map((row) => ({ ...toLook(row), held: row.held }));
}

/** All files of these photos that are there, however many, a portion at a time, by photo and id. */
export async function* walkFiles(
  db: Db,
  photoIds: number[],
  { portion = PORTION.files }: { portion?: number } = {},
): AsyncGenerator<WalkedFile[]> {
  const ids = photoIds.toSorted((a, b) => a - b);
  for (let at = { photoId: 0, id: 0 };;) {
    const left = ids.filter((id) => id >= at.photoId);
    if (left.length === 0) return;
    const rows = await db.execute<
      Record<"id" | "photoId", string> & { path: string; size: number; mtimeMs: number }
    >(sql`
      select f.id, f.photo_id as "photoId", f.path, f.size::float8 as size,
        f.mtime_ms::float8 as "mtimeMs"
      from files f where f.photo_id = any(${sql.param(left)}::bigint[])
        and (f.photo_id, f.id) > (${at.photoId}, ${at.id}) and f.missing_at is null
      order by f.photo_id, f.id limit ${portion}`);
    const part = rows.map((row) => ({ ...row, id: Number(row.id), photoId: Number(row.photoId) }));
    if (part.length > 0) yield part;
    if (part.length < portion) return;
    at = part[part.length - 1];
  }
}
