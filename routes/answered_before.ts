import { sql } from "drizzle-orm";
import type { Db } from "../db/client.ts";
import type { Namesake } from "../db/people_queries.ts";
import { findPhotoDetail } from "../db/photo_queries.ts";
import { matchBoxes } from "../jobs/match_boxes.ts";
import type { Target } from "../jobs/people/actions.ts";
import { namingPath, type Question } from "../views/people_view.ts";
import { isThere } from "./people_places.ts";

/** What a name was typed for. */
export type About = Partial<Pick<Question, "of" | "faceIds" | "box">> & Pick<Question, "subject">;

/**
 * The target with which a form need not ask whether a name's people are meant, or null if it must:
 * on the second click of a double click the name is taken by the first, and what is gone is nothing
 * to ask about. The action then finds that it is so already, or tells what became of it.
 */
export async function answeredBefore(
  db: Db,
  { subject, of = 0, faceIds = [], box = [] }: About,
  { name, known }: { name: string; known: Namesake[] },
): Promise<Target | null> {
  const ids = known.map(({ id }) => id);
  if (faceIds.length > 0) return await madeOf(db, faceIds, ids);
  if (subject === "drawn") return await drawnAs(db, { photoId: of, box }, ids);
  if (await isThere(db, namingPath({ subject, of }))) return null;
  return subject === "merge" ? { personId: ids[0] } : { name };
}

/** Who is made of just these faces, as by the first click. */
async function madeOf(db: Db, faceIds: number[], people: number[]): Promise<Target | null> {
  const ids = [...new Set(faceIds)];
  const [row] = await db.execute<{ person_id: string }>(sql`
    select person_id from faces
    where person_id = any(${sql.param(people)}::bigint[]) and confirmed
    group by person_id
    having count(*) = ${ids.length} and bool_and(id = any(${sql.param(ids)}::bigint[]))`);
  return row ? { personId: Number(row.person_id) } : null;
}

/** Who is confirmed to be in a box that was drawn. */
async function drawnAs(
  db: Db,
  { photoId, box }: { photoId: number; box: number[] },
  people: number[],
): Promise<Target | null> {
  const faces = (await findPhotoDetail(db, photoId))?.faces ?? [];
  const drawn = box.map((percent) => percent / 100);
  const place = matchBoxes([drawn], faces.map((face) => face.box)).get(0);
  const { personId = null, confirmed = false } = place === undefined ? {} : faces[place];
  return personId !== null && confirmed && people.includes(personId) ? { personId } : null;
}
