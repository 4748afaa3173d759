import { count, desc, eq, getTableColumns, inArray, sql } from "drizzle-orm";
import type { Db } from "./client.ts";
import { clusters, faces, photos } from "./schema.ts";
import { SHOWN_FACES } from "./serving_queries.ts";

export interface ClusterRow {
  id: number;
  size: number;
  model: string;
  /** Best faces first, at most as many as were asked for. */
  faces: { id: number; photoId: number }[];
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
  const members = await bestFaces(db, rows.map((row) => row.id), facesEach);
  return {
    clusters: rows.map(({ id, size, model }) => ({
      id,
      size,
      model,
      faces: members.filter((face) => face.clusterId === id),
    })),
    total,
  };
}

/** One cluster with up to `facesEach` faces, or null. */
export async function findCluster(
  db: Db,
  id: number,
  facesEach: number,
): Promise<ClusterRow | null> {
  const [row] = await db.select().from(clusters).where(eq(clusters.id, id));
  if (!row) return null;
  return { ...row, faces: await bestFaces(db, [id], facesEach) };
}

function bestFaces(
  db: Db,
  clusterIds: number[],
  each: number,
): Promise<{ id: number; photoId: number; clusterId: number | null }[]> {
  if (clusterIds.length === 0) return Promise.resolve([]);
  const ranked = db.select({
    id: faces.id,
    photoId: faces.photoId,
    clusterId: faces.clusterId,
    place: sql<number>`row_number() over (
      partition by ${faces.clusterId} order by ${faces.quality} desc, ${faces.id})`.as("place"),
  }).from(faces).where(inArray(faces.clusterId, clusterIds)).as("ranked");
  return db.select({ id: ranked.id, photoId: ranked.photoId, clusterId: ranked.clusterId })
    .from(ranked).where(sql`${ranked.place} <= ${each}`).orderBy(ranked.place);
}

/** What cutting a face out of its photo's preview needs, or null. */
export async function findFace(
  db: Db,
  id: number,
): Promise<{ sha256: string; box: number[] } | null> {
  const [row] = await db.select({ sha256: photos.sha256, box: faces.box }).from(faces)
    .innerJoin(photos, eq(photos.id, faces.photoId)).where(eq(faces.id, id));
  return row ?? null;
}
