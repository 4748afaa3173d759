import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import { DRAWN } from "../../db/shown_faces.ts";
import { type Change, makeChange } from "./change.ts";
import { PeopleFault } from "./fault.ts";
import { findPerson, type HeldPerson, holdPerson } from "./held.ts";
import { lastChangeOf } from "./last_change.ts";
import { facesOf, titleOf } from "./names.ts";

/**
 * Makes two people one: faces, noes, suggestions and proposals of `from` become those of `into`,
 * which keeps its name and cover where it has them, and `from` goes. Confirmed faces stay confirmed;
 * of the others, those that contradict a no or another face on their photo become nobody's. Throws
 * PeopleFault: invalid for somebody with themselves, missing for a person that is not there.
 */
export function mergePeople(
  db: Db,
  { from, into }: { from: number; into: number },
  by: string,
): Promise<Change> {
  return makeChange(db, { by, kind: "merged" }, async (tx) => {
    if (from === into) {
      throw new PeopleFault(
        "invalid",
        "same_person",
        `Person ${from} cannot be merged with themselves; choose somebody else`,
      );
    }
    const target = await holdPerson(tx, into);
    const source = await findPerson(tx, from);
    if (!source && await mergedBefore(tx, { from, into })) return { faces: 0, personId: into };
    const { id, name } = source ?? await holdPerson(tx, from);
    const faces = await moveFaces(tx, { from: id, into });
    await moveNoes(tx, { from: id, into });
    await moveQuestions(tx, { from: id, into });
    await keepBetter(tx, source!, target);
    await tx.execute(sql`delete from people where id = ${id}`);
    const message = `Merged ${titleOf(name)} into ${titleOf(target.name)}: ${facesOf(faces)}`;
    return { faces, personId: into, message };
  });
}

// The second click: the change after which `from` was gone gave `into` some of its faces.
async function mergedBefore(tx: Tx, { from, into }: { from: number; into: number }) {
  const change = await lastChangeOf(tx, "people", String(from), { gone: true });
  if (change?.kind !== "merged") return false;
  const rows = await tx.execute(sql`
    select from changed_rows where change_id = ${change.id} and table_name = 'faces'
      and before ->> 'person_id' = ${String(from)} and after ->> 'person_id' = ${String(into)}
    limit 1`);
  return rows.length > 0;
}

async function moveFaces(tx: Tx, { from, into }: { from: number; into: number }): Promise<number> {
  await tx.execute(sql`
    update faces f set person_id = null, similarity = null
    where f.person_id in (${from}, ${into}) and not f.confirmed and exists (
      select from rejections r where r.face_id = f.id
        and r.person_id = case f.person_id when ${from} then ${into}::bigint else ${from} end)`);
  await tx.execute(sql`
    update faces f set person_id = null, similarity = null
    from (
      select case when not a.confirmed and (b.confirmed or a.similarity <= b.similarity) then a.id
        when not b.confirmed then b.id end as id
      from faces a join faces b on b.photo_id = a.photo_id
        and (b.model = a.model or ${DRAWN} in (a.model, b.model))
      where a.person_id = ${from} and b.person_id = ${into}) double
    where f.id = double.id`);
  const [{ count }] = await tx.execute<{ count: number }>(sql`
    with moved as (update faces set person_id = ${into} where person_id = ${from} returning id)
    select count(*)::int as count from moved`);
  return count;
}

async function moveNoes(tx: Tx, { from, into }: { from: number; into: number }): Promise<void> {
  const confirmed = sql`(select from faces f
    where f.id = r.face_id and f.person_id = ${into} and f.confirmed)`;
  await tx.execute(sql`
    delete from rejections r where r.person_id = ${into} and exists ${confirmed}`);
  await tx.execute(sql`
    insert into rejections (face_id, person_id, at)
    select r.face_id, ${into}, r.at from rejections r
    where r.person_id = ${from} and not exists ${confirmed}
    on conflict do nothing`);
}

async function moveQuestions(tx: Tx, { from, into }: { from: number; into: number }) {
  await tx.execute(sql`
    update suggestions s set person_id = ${into} where s.person_id = ${from}
      and not exists (select from rejections r
        where r.face_id = s.face_id and r.person_id = ${into})`);
  await tx.execute(sql`
    update proposals set
      person_id = case person_id when ${from} then ${into} else person_id end,
      to_person_id = case to_person_id when ${from} then ${into} else to_person_id end
    where ${from} in (person_id, to_person_id)`);
  // Whether faces are one's or the other's is no question any more.
  await tx.execute(sql`
    update proposals set answer = 'superseded', answered_at = now()
    where answer is null and person_id = ${into} and to_person_id = ${into}`);
}

function keepBetter(tx: Tx, from: HeldPerson, into: HeldPerson) {
  return tx.execute(sql`
    update people p set name = coalesce(p.name, ${from.name}),
      cover_face_id = coalesce(
        (select f.id from faces f where f.id = p.cover_face_id and f.person_id = p.id),
        ${from.coverFaceId}::bigint)
    where p.id = ${into.id}`);
}
