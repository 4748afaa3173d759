import { type SQL, sql } from "drizzle-orm";
import type { Db } from "./client.ts";
import { pageOf, type Part, readPage } from "./paged.ts";
import { COVER, FIGURES, type PersonRow, toId, toPerson } from "./person_rows.ts";
import { IS_SHOWN } from "./shown_faces.ts";

export { findPeople, type PersonRow } from "./person_rows.ts";
export * from "./person_queries.ts";

export interface PeopleQuery extends Part {
  /** True: strangers and nobody else; otherwise everybody else. */
  hidden?: boolean;
  /** True: people with a name; false: those without; null or absent: both. */
  named?: boolean | null;
  /** How any word of the name begins, in capitals or not. */
  prefix?: string;
}

/**
 * One page of people, those on most photos first. People with a name are listed even if no face of
 * theirs is shown, so that they can be renamed and deleted; those without one are their faces.
 */
export async function listPeople(
  db: Db,
  { hidden = false, named = null, prefix = "", limit, offset }: PeopleQuery,
): Promise<{ people: PersonRow[]; total: number }> {
  const matching = sql`
    select p.id, p.name, p.hidden, p.cover_face_id, coalesce(g.photos, 0) as photos,
      coalesce(g.faces, 0) as faces, coalesce(g.confirmed, 0) as confirmed
    from people p left join (
      select f.person_id, count(distinct f.photo_id) as photos, count(*) as faces,
        count(*) filter (where f.confirmed) as confirmed
      from faces f where f.person_id is not null and ${IS_SHOWN} group by f.person_id) g
      on g.person_id = p.id
    where p.hidden = ${hidden} and (p.name is not null or g.faces > 0)
      ${named === null ? sql`` : sql`and (p.name is not null) = ${named}`}
      ${prefix.trim() === "" ? sql`` : sql`and ${begins(prefix)}`}`;
  const order = sql`photos desc, faces desc, id`;
  const found = await db.execute(
    pageOf(matching, { order, limit, offset, more: sql`${COVER} as cover` }),
  );
  const { rows, total } = readPage(found, { key: "id", read: toPerson });
  return { people: rows, total };
}

/** Somebody a name that is being typed may mean. */
export interface NameMatch {
  id: number;
  name: string;
  coverFaceId: number | null;
  photos: number;
}

/** A beginning that more names than this have in common is too short to tell anybody apart. */
const CONSIDERED = 500;

/**
 * People a name that is being typed may mean, those on most photos first: some word of theirs begins
 * so. Strangers stay out. With nothing typed nobody is found; of more than 500 the first by name.
 */
export async function completeNames(db: Db, prefix: string, limit: number): Promise<NameMatch[]> {
  const typed = prefix.trim();
  if (typed === "") return [];
  const rows = await db.execute(sql`
    select p.*, ${COVER} as cover from (
      select p.id, p.name, p.cover_face_id, g.photos
      from (select * from people p where not p.hidden and p.name is not null and ${begins(typed)}
        order by p.name, p.id limit ${CONSIDERED}) p
      cross join lateral (${FIGURES}) g
      order by g.photos desc, p.name, p.id limit ${limit}) p
    order by p.photos desc, p.name, p.id`);
  return rows.map((row) => ({
    id: Number(row.id),
    name: row.name as string,
    coverFaceId: toId(row.cover),
    photos: Number(row.photos),
  }));
}

/** Somebody of a name, a stranger or not. */
export interface Namesake extends NameMatch {
  hidden: boolean;
}

/**
 * People who are called exactly so, in capitals or not, those on most photos first; without `but`.
 * Strangers too: who is hidden has the name all the same.
 */
export async function findNamesakes(
  db: Db,
  name: string,
  { but, limit }: { but?: number; limit: number },
): Promise<Namesake[]> {
  const wanted = name.normalize("NFC").trim();
  const rows = await db.execute(sql`
    select p.id, p.name, p.hidden, ${COVER} as cover, g.photos
    from people p cross join lateral (${FIGURES}) g
    where ${LOWER_NAME} = lower(${wanted} collate "und-x-icu")
      ${but === undefined ? sql`` : sql`and p.id <> ${but}`}
    order by g.photos desc, p.id limit ${limit}`);
  return rows.map((row) => ({
    id: Number(row.id),
    name: row.name as string,
    hidden: row.hidden as boolean,
    coverFaceId: toId(row.cover),
    photos: Number(row.photos),
  }));
}

// By Unicode's rules, since the embedded server's own locale knows no letters but English ones.
const LOWER_NAME = sql`lower(p.name collate "und-x-icu")`;

/** Condition on `people p`: a word of the name begins so. */
function begins(prefix: string): SQL {
  const pattern = `${prefix.trim().replaceAll(/[\\%_]/g, "\\$&")}%`;
  const like = (before: string) =>
    sql`${LOWER_NAME} like lower(${before + pattern} collate "und-x-icu")`;
  return sql`(${like("")} or ${like("% ")} or ${like("%-")})`;
}
