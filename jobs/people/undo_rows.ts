import { type SQL, sql } from "drizzle-orm";
import type { Tx } from "../../db/client.ts";
import { DRAWN } from "../../db/shown_faces.ts";
import { KEY, saidIn } from "./last_change.ts";

/*
 * The steps of undoing, in the order in which undo.ts takes them: rows that others refer to come
 * first and go last. Each is one or two statements over the journal, however many rows there are.
 */

/** Rows of one table that a change touched, one each (see endChange). */
const rowsOf = (changeId: number, table: string): SQL =>
  sql`(select ${KEY} as key, before, after from changed_rows r
    where change_id = ${changeId} and table_name = ${table})`;

/** People, clusters and drawn faces that are not there any more, also clusters that others took away. */
export async function restoreGone(tx: Tx, id: number): Promise<void> {
  await tx.execute(sql`
    insert into people overriding system value
    select n.* from ${rowsOf(id, "people")} r,
      jsonb_populate_record(null::people, r.before || '{"stale": true}') n
    where r.after is null on conflict do nothing`);
  await tx.execute(sql`
    insert into clusters overriding system value
    select n.* from ${rowsOf(id, "clusters")} r, jsonb_populate_record(null::clusters, r.before) n
    where r.before is not null on conflict do nothing`);
  await tx.execute(sql`
    update clusters c set chosen_face_id = (r.before ->> 'chosen_face_id')::bigint
    from ${rowsOf(id, "clusters")} r
    where c.id = (r.key)::bigint and r.before -> 'chosen_face_id' <> r.after -> 'chosen_face_id'
      and c.chosen_face_id is not distinct from (r.after ->> 'chosen_face_id')::bigint`);
  await tx.execute(sql`
    insert into faces overriding system value
    select n.* from ${rowsOf(id, "faces")} r, jsonb_populate_record(null::faces, r.before) n
    where r.after is null
      and exists (select from photos where photos.id = n.photo_id)
      and (n.person_id is null or exists (select from people where people.id = n.person_id))
      and (n.cluster_id is null or exists (select from clusters where clusters.id = n.cluster_id))
    on conflict do nothing`);
}

/**
 * Whose faces were, and in which cluster. What somebody said is restored in any case; what the
 * program did beside it only where the program has not thought otherwise since. Returns how many, and
 * the clusters in which they were until now.
 */
export async function restoreFaces(
  tx: Tx,
  id: number,
): Promise<{ count: number; clusters: number[] }> {
  const [{ count, clusters }] = await tx.execute<{ count: number; clusters: string[] }>(sql`
    with mine as (
      select (r.key)::bigint as id, r.after, n.person_id, n.confirmed, n.similarity, n.not_a_face,
        n.cluster_id, ${saidIn(sql`r`)} or r.key in (
          select coalesce(before, after) ->> 'face_id' from ${rowsOf(id, "rejections")} o) as said
      from ${rowsOf(id, "faces")} r, jsonb_populate_record(null::faces, r.before) n
      where r.before is not null and r.after is not null
    ), going as (
      select (key)::bigint as id from ${rowsOf(id, "people")} r where before is null
    ), judged as (
      select m.*, f.person_id as at_person, f.confirmed as at_confirmed,
        f.similarity as at_similarity, f.not_a_face as at_not_a_face, f.cluster_id as at_cluster,
        (m.said or (f.person_id, f.confirmed, f.not_a_face) is not distinct from
          ((m.after ->> 'person_id')::bigint, (m.after ->> 'confirmed')::boolean,
            (m.after ->> 'not_a_face')::boolean))
          and (m.person_id is null or exists (select from people p where p.id = m.person_id))
          as back,
        f.cluster_id is not distinct from (m.after ->> 'cluster_id')::bigint
          and (m.cluster_id is null or exists (select from clusters c where c.id = m.cluster_id))
          as same_cluster
      from mine m join faces f on f.id = m.id
    ), decided as (
      select id, case when back then person_id
          when at_person not in (select id from going) then at_person end as person,
        case when back then confirmed
          else at_confirmed and at_person not in (select id from going) end as confirmed,
        case when back then similarity
          when at_person not in (select id from going) then at_similarity end as similarity,
        case when back then not_a_face else at_not_a_face end as not_a_face,
        case when same_cluster then cluster_id else at_cluster end as cluster
      from judged
    ), restored as (
      update faces f set person_id = d.person, confirmed = coalesce(d.confirmed, false),
        similarity = d.similarity, not_a_face = d.not_a_face,
        cluster_id = case when d.person is null and not d.not_a_face then d.cluster end
      from decided d where f.id = d.id returning f.id
    )
    select (select count(*)::int from restored) as count, array(select distinct at_cluster
      from judged where at_cluster is not null) as clusters`);
  // What the program has given since to people who go.
  await tx.execute(sql`
    update faces f set person_id = null, confirmed = false, similarity = null
    from ${rowsOf(id, "people")} r
    where r.before is null and f.person_id = (r.key)::bigint and f.id not in (
      select (key)::bigint from ${rowsOf(id, "faces")} made where made.before is null)`);
  return { count, clusters: clusters.map(Number) };
}

