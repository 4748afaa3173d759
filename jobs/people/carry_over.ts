import { sql } from "drizzle-orm";
import type { Tx } from "../../db/client.ts";
import { SHOWN_FACES } from "../../db/serving_queries.ts";
import { DRAWN } from "../../db/shown_faces.ts";
import { matchBoxes } from "../match_boxes.ts";
import { lockClusters, mendClusters } from "../store_clusters.ts";
import { takingTurns } from "../turns.ts";
import { learnPeople } from "./learn.ts";

/** Photos of one portion: some 50 ms, most of them in the database. */
const PHOTOS_AT_ONCE = 1000;

/**
 * Gives what people said about the faces of one model to the faces of another: for a change of
 * models. Faces of one photo whose boxes overlap by half or more are the same, one to one, the best
 * first. They get the person, with the word whether somebody confirmed it, the "not a face", the
 * rejections and the splits. The former model's faces are those that were shown, so that what they
 * say is the newer: a confirmed person takes the place of another, and a rejection that of a name.
 * Clusters that were made before a split was known here are taken apart by it. What nothing was said
 * about stays as it is, and so do faces that have no match. Nothing of the former model changes, so
 * one can go back, with what was said meanwhile. In portions, one after the other in this
 * transaction; returns how many faces changed.
 */
export async function carryOver(
  tx: Tx,
  { from, to, photoIds }: { from: string; to: string; photoIds?: number[] },
): Promise<number> {
  if (from === to) return 0;
  await lockClusters(tx);
  const pause = takingTurns();
  const people = new Set<number>(), split = new Set<number>();
  let carried = 0, after = 0;
  for (;;) {
    const photos = await photosWithWords(tx, { model: from, photoIds, after });
    if (photos.length === 0) break;
    const pairs = await samePairs(tx, { photos, from, to });
    const portion = await carryPairs(tx, pairs);
    for (const person of portion.people) people.add(person);
    for (const id of portion.splits) split.add(id);
    carried += portion.faces;
    after = photos.at(-1)!;
    await pause();
  }
  await takeClustersApart(tx, [...split], to);
  await carryCovers(tx, { from, to, people: [...people] });
  if (people.size > 0) {
    const concerned = [...people].sort((a, b) => a - b);
    await learnPeople(tx, concerned);
    await tx.execute(sql`
      update people set stale = true where id = any(${sql.param(concerned)}::bigint[])`);
  }
  return carried;
}

/**
 * carryOver onto faces that a model has just found in photos, as a photo may have been looked at
 * late: from the model that is shown, otherwise from that which found faces in these photos last.
 */
export async function carryOntoNew(
  tx: Tx,
  { model, photoIds }: { model: string; photoIds: number[] },
): Promise<number> {
  const [row] = await tx.execute<{ model: string }>(sql`
    select f.model from faces f
    where f.photo_id = any(${sql.param(photoIds)}::bigint[]) and f.model <> ${model}
      and f.model <> ${DRAWN} and ${SAYS_SOMETHING}
    order by f.model = ${SHOWN_FACES} desc nulls last, f.id desc limit 1`);
  return row ? await carryOver(tx, { from: row.model, to: model, photoIds }) : 0;
}

const SAYS_SOMETHING = sql`(f.person_id is not null or f.not_a_face
  or exists (select from rejections r where r.face_id = f.id)
  or exists (select from splits s where s.face_id = f.id))`;

/** Photos with a face of the model about which something was said, in the order of their ids. */
async function photosWithWords(
  tx: Tx,
  { model, photoIds, after }: { model: string; photoIds?: number[]; after: number },
): Promise<number[]> {
  const among = photoIds === undefined
    ? sql``
    : sql`and f.photo_id = any(${sql.param(photoIds)}::bigint[])`;
  const rows = await tx.execute<{ id: string }>(sql`
    select distinct f.photo_id as id from faces f
    where f.model = ${model} and f.photo_id > ${after} ${among} and ${SAYS_SOMETHING}
    order by id limit ${PHOTOS_AT_ONCE}`);
  return rows.map((row) => Number(row.id));
}

/** Faces of two models that are the same: ids of the former and of the new one. */
export interface SamePairs {
  former: number[];
  current: number[];
}

/** Which faces of these photos, of the one model and the other, are the same. */
export async function samePairs(
  tx: Tx,
  { photos, from, to }: { photos: number[]; from: string; to: string },
): Promise<SamePairs> {
  const rows = await tx.execute<{ id: string; photo: string; model: string; box: number[] }>(sql`
    select id, photo_id as photo, model, box from faces
    where photo_id = any(${sql.param(photos)}::bigint[]) and model in (${from}, ${to})
    order by photo_id, id`);
  const byPhoto = Map.groupBy(rows, (row) => row.photo);
  const pairs: SamePairs = { former: [], current: [] };
  for (const faces of byPhoto.values()) {
    const before = faces.filter(({ model }) => model === from);
    const after = faces.filter(({ model }) => model === to);
    const same = matchBoxes(after.map(({ box }) => box), before.map(({ box }) => box));
    for (const [index, there] of same) {
      pairs.former.push(Number(before[there].id));
      pairs.current.push(Number(after[index].id));
    }
  }
  return pairs;
}

