import { sql } from "drizzle-orm";
import type { Tx } from "../../db/client.ts";

/** Clusters whose faces, and people whose faces or rejections, a change has touched so far. */
export async function touchedBy(
  tx: Tx,
  changeId: number,
): Promise<{ clusters: number[]; people: number[] }> {
  const [row] = await tx.execute<{ clusters: string[]; people: string[] }>(sql`
    with mine as (
      select table_name, before, after from changed_rows where change_id = ${changeId}
    ), moved as (
      select before, after from mine where table_name = 'faces'
    )
    select array_remove(array(
      select (before ->> 'cluster_id')::bigint from moved
        where before -> 'cluster_id' is distinct from after -> 'cluster_id'
      union select (after ->> 'cluster_id')::bigint from moved
        where before -> 'cluster_id' is distinct from after -> 'cluster_id'
      union select (coalesce(before, after) ->> 'id')::bigint from mine
        where table_name = 'clusters'), null) as clusters,
    array_remove(array(
      select (before ->> 'person_id')::bigint from moved ${OF_OTHERS}
      union select (after ->> 'person_id')::bigint from moved ${OF_OTHERS}
      union select (coalesce(before, after) ->> 'person_id')::bigint from mine
        where table_name = 'rejections'
      union select (coalesce(before, after) ->> 'id')::bigint from mine
        where table_name = 'people' and (before is null or after is null)), null) as people`);
  return { clusters: row.clusters.map(Number), people: row.people.map(Number) };
}

const OF_OTHERS = sql`where before -> 'person_id' is distinct from after -> 'person_id'
  or before -> 'confirmed' is distinct from after -> 'confirmed'`;

/** Who has neither a name nor a face is nobody. */
export async function dropEmptyPeople(tx: Tx, ids: number[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.execute(sql`
    delete from people p where p.id = any(${sql.param(ids)}::bigint[]) and p.name is null
      and not exists (select from faces f where f.person_id = p.id)`);
}

/** Those of the people that there are. */
export async function existing(tx: Tx, ids: number[]): Promise<number[]> {
  if (ids.length === 0) return [];
  const rows = await tx.execute<{ id: string }>(sql`
    select id from people where id = any(${sql.param(ids)}::bigint[]) order by id`);
  return rows.map((row) => Number(row.id));
}
