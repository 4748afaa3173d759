import { sql } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import { createComparison, type Difference } from "./clustering/difference.ts";
import { createReconciler } from "./clustering/reconcile.ts";

/** Groups of faces without a person, to be stored as the clusters of a model. */
export interface Groups {
  model: string;
  /** Faces that were grouped and are still there, in rising order. */
  ids: number[];
  /** Per face: 0, 1, … or −1 for none. */
  labels: Int32Array;
  /** Per label: the most central of its faces, by id. */
  covers: number[];
  /** Per face: the cluster it is in at present, by id; 0: none. */
  former: Float64Array;
  /** Faces of the model that are in a cluster and were left out of the grouping. */
  outside: { id: number; cluster: number }[];
}

export interface StoredClusters {
  clusters: number;
  difference: Difference;
}

const CLUSTERS_LOCK = 0x5afe0002;

/**
 * Whoever changes clusters, gives faces to people, or deletes faces that are in clusters, does it
 * one after the other. To be taken before any row of these is locked.
 */
export const lockClusters = (tx: Tx) =>
  tx.execute(sql`select pg_advisory_xact_lock(${CLUSTERS_LOCK})`);

/** Faces that one statement puts into clusters: 2 ms of this thread to write it. */
const AT_ONCE = 2000;
/** Faces gone over between two looks at how long the thread has been held. */
const STRIDE = 2048;

/**
 * Replaces the clusters of a model by new groups. Clusters that are mostly the same keep their id,
 * so that what hangs on it stays. Writes only rows that change: an import of a thousand faces into
 * a hundred thousand touches about a thousand. To be called behind lockClusters.
 */
export async function storeClusters(
  tx: Tx,
  groups: Groups,
  pause: () => Promise<void>,
): Promise<StoredClusters> {
  const { model, ids, labels, former, outside } = groups;
  const reconciler = createReconciler<number>();
  for (let at = 0; at < ids.length; at++) {
    if (at % STRIDE === 0) await pause();
    reconciler.add(former[at] || undefined, labels[at]);
  }
  const clusterOf = await writeClusters(tx, groups, reconciler.identities());
  const comparison = createComparison();
  let moved: Move[] = [];
  for (let at = 0; at < ids.length; at++) {
    if (at % STRIDE === 0) await pause();
    const to = clusterOf.get(labels[at]) ?? 0;
    comparison.add(former[at], to);
    if (to === former[at]) continue;
    if (moved.push({ id: ids[at], to }) < AT_ONCE) continue;
    await moveFaces(tx, moved);
    moved = [];
  }
  await moveFaces(tx, moved);
  // A run with a higher bar for quality leaves out faces that an earlier one had put somewhere.
  for (let start = 0; start < outside.length; start += AT_ONCE) {
    await moveFaces(
      tx,
      outside.slice(start, start + AT_ONCE).map(({ id }) => ({ id, to: 0 })),
    );
  }
  await tx.execute(sql`
    delete from clusters c where model = ${model} and not exists (
      select from unnest(${sql.param([...clusterOf.values()])}::bigint[]) as n (id)
      where n.id = c.id)`);
  return { clusters: clusterOf.size, difference: comparison.difference() };
}

interface Move {
  id: number;
  /** Cluster, by id; 0: none. */
  to: number;
}

async function moveFaces(tx: Tx, moved: Move[]): Promise<void> {
  if (moved.length === 0) return;
  await tx.execute(sql`
    update faces set cluster_id = nullif(n.cluster, 0)
    from unnest(${sql.param(moved.map(({ id }) => id))}::bigint[],
      ${sql.param(moved.map(({ to }) => to))}::bigint[]) as n (id, cluster)
    where faces.id = n.id and faces.person_id is null`);
}

/** Updates the clusters that stay and makes the others, in two statements; returns ids by label. */
async function writeClusters(
  tx: Tx,
  { model, labels, covers }: Groups,
  identities: Map<number, number | null>,
): Promise<Map<number, number>> {
  const sizes = new Array<number>(covers.length).fill(0);
  for (const label of labels) if (label >= 0) sizes[label]++;
  const kept = [...identities].filter((pair): pair is [number, number] => pair[1] !== null);
  const clusterOf = new Map(kept);
  await tx.execute(sql`
    update clusters set size = n.size, cover_face_id = n.cover
    from unnest(${sql.param(kept.map(([, id]) => id))}::bigint[],
      ${sql.param(kept.map(([label]) => sizes[label]))}::int[],
      ${sql.param(kept.map(([label]) => covers[label]))}::bigint[]) as n (id, size, cover)
    where clusters.id = n.id
      and (clusters.size, clusters.cover_face_id) is distinct from (n.size, n.cover)`);
  const fresh = sizes.map((_, label) => label).filter((label) => !clusterOf.has(label));
  // Covers are distinct, so they tell which new id is whose.
  const made = await tx.execute<{ id: string; cover: string }>(sql`
    insert into clusters (model, size, cover_face_id)
    select ${model}, n.size, n.cover
    from unnest(${sql.param(fresh.map((label) => sizes[label]))}::int[],
      ${sql.param(fresh.map((label) => covers[label]))}::bigint[]) as n (size, cover)
    order by n.cover
    returning id, cover_face_id as cover`);
  const labelOf = new Map(fresh.map((label) => [covers[label], label]));
  for (const { id, cover } of made) clusterOf.set(labelOf.get(Number(cover))!, Number(id));
  return clusterOf;
}

/**
 * Makes size and cover of clusters true again after faces were deleted or left; those that have none
 * left go. To be called behind lockClusters. Returns how many went.
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
