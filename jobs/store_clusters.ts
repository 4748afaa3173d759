import { sql } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import { reconcile } from "./clustering/reconcile.ts";

/** A clustering to be stored: `labels[i]` is the label of face `ids[i]`, −1 for none. */
export interface Grouping {
  model: string;
  /** Drawn when the faces were read: the greater, the later. No clock, which may be set back. */
  turn: number;
  ids: number[];
  labels: Int32Array;
  /** Index of the most central face of each label. */
  medoids: ArrayLike<number>;
}

const CLUSTERS_LOCK = 0x5afe0002;

/** Whoever changes clusters, or deletes faces that are in some, does it one after the other. */
export const lockClusters = (tx: Tx) =>
  tx.execute(sql`select pg_advisory_xact_lock(${CLUSTERS_LOCK})`);

/**
 * Replaces the clusters of a model by a new clustering. Clusters that are mostly the same keep
 * their id, so that what hangs on it stays. Does nothing if a clustering of faces read later is
 * stored already. Returns the number of clusters there are now.
 */
export async function storeClusters(tx: Tx, grouping: Grouping): Promise<number> {
  const { model, ids, labels } = grouping;
  await lockClusters(tx);
  const [{ newer, count }] = await tx.execute<{ newer: boolean; count: number }>(sql`
    select exists (select from clusterings where model = ${model}
        and id > ${grouping.turn}) as newer,
      (select count(*)::int from clusters where model = ${model}) as count`);
  if (newer) return count;
  const old = await tx.execute<{ id: string; cluster: string }>(sql`
    select id, cluster_id as cluster from faces
    where model = ${model} and cluster_id is not null`);
  const labelOf = new Map(ids.map((id, index) => [id, labels[index]]));
  const kept = reconcile(
    new Map(old.map((row) => [Number(row.id), Number(row.cluster)])),
    labelOf,
  );
  const clusterOf = await writeClusters(tx, grouping, kept);
  await tx.execute(sql`
    update faces set cluster_id = n.cluster
    from unnest(${sql.param(ids)}::bigint[],
      ${sql.param(ids.map((_, index) => clusterOf.get(labels[index]) ?? null))}::bigint[])
      as n (id, cluster)
    where faces.id = n.id and faces.cluster_id is distinct from n.cluster`);
  // A run with a higher bar for quality leaves out faces that an earlier one had put somewhere.
  await tx.execute(sql`
    update faces set cluster_id = null where model = ${model} and cluster_id is not null
      and not exists (select from unnest(${sql.param(ids)}::bigint[]) as n (id)
        where n.id = faces.id)`);
  await tx.execute(sql`
    delete from clusters where model = ${model}
      and not (id = any(${sql.param([...clusterOf.values()])}::bigint[]))`);
  const gone = await tx.execute<{ id: string }>(sql`
    select n.id from unnest(${sql.param(ids)}::bigint[]) as n (id)
    where not exists (select from faces where faces.id = n.id)`);
  const without = gone.map((row) => clusterOf.get(labelOf.get(Number(row.id))!));
  return clusterOf.size - await mendClusters(tx, without.filter((id) => id !== undefined));
}

/** Updates the clusters that stay and makes the others, in two statements; returns ids by label. */
async function writeClusters(
  tx: Tx,
  { model, ids, labels, medoids }: Grouping,
  identities: Map<number, number | null>,
): Promise<Map<number, number>> {
  const sizes = new Array<number>(medoids.length).fill(0);
  for (const label of labels) if (label >= 0) sizes[label]++;
  const kept = [...identities].filter((pair): pair is [number, number] => pair[1] !== null);
  const clusterOf = new Map(kept);
  const row = (label: number) => ({ size: sizes[label], cover: ids[medoids[label]] });
  await tx.execute(sql`
    update clusters set size = n.size, cover_face_id = n.cover
    from unnest(${sql.param(kept.map(([, id]) => id))}::bigint[],
      ${sql.param(kept.map(([label]) => row(label).size))}::int[],
      ${sql.param(kept.map(([label]) => row(label).cover))}::bigint[]) as n (id, size, cover)
    where clusters.id = n.id`);
  const fresh = sizes.map((_, label) => label).filter((label) => !clusterOf.has(label));
  // Covers are distinct, so they tell which new id is whose.
  const made = await tx.execute<{ id: string; cover: string }>(sql`
    insert into clusters (model, size, cover_face_id)
    select ${model}, n.size, n.cover
    from unnest(${sql.param(fresh.map((label) => row(label).size))}::int[],
      ${sql.param(fresh.map((label) => row(label).cover))}::bigint[]) as n (size, cover)
    order by n.cover
    returning id, cover_face_id as cover`);
  const labelOf = new Map(fresh.map((label) => [row(label).cover, label]));
  for (const { id, cover } of made) clusterOf.set(labelOf.get(Number(cover))!, Number(id));
  return clusterOf;
}

/**
 * Makes size and cover of clusters true again after faces were deleted; those that have none left
 * go. To be called behind lockClusters. Returns how many went.
 */
export async function mendClusters(tx: Tx, ids: number[]): Promise<number> {
  if (ids.length === 0) return 0;
  const these = sql`${sql.param([...new Set(ids)])}::bigint[]`;
  await tx.execute(sql`
    update clusters c set
      size = (select count(*) from faces f where f.cluster_id = c.id),
      cover_face_id = case
        when exists (select from faces f where f.id = c.cover_face_id and f.cluster_id = c.id)
        then c.cover_face_id
        else (select f.id from faces f where f.cluster_id = c.id
          order by f.quality desc, f.id limit 1) end
    where c.id = any(${these})`);
  const empty = await tx.execute(sql`
    delete from clusters where id = any(${these}) and size = 0 returning id`);
  return empty.length;
}