async function carryPairs(
  tx: Tx,
  { former, current }: SamePairs,
): Promise<{ faces: number; people: number[]; splits: number[] }> {
  if (former.length === 0) return { faces: 0, people: [], splits: [] };
  const pairs = sql`unnest(${sql.param(former)}::bigint[], ${sql.param(current)}::bigint[])
    as n (former, current)`;
  await tx.execute(sql`
    insert into rejections (face_id, person_id, at)
    select n.current, r.person_id, r.at from ${pairs} join rejections r on r.face_id = n.former
    on conflict do nothing`);
  const split = await tx.execute<{ id: string }>(sql`
    insert into splits (split_id, face_id, side)
    select s.split_id, n.current, s.side from ${pairs} join splits s on s.face_id = n.former
    on conflict do nothing returning split_id as id`);
  const changed = await tx.execute<
    { id: string; person: string | null; was: string | null; cluster: string | null }
  >(sql`
    with said as (
      select t.id, t.person_id as was, t.cluster_id as cluster,
        case
          when f.not_a_face then null
          when f.confirmed then f.person_id
          when t.not_a_face then null
          when exists (select from rejections r
            where r.face_id = f.id and r.person_id = t.person_id) then f.person_id
          when t.confirmed then t.person_id
          when exists (select from rejections r
            where r.face_id = t.id and r.person_id = f.person_id) then t.person_id
          when t.person_id is not null then t.person_id
          when exists (select from faces g where g.photo_id = t.photo_id and g.model = t.model
            and g.id <> t.id and g.person_id = f.person_id) then null
          else f.person_id
        end as person,
        f.confirmed and f.person_id is not null as sure, f.person_id as theirs, f.similarity,
        f.not_a_face or (t.not_a_face and not f.confirmed) as none
      from ${pairs} join faces f on f.id = n.former join faces t on t.id = n.current
    )
    update faces t set person_id = s.person, not_a_face = s.none,
      confirmed = case when s.person is null then false when s.sure then true
        when s.person is not distinct from s.was then t.confirmed else false end,
      similarity = case when s.person is null or s.sure then null
        when s.person is not distinct from s.was then t.similarity else s.similarity end,
      cluster_id = case when s.person is null and not s.none then t.cluster_id end
    from said s
    where t.id = s.id and (s.person is distinct from s.was or s.none <> t.not_a_face
      or (s.sure and not t.confirmed))
    returning t.id, s.person, s.was, s.cluster`);
  const ids = changed.map((row) => Number(row.id));
  // Nobody is twice in a photo by the program's word.
  await tx.execute(sql`
    update faces g set person_id = null, similarity = null from faces t
    where t.id = any(${sql.param(ids)}::bigint[]) and t.confirmed and g.photo_id = t.photo_id
      and g.model = t.model and g.id <> t.id and g.person_id = t.person_id and not g.confirmed`);
  await tx.execute(sql`
    delete from rejections r using faces f
    where f.id = any(${sql.param(ids)}::bigint[]) and r.face_id = f.id
      and f.confirmed and r.person_id = f.person_id`);
  await tx.execute(sql`
    delete from suggestions s using faces f
    where f.id = any(${sql.param(ids)}::bigint[]) and s.face_id = f.id
      and (f.person_id is not null or f.not_a_face)`);
  await mendClusters(
    tx,
    changed.flatMap(({ cluster }) => cluster === null ? [] : [Number(cluster)]),
  );
  const people = changed.flatMap(({ person, was }) => [person, was]).filter((id) => id !== null);
  return {
    faces: changed.length,
    people: [...new Set(people.map(Number))],
    splits: [...new Set(split.map(({ id }) => Number(id)))],
  };
}

/** Where both sides of a split are in one cluster of the model, the picked side gets one of its own. */
async function takeClustersApart(tx: Tx, splitIds: number[], model: string): Promise<void> {
  // One after the other: a cluster that one split has made may be taken apart by the next.
  for (const splitId of splitIds) {
    const mixed = await tx.execute<{ cluster: string; picked: string[] }>(sql`
      select f.cluster_id as cluster,
        array_agg(f.id order by f.quality desc, f.id) filter (where s.side = 1) as picked
      from splits s join faces f on f.id = s.face_id
      where s.split_id = ${splitId} and f.model = ${model} and f.cluster_id is not null
      group by f.cluster_id having count(distinct s.side) = 2 order by 1`);
    for (const { cluster, picked } of mixed) {
      await tx.execute(sql`
        with made as (
          insert into clusters (model, size, cover_face_id)
          values (${model}, ${picked.length}, ${picked[0]}) returning id
        )
        update faces f set cluster_id = made.id from made
        where f.id = any(${sql.param(picked)}::bigint[])`);
      await mendClusters(tx, [Number(cluster)]);
    }
  }
}

/** The face that stands for somebody is the new model's, where it has it. */
async function carryCovers(
  tx: Tx,
  { from, to, people }: { from: string; to: string; people: number[] },
): Promise<void> {
  const covers = await tx.execute<{ id: string; cover: string; photo: string }>(sql`
    select p.id, f.id as cover, f.photo_id as photo
    from people p join faces f on f.id = p.cover_face_id and f.model = ${from}
    where p.id = any(${sql.param(people)}::bigint[])`);
  const photos = [...new Set(covers.map(({ photo }) => Number(photo)))];
  const { former, current } = await samePairs(tx, { photos, from, to });
  await tx.execute(sql`
    update people p set cover_face_id = n.current
    from unnest(${sql.param(former)}::bigint[], ${sql.param(current)}::bigint[])
        as n (former, current)
      join faces f on f.id = n.current
    where p.cover_face_id = n.former and f.person_id = p.id`);
}
