import { sql } from "drizzle-orm";
import type { Db } from "./client.ts";
import { IS_SHOWN } from "./shown_faces.ts";

/** Somebody as lists show them; the figures are of the faces that are shown at present. */
export interface PersonRow {
  id: number;
  /** Null: somebody put their faces together without saying whose they are. */
  name: string | null;
  hidden: boolean;
  /** The face that stands for them: the one chosen, otherwise the best; null if they have none. */
  coverFaceId: number | null;
  /** Distinct photos; duplicates have none of their own. */
  photos: number;
  faces: number;
  /** Those of the faces that somebody said are theirs. */
  confirmed: number;
}

/**
 * The face that stands for `people p`: the one that was chosen, as long as it is theirs, of whatever
 * model, since its picture stays good; otherwise the best they have.
 */
export const COVER = sql`coalesce(
  (select f.id from faces f
    where f.id = p.cover_face_id and f.person_id = p.id and not f.not_a_face),
  (select f.id from faces f where f.person_id = p.id and ${IS_SHOWN}
    order by f.quality desc, f.id limit 1))`;

/** Figures of the faces of `people p`, for a lateral join. */
export const FIGURES = sql`select count(distinct f.photo_id) as photos, count(*) as faces,
  count(*) filter (where f.confirmed) as confirmed
  from faces f where f.person_id = p.id and ${IS_SHOWN}`;

/** A row with the columns id, name, hidden, cover, photos, faces, confirmed; bigint comes as text. */
export const toPerson = (row: Record<string, unknown>): PersonRow => ({
  id: Number(row.id),
  name: row.name as string | null,
  hidden: row.hidden as boolean,
  coverFaceId: toId(row.cover),
  photos: Number(row.photos),
  faces: Number(row.faces),
  confirmed: Number(row.confirmed),
});

/** An id out of a statement's row, or null. */
export const toId = (value: unknown): number | null => value === null ? null : Number(value);

/** Those of the people that there are, by id; one statement, whatever their number. */
export async function findPeople(db: Db, ids: number[]): Promise<Map<number, PersonRow>> {
  if (ids.length === 0) return new Map();
  const rows = await db.execute(sql`
    select p.id, p.name, p.hidden, ${COVER} as cover, g.*
    from people p cross join lateral (${FIGURES}) g
    where p.id = any(${sql.param([...new Set(ids)])}::bigint[])`);
  return new Map(rows.map((row) => [Number(row.id), toPerson(row)]));
}
