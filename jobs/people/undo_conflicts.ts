import { type SQL, sql } from "drizzle-orm";
import type { Tx } from "../../db/client.ts";
import { SHOWN_FACES } from "../../db/serving_queries.ts";
import { DRAWN } from "../../db/shown_faces.ts";
import { takingTurns } from "../turns.ts";
import { type SamePairs, samePairs } from "./carry_over.ts";
import { PeopleFault } from "./fault.ts";
import { quoted } from "./held.ts";
import { KEY, type PastChange, saidIn, toPastChange } from "./last_change.ts";

/** Photos whose faces of two models are compared at a time. */
const PHOTOS_AT_ONCE = 1000;

/**
 * Throws PeopleFault (conflict) if a change cannot be taken back because of what somebody said
 * since: each row is a pile of which only the uppermost layer can be lifted. What counts: whose
 * confirmed faces are, what is marked as none, names, who is hidden, noes and splits; who would go
 * must not be mentioned by later changes, to whom faces would return must still be there, and not be
 * another face of the photo by now. What is taken back must be of faces that are shown.
 */
export async function refuseIfChangedSince(tx: Tx, change: PastChange): Promise<void> {
  const later = await laterChange(tx, change.id);
  if (later) {
    throw new PeopleFault(
      "conflict",
      "changed_since",
      `Cannot undo ${quoted(change)}: a later change builds on it; undo ${quoted(later)} first`,
    );
  }
  await refuseIfGone(tx, change);
  await refuseIfCarried(tx, change);
  await refuseIfUnseen(tx, change);
  await refuseIfKept(tx, change);
}

/** The last change that holds and lies on this one. */
async function laterChange(tx: Tx, id: number): Promise<PastChange | null> {
  // By key first, along the index; the second part reads the journal from this change on, and only
  // for a change that made people.
  const [row] = await tx.execute(sql`
    with mine as materialized (
      select table_name, ${KEY} as key, before, after from changed_rows r
      where change_id = ${id} and table_name in ('people', 'faces', 'rejections', 'splits')
    ), made as materialized (
      select key as id from mine where table_name = 'people' and before is null
    ), above as (
      select r.change_id from mine m
      join changed_rows r on r.table_name = m.table_name and ${KEY} = m.key and r.change_id > ${id}
      where case m.table_name when 'faces' then ${BOTH_SAID} when 'people' then ${BOTH_NAMED}
        else true end
      union all
      select r.change_id from changed_rows r
      where exists (select from made) and r.change_id > ${id}
        and (r.table_name = 'rejections' or r.table_name = 'faces' and ${saidIn(sql`r`)})
        and (r.before ->> 'person_id' in (select id from made)
          or r.after ->> 'person_id' in (select id from made))
      union all
      select r.change_id from mine m
      join faces g on g.photo_id = (m.before ->> 'photo_id')::bigint and g.confirmed
        and g.person_id = (m.before ->> 'person_id')::bigint
      left join faces f on f.id = (m.key)::bigint
      join changed_rows r on r.table_name = 'faces' and ${KEY} = g.id::text and r.change_id > ${id}
      where m.table_name = 'faces' and (m.before ->> 'confirmed')::boolean
        and (m.after -> 'person_id' is distinct from m.before -> 'person_id'
          or not (m.after ->> 'confirmed')::boolean)
        and (coalesce(f.model, ${DRAWN}) in (g.model, ${DRAWN}) or g.model = ${DRAWN})
        and g.id <> (m.key)::bigint and ${saidIn(sql`r`)}
        and r.after ->> 'person_id' = m.before ->> 'person_id'
    )
    select c.id, c.by, c.kind, c.message from above a join changes c on c.id = a.change_id
    where c.undone_at is null order by c.id desc limit 1`);
  return row ? toPastChange(row) : null;
}

const differs = (row: string, column: string): SQL =>
  sql.raw(`${row}.before -> '${column}' is distinct from ${row}.after -> '${column}'`);

const BOTH_SAID = sql`${saidIn(sql`r`)} and (${differs("m", "person_id")}
  or ${differs("m", "confirmed")} or ${differs("m", "not_a_face")})`;

const BOTH_NAMED = sql`(m.before is null or r.after is null
  or (${differs("m", "name")} and ${differs("r", "name")})
  or (${differs("m", "hidden")} and ${differs("r", "hidden")}))`;

/** Faces would return to somebody who is not there any more, nor comes back by this. */
async function refuseIfGone(tx: Tx, change: PastChange): Promise<void> {
  const [row] = await tx.execute<{ person: string }>(sql`
    select r.before ->> 'person_id' as person from changed_rows r
    where r.change_id = ${change.id} and r.table_name = 'faces' and ${saidIn(sql`r`)}
      and r.before ->> 'person_id' is not null
      and exists (select from faces f where f.id = (r.before ->> 'id')::bigint)
      and not exists (select from people p where p.id = (r.before ->> 'person_id')::bigint)
      and not exists (select from changed_rows o
        where o.change_id = ${change.id} and o.table_name = 'people' and o.after is null
          and o.before ->> 'id' = r.before ->> 'person_id')
    limit 1`);
  if (!row) return;
  const [gone] = await tx.execute(sql`
    select c.id, c.by, c.kind, c.message from changed_rows r join changes c on c.id = r.change_id
    where r.table_name = 'people' and ${KEY} = ${row.person} and c.undone_at is null
      and r.after is null
    order by c.id desc limit 1`);
  const remedy = gone
    ? `undo ${quoted(toPastChange(gone))} first`
    : "assign the faces anew instead";
  throw new PeopleFault(
    "conflict",
    "person_gone",
    `Cannot undo ${quoted(change)}: person ${row.person} is gone; ${remedy}`,
  );
}

