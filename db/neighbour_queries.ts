import { type SQL, sql } from "drizzle-orm";
import type { Db } from "./client.ts";
import type { PhotoRow, PhotoTile } from "./photo_queries.ts";

/** Photos beside one in time, the nearest in the middle: `earlier` … the photo … `later`. */
export interface Neighbours {
  earlier: PhotoTile[];
  later: PhotoTile[];
}

/** Photos whose files are gone are passed over; so many in a row, and nobody looks further. */
const PASSED_OVER = 1000;

/**
 * Photos taken just before and after one, at most `each` a side, those without a date by the order in
 * which they were found, among themselves. Representatives with a file that is there; a duplicate
 * stands where its representative does. Short walks along the index photos_taken, in any library.
 */
export async function findNeighbours(
  db: Db,
  photo: Pick<PhotoRow, "id" | "takenAt" | "representativeId">,
  { each }: { each: number },
): Promise<Neighbours> {
  const head = photo.representativeId ?? photo.id;
  const takenAt = photo.representativeId === null ? photo.takenAt : await takenOf(db, head);
  const at = { id: head, takenAt };
  const [earlier, later] = await Promise.all([
    beside(db, at, { way: EARLIER, each }),
    beside(db, at, { way: LATER, each }),
  ]);
  return { earlier: earlier.reverse(), later };
}

interface Way {
  sign: SQL;
  order: SQL;
}

// The index's own order and its reverse: with any other word on nulls the rows would be sorted.
const EARLIER: Way = { sign: sql`<`, order: sql`desc nulls last` };
const LATER: Way = { sign: sql`>`, order: sql`asc nulls first` };

async function beside(
  db: Db,
  { id, takenAt }: { id: number; takenAt: string | null },
  { way: { sign, order }, each }: { way: Way; each: number },
): Promise<PhotoTile[]> {
  const place = takenAt === null
    ? sql`p.taken_at is null and p.id ${sign} ${id}`
    : sql`(p.taken_at, p.id) ${sign} (${takenAt}, ${id})`;
  // Each looked up by itself, so that no plan looks through all files.
  const rows = await db.execute<Omit<PhotoTile, "id"> & { id: string }>(sql`
    select near.id, near.width, near.height, near.taken_at as "takenAt", present.path
    from (select p.id, p.width, p.height, p.taken_at from photos p
      where p.representative_id is null and ${place}
      order by p.taken_at ${order}, p.id ${order} limit ${PASSED_OVER}) near
    cross join lateral (
      select f.path from photos h join files f on f.photo_id = h.id
      where (h.id = near.id or h.representative_id = near.id) and f.missing_at is null
      order by h.id <> near.id, f.path limit 1) present
    order by near.taken_at ${order}, near.id ${order} limit ${each}`);
  return rows.map((row) => ({ ...row, id: Number(row.id) }));
}

async function takenOf(db: Db, id: number): Promise<string | null> {
  const [row] = await db.execute<{ takenAt: string | null }>(sql`
    select taken_at as "takenAt" from photos where id = ${id}`);
  return row?.takenAt ?? null;
}
