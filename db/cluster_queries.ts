import { and, count, desc, eq, getTableColumns, not, sql } from "drizzle-orm";
import type { Db } from "./client.ts";
import { type Likely, proposalsByCluster, suggestionsByCluster } from "./proposal_queries.ts";
import { clusters, faces } from "./schema.ts";
import { SHOWN_FACES } from "./serving_queries.ts";

export interface ClusterRow {
  id: number;
  size: number;
  model: string;
  /** The one that somebody chose, then the best first; at most as many as were asked for. */
  faces: { id: number; photoId: number }[];
  /** Whose they likely are, by a proposal, otherwise by suggestions; null: nobody's who is known. */
  likely: Likely | null;
}

/**
 * One page of clusters of the face model that is shown, the largest first, each with its best faces.
 * Those of other models, former ones and ones that are not complete yet, stay out.
 */
export async function listClusters(
  db: Db,
  { limit, offset, facesEach }: { limit: number; offset: number; facesEach: number },
): Promise<{ clusters: ClusterRow[]; total: number }> {
  const [rows, [{ total }]] = await Promise.all([
    db.select(getTableColumns(clusters)).from(clusters).where(eq(clusters.model, SHOWN_FACES))
      .orderBy(desc(clusters.size), clusters.id).limit(limit).offset(offset),
    db.select({ total: count() }).from(clusters).where(eq(clusters.model, SHOWN_FACES)),
  ]);
  return { clusters: await complete(db, rows, facesEach), total };
}

/** One cluster with up to `facesEach` faces, or null. */
export async function findCluster(
  db: Db,
  id: number,
  facesEach: number,
): Promise<ClusterRow | null> {
  const rows = await db.select(getTableColumns(clusters)).from(clusters)
    .where(eq(clusters.id, id));
  return (await complete(db, rows, facesEach))[0] ?? null;
}

/** Rows with what hangs on them, in three statements. */
async function complete(
  db: Db,
  rows: (typeof clusters.$inferSelect)[],
  facesEach: number,
): Promise<ClusterRow[]> {
  const ids = rows.map((row) => row.id);
  const [members, proposed, suggested] = await Promise.all([
    bestFaces(db, ids, facesEach),
    proposalsByCluster(db, ids),
    suggestionsByCluster(db, ids),
  ]);
  return rows.map(({ id, size, model }) => ({
    id,
    size,
    model,
    faces: members.get(id) ?? [],
    likely: proposed.get(id) ?? suggested.get(id) ?? null,
  }));
}

/** The faces of a cluster, the one that somebody chose and then the best first. */
export async function clusterFaces(
  db: Db,
  id: number,
  { limit, offset }: { limit: number; offset: number },
): Promise<ClusterRow["faces"]> {
  const { quality, clusterId, notAFace, photoId } = faces;
  return await db.select({ id: faces.id, photoId }).from(faces)
    .innerJoin(clusters, eq(clusters.id, clusterId))
    .where(and(eq(clusterId, id), not(notAFace)))
    .orderBy(
      sql`${faces.id} is not distinct from ${clusters.chosenFaceId} desc`,
      desc(quality),
      faces.id,
    ).limit(limit).offset(offset);
}

async function bestFaces(
  db: Db,
  clusterIds: number[],
  each: number,
): Promise<Map<number, ClusterRow["faces"]>> {
  if (clusterIds.length === 0) return new Map();
  const rows = await db.execute(sql`
    select wanted.id as cluster, best.id, best.photo_id
    from unnest(${sql.param(clusterIds)}::bigint[]) as wanted (id)
    cross join lateral (
      select f.id, f.photo_id, f.quality, f.id is not distinct from c.chosen_face_id as chosen
      from faces f join clusters c on c.id = f.cluster_id
      where f.cluster_id = wanted.id and not f.not_a_face
      order by chosen desc, f.quality desc, f.id limit ${each}) best
    order by wanted.id, best.chosen desc, best.quality desc, best.id`);
  const toFace = (row: Record<string, unknown>) => ({
    id: Number(row.id),
    photoId: Number(row.photo_id),
  });
  const groups = Map.groupBy(rows, (row) => Number(row.cluster));
  return new Map([...groups].map(([id, group]) => [id, group.map(toFace)]));
}