/** Noes and splits. */
export async function restoreNoes(tx: Tx, id: number): Promise<void> {
  await tx.execute(sql`
    delete from rejections d using ${rowsOf(id, "rejections")} r
    where r.before is null and d.face_id = (r.after ->> 'face_id')::bigint
      and d.person_id = (r.after ->> 'person_id')::bigint`);
  await tx.execute(sql`
    insert into rejections
    select n.* from ${
    rowsOf(id, "rejections")
  } r, jsonb_populate_record(null::rejections, r.before) n
    where r.after is null and exists (select from faces f where f.id = n.face_id)
      and exists (select from people p where p.id = n.person_id)
    on conflict do nothing`);
  // A no that another model's faces have brought along since is older than what is restored.
  await tx.execute(sql`
    delete from rejections d using faces f, ${rowsOf(id, "faces")} r
    where f.id = (r.key)::bigint and f.confirmed and d.face_id = f.id
      and d.person_id = f.person_id`);
  await tx.execute(sql`
    delete from splits d using ${rowsOf(id, "splits")} r
    where r.before is null and d.split_id = (r.after ->> 'split_id')::bigint
      and d.face_id = (r.after ->> 'face_id')::bigint`);
  await tx.execute(sql`
    insert into splits
    select n.* from ${rowsOf(id, "splits")} r, jsonb_populate_record(null::splits, r.before) n
    where r.after is null and exists (select from faces f where f.id = n.face_id)
    on conflict do nothing`);
}

/** Suggestions and proposals, where the program has not replaced them since. */
export async function restoreQuestions(tx: Tx, id: number): Promise<void> {
  await tx.execute(sql`
    delete from suggestions s using ${rowsOf(id, "suggestions")} r
    where r.after is not null and s.face_id = (r.key)::bigint
      and s.person_id = (r.after ->> 'person_id')::bigint`);
  await tx.execute(sql`
    delete from suggestions s using faces f, ${rowsOf(id, "faces")} r
    where f.id = (r.key)::bigint and s.face_id = f.id
      and (f.person_id is not null or f.not_a_face)`);
  await tx.execute(sql`
    insert into suggestions
    select n.* from ${rowsOf(id, "suggestions")} r,
      jsonb_populate_record(null::suggestions, r.before) n
    join faces f on f.id = n.face_id and f.person_id is null and not f.not_a_face
    where r.before is not null and exists (select from people p where p.id = n.person_id)
      and not exists (select from rejections o
        where o.face_id = n.face_id and o.person_id = n.person_id)
    on conflict do nothing`);
  await tx.execute(sql`
    delete from proposals d using ${rowsOf(id, "proposals")} r
    where r.before is null and d.id = (r.key)::bigint and d.answer is null`);
  await tx.execute(sql`
    update proposals d set person_id = n.person_id, to_person_id = n.to_person_id,
      answer = n.answer, answered_at = n.answered_at
    from ${rowsOf(id, "proposals")} r, jsonb_populate_record(null::proposals, r.before) n
    where r.before is not null and r.after is not null and d.id = n.id
      and d.answer is not distinct from r.after ->> 'answer'
      and exists (select from people p where p.id = n.person_id)
      and (n.to_person_id is null or exists (select from people p where p.id = n.to_person_id))`);
  await tx.execute(sql`
    insert into proposals overriding system value
    select n.* from ${rowsOf(id, "proposals")} r, jsonb_populate_record(null::proposals, r.before) n
    where r.after is null and exists (select from people p where p.id = n.person_id)
      and (n.to_person_id is null or exists (select from people p where p.id = n.to_person_id))
    on conflict do nothing`);
}

/** Names, who is hidden, covers; and the covers of clusters. */
export async function restorePeople(tx: Tx, id: number): Promise<void> {
  const changed = (column: string) =>
    sql.raw(`r.before -> '${column}' is distinct from r.after -> '${column}'`);
  await tx.execute(sql`
    update people p set
      name = case when ${changed("name")} then n.name else p.name end,
      hidden = case when ${changed("hidden")} then n.hidden else p.hidden end,
      cover_face_id = case when p.cover_face_id is not distinct from
        (r.after ->> 'cover_face_id')::bigint then n.cover_face_id else p.cover_face_id end
    from ${rowsOf(id, "people")} r, jsonb_populate_record(null::people, r.before) n
    where r.before is not null and r.after is not null and p.id = n.id`);
  await tx.execute(sql`
    update clusters c set cover_face_id = n.cover_face_id
    from ${rowsOf(id, "clusters")} r, jsonb_populate_record(null::clusters, r.before) n
    where r.before is not null and r.after is not null and c.id = n.id
      and c.cover_face_id is not distinct from (r.after ->> 'cover_face_id')::bigint`);
}

/**
 * Faces that were drawn, and people who were made. A drawn face that a model has found since is
 * there without anybody's word, so it becomes nobody's. Clusters go when they are mended.
 */
export async function removeMade(tx: Tx, id: number): Promise<void> {
  await tx.execute(sql`
    delete from faces f using ${rowsOf(id, "faces")} r
    where r.before is null and f.id = (r.key)::bigint and f.model = ${DRAWN}`);
  await tx.execute(sql`
    update faces f set person_id = null, confirmed = false, similarity = null
    from ${rowsOf(id, "faces")} r where r.before is null and f.id = (r.key)::bigint`);
  await tx.execute(sql`
    delete from people p using ${rowsOf(id, "people")} r
    where r.before is null and p.id = (r.key)::bigint`);
}

/** The program's guesses that contradict somebody's word on the same photo, whichever came first. */
export async function dropGuesses(tx: Tx, id: number): Promise<void> {
  await tx.execute(sql`
    update faces f set person_id = null, similarity = null
    from ${rowsOf(id, "faces")} r
    where f.photo_id = (coalesce(r.before, r.after) ->> 'photo_id')::bigint
      and f.person_id is not null and not f.confirmed
      and exists (select from faces g where g.photo_id = f.photo_id and g.confirmed
        and g.model in (f.model, ${DRAWN}) and g.person_id = f.person_id)`);
}