/** A face says what another of the same face was told, in the faces of another model. */
async function refuseIfCarried(tx: Tx, change: PastChange): Promise<void> {
  const [row] = await tx.execute<{ face: string }>(sql`
    select f.id as face from changed_rows r join faces f on f.id = (r.after ->> 'id')::bigint
    where r.change_id = ${change.id} and r.table_name = 'faces' and (f.confirmed or f.not_a_face)
      and (${saidIn(sql`r`)} or r.after ->> 'id' in (
        select coalesce(o.after, o.before) ->> 'face_id' from changed_rows o
        where o.change_id = ${change.id} and o.table_name = 'rejections'))
      and (f.person_id, f.confirmed, f.not_a_face) is distinct from
        ((r.after ->> 'person_id')::bigint, (r.after ->> 'confirmed')::boolean,
          (r.after ->> 'not_a_face')::boolean)
    limit 1`);
  if (!row) return;
  throw new PeopleFault(
    "conflict",
    "changed_since",
    `Cannot undo ${quoted(change)}: face ${row.face} has got another person since, with a change ` +
      "of face models; move the faces instead",
  );
}

/**
 * Faces that are not shown any more would change, and what is shown of the same goes on saying what
 * they say: a change of models has brought it over.
 */
async function refuseIfUnseen(tx: Tx, change: PastChange): Promise<void> {
  const rows = await tx.execute<{ photo: string; model: string; shown: string }>(sql`
    select distinct f.photo_id as photo, f.model, ${SHOWN_FACES} as shown
    from changed_rows r join faces f on f.id = ${FACE_OF}
    where r.change_id = ${change.id} and ${TOLD} and f.model not in (${SHOWN_FACES}, ${DRAWN})`);
  const pause = takingTurns();
  for (const [from, those] of Map.groupBy(rows, ({ model }) => model)) {
    for (let start = 0; start < those.length; start += PHOTOS_AT_ONCE) {
      const photos = those.slice(start, start + PHOTOS_AT_ONCE).map(({ photo }) => Number(photo));
      const pairs = await samePairs(tx, { photos, from, to: those[0].shown });
      const twin = await twinThatSaysTheSame(tx, change.id, pairs);
      await pause();
      if (twin === null) continue;
      throw new PeopleFault(
        "conflict",
        "not_shown",
        `Cannot undo ${quoted(change)}: its faces are not shown since a change of models, and ` +
          `face ${twin}, which is, says the same; move that one instead`,
      );
    }
  }
}

/** A face of the model that is shown which says what a face of the change does; null if none. */
async function twinThatSaysTheSame(
  tx: Tx,
  changeId: number,
  { former, current }: SamePairs,
): Promise<number | null> {
  const [twin] = await tx.execute<{ id: string }>(sql`
    select t.id from unnest(${sql.param(former)}::bigint[], ${sql.param(current)}::bigint[])
        as n (former, current)
      join faces f on f.id = n.former join faces t on t.id = n.current
      join changed_rows r on r.change_id = ${changeId} and ${FACE_OF} = f.id and ${TOLD}
    where case r.table_name when 'faces' then (t.person_id, t.confirmed, t.not_a_face)
          is not distinct from (f.person_id, f.confirmed, f.not_a_face)
        else exists (select from rejections o where o.face_id = t.id
          and o.person_id = (r.after ->> 'person_id')::bigint) end
      and (r.table_name, t.id) not in (select r.table_name, ${FACE_OF} from changed_rows r
        where r.change_id = ${changeId} and r.table_name in ('faces', 'rejections'))
    order by t.id limit 1`);
  return twin ? Number(twin.id) : null;
}

/** The face of a row of `faces` or `rejections`. */
const FACE_OF = sql`coalesce(coalesce(r.after, r.before) ->> 'face_id',
  coalesce(r.after, r.before) ->> 'id')::bigint`;

/** Something that was said of a face, whose it is or is not. */
const TOLD = sql`(r.table_name = 'faces' and ${saidIn(sql`r`)}
  or r.table_name = 'rejections' and r.after is not null)`;

/** Somebody would go who has got confirmed faces otherwise: carried over to another face model. */
async function refuseIfKept(tx: Tx, change: PastChange): Promise<void> {
  const [row] = await tx.execute<{ name: string | null; count: number }>(sql`
    select p.name, count(*)::int as count from changed_rows r
    join people p on p.id = (r.after ->> 'id')::bigint
    join faces f on f.person_id = p.id and f.confirmed
    where r.change_id = ${change.id} and r.table_name = 'people' and r.before is null
      and f.id not in (select (coalesce(o.before, o.after) ->> 'id')::bigint from changed_rows o
        where o.change_id = ${change.id} and o.table_name = 'faces')
    group by p.id limit 1`);
  if (!row) return;
  throw new PeopleFault(
    "conflict",
    "more_faces",
    `Cannot undo ${quoted(change)}: ${row.name ?? "that person"} has ${row.count} more confirmed ` +
      `faces since; rename or delete the person instead`,
  );
}
