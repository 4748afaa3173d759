import { sql } from "drizzle-orm";
import type { Db } from "./client.ts";
import { COVER, type PersonRow, toId, toPerson } from "./person_rows.ts";
import { IS_SHOWN } from "./shown_faces.ts";

export interface PersonDetail extends PersonRow {
  /** When the first and the last photo were taken: local time, as on photos; null: no date is known. */
  from: string | null;
  to: string | null;
  /** Faces that may be theirs and wait for a yes or no; nobody asks about a stranger. */
  suggestions: number;
  /** With whom they are on most photos, at most 12. */
  companions: Companion[];
}

export interface Companion {
  id: number;
  name: string | null;
  coverFaceId: number | null;
  /** Photos with both. */
  photos: number;
}

/** Companions are looked for on so many of a person's photos, the newest in the library. */
const COMPANY_OF = 2000;
const COMPANIONS = 12;

/** Somebody with everything their page tells, or null. Two statements. */
export async function findPerson(db: Db, id: number): Promise<PersonDetail | null> {
  const [[row], companions] = await Promise.all([
    db.execute(sql`
      select p.id, p.name, p.hidden, ${COVER} as cover, g.*,
        (select count(*) from suggestions s join faces f on f.id = s.face_id
          where s.person_id = p.id and f.person_id is null and not p.hidden and ${IS_SHOWN})
          as suggestions
      from people p cross join lateral (
        select count(distinct f.photo_id) as photos, count(*) as faces,
          count(*) filter (where f.confirmed) as confirmed,
          min(h.taken_at) as "from", max(h.taken_at) as "to"
        from faces f join photos h on h.id = f.photo_id
        where f.person_id = p.id and ${IS_SHOWN}) g
      where p.id = ${id}`),
    findCompanions(db, id),
  ]);
  if (!row) return null;
  return {
    ...toPerson(row),
    from: row.from as string | null,
    to: row.to as string | null,
    suggestions: Number(row.suggestions),
    companions,
  };
}

// offset 0 keeps the look at each photo a look along its index, whatever the planner thinks of the
// number of photos: joined as a whole, it reads the faces of everybody in the library.
async function findCompanions(db: Db, id: number): Promise<Companion[]> {
  const rows = await db.execute(sql`
    with theirs as materialized (
      select distinct f.photo_id from faces f where f.person_id = ${id} and ${IS_SHOWN}
      order by f.photo_id desc limit ${COMPANY_OF})
    select p.id, p.name, ${COVER} as cover, g.photos from (
      select beside.person_id, count(*) as photos
      from theirs cross join lateral (
        select distinct f.person_id from faces f
        where f.photo_id = theirs.photo_id and f.person_id <> ${id} and ${IS_SHOWN} offset 0) beside
      join people p on p.id = beside.person_id and not p.hidden
      group by beside.person_id order by photos desc, beside.person_id limit ${COMPANIONS}) g
    join people p on p.id = g.person_id
    order by g.photos desc, p.id`);
  return rows.map((row) => ({
    id: Number(row.id),
    name: row.name as string | null,
    coverFaceId: toId(row.cover),
    photos: Number(row.photos),
  }));
}

export interface PersonFace {
  id: number;
  photoId: number;
  /** Local time without zone, as cameras write it. */
  takenAt: string | null;
  confirmed: boolean;
  /** Cosine to the person's nearest prototype; null where the program did not assign it. */
  similarity: number | null;
  quality: number;
}

/** What was shown last: time, photo, face; what other faces are added or go, the next page stays. */
const CURSOR = /^([\dT:-]{0,40})_(\d{1,15})_(\d{1,15})$/;

/** True for what personFaces gives as `next`. */
export const isFaceCursor = (value: string) => CURSOR.test(value);

/**
 * One page of somebody's faces, the latest photos first, those without a date last. `before` is
 * `next` of the page before; anything else is as the first page.
 */
export async function personFaces(
  db: Db,
  id: number,
  { limit, before }: { limit: number; before?: string | null },
): Promise<{ faces: PersonFace[]; next: string | null }> {
  const taken = sql`coalesce(h.taken_at, '') collate "C"`;
  const at = CURSOR.exec(before ?? "");
  const rows = await db.execute(sql`
    select f.id, f.photo_id, h.taken_at, f.confirmed, f.similarity, f.quality
    from faces f join photos h on h.id = f.photo_id
    where f.person_id = ${id} and ${IS_SHOWN}
      ${
    at
      ? sql`and (${taken}, f.photo_id, f.id) < (${at[1]}, ${at[2]}::bigint, ${at[3]}::bigint)`
      : sql``
  }
    order by ${taken} desc, f.photo_id desc, f.id desc limit ${limit + 1}`);
  const faces = rows.slice(0, limit).map((row) => ({
    id: Number(row.id),
    photoId: Number(row.photo_id),
    takenAt: row.taken_at as string | null,
    confirmed: row.confirmed as boolean,
    similarity: row.similarity as number | null,
    quality: row.quality as number,
  }));
  const last = faces.at(-1);
  const more = rows.length > limit && last;
  return { faces, next: more ? `${last.takenAt ?? ""}_${last.photoId}_${last.id}` : null };
}
