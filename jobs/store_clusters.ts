import { sql } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import { clusters } from "../db/schema.ts";
import { reconcile } from "./clustering/reconcile.ts";

/** A clustering to be stored: `labels[i]` is the label of face `ids[i]`, −1 for none. */
export interface Grouping {
  model: string;
  /** Database time at which the faces were read. */
  loadedAt: string;
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
  const { model, ids, labels, medoids } = grouping;
  await lockClusters(tx);
  const [{ newer, count }] = await tx.execute<{ newer: boolean; count: number }>(sql`
    select exists (select from clusterings where model = ${model}
        and loaded_at > ${grouping.loadedAt}::timestamptz) as newer,
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
  const clusterOf = new Map<number, number>();
  for (let label = 0; label < medoids.length; label++) {
    const values = {
      model,
      size: labels.reduce((size, other) => size + (other === label ? 1 : 0), 0),
      coverFaceId: ids[medoids[label]],
    };
    const keptId = kept.get(label);
    if (keptId) {
      await tx.update(clusters).set(values).where(sql`id = ${keptId}`);
      clusterOf.set(label, keptId);
    } else {
      const [{ id }] = await tx.insert(clusters).values(values).returning({ id: clusters.id });
      clusterOf.set(label, id);
    }
  }
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
