import { type SQL, sql } from "drizzle-orm";
import type { Tx } from "../../db/client.ts";
import { DRAWN } from "../../db/shown_faces.ts";

/** Faces by id as a source for giveFaces and takeFaces: all of them for one person. */
export const theseFor = (faceIds: number[], personId: number): SQL =>
  sql`select unnest(${sql.param(faceIds)}::bigint[]) as id, ${personId}::bigint as person_id`;

/**
 * Confirms faces as people's: `pairs` is a select of (id, person_id). They leave their cluster, a no
 * about that pair is forgotten, and what the program had given the person on the same photo is not
 * theirs, since nobody is on a photo twice. Returns how many faces were not confirmed so before.
 */
export async function giveFaces(tx: Tx, pairs: SQL): Promise<number> {
  const [{ count }] = await tx.execute<{ count: number }>(sql`
    with wanted as (${pairs}), given as (
      update faces f set person_id = w.person_id, confirmed = true, similarity = null,
        cluster_id = null
      from wanted w where f.id = w.id and not (f.confirmed and f.person_id = w.person_id
        and f.person_id is not null)
      returning f.photo_id, f.model, f.id, f.person_id
    ), doubles as (
      update faces f set person_id = null, similarity = null from given g
      where f.photo_id = g.photo_id and f.person_id = g.person_id and not f.confirmed
        and g.model in (f.model, ${DRAWN})
        and not exists (select from wanted w where w.id = f.id)
    ), agreed as (
      delete from rejections r using wanted w
      where r.face_id = w.id and r.person_id = w.person_id
    ), answered as (
      delete from suggestions s using given g where s.face_id = g.id
    )
    select count(*)::int as count from given`);
  return count;
}

/** Takes the program's guesses off somebody who is on the same photo by somebody's word. */
export async function dropDoubles(
  tx: Tx,
  { photoId, personId }: { photoId: number; personId: number },
): Promise<void> {
  await tx.execute(sql`
    update faces f set person_id = null, similarity = null
    where f.photo_id = ${photoId} and f.person_id = ${personId} and not f.confirmed
      and exists (select from faces g where g.photo_id = f.photo_id
        and g.model in (f.model, ${DRAWN}) and g.person_id = f.person_id and g.confirmed)`);
}

/**
 * Takes faces off people and remembers the no: `pairs` is a select of (id, person_id). A face that
 * is another's, or nobody's, only gets the no. `together`: it was said of all of them as one, so
 * that only one need be meant; such noes are of the same moment (see adaptThresholds), others a
 * microsecond apart. Returns how many noes are new.
 */
export async function takeFaces(
  tx: Tx,
  pairs: SQL,
  { together = false }: { together?: boolean } = {},
): Promise<number> {
  const at = together ? sql`now()` : sql`now() + row_number() over () * interval '1 microsecond'`;
  const [{ count }] = await tx.execute<{ count: number }>(sql`
    with wanted as (${pairs}), freed as (
      update faces f set person_id = null, confirmed = false, similarity = null
      from wanted w where f.id = w.id and f.person_id = w.person_id
    ), denied as (
      insert into rejections (face_id, person_id, at) select id, person_id, ${at} from wanted
      on conflict do nothing returning face_id
    ), answered as (
      delete from suggestions s using wanted w
      where s.face_id = w.id and s.person_id = w.person_id
    )
    select count(*)::int as count from denied`);
  return count;
}
