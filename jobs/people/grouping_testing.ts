import { sql } from "drizzle-orm";
import type { Db } from "../../db/client.ts";
import { clusterings } from "../../db/schema.ts";
import { MODEL } from "../../db/people_testing.ts";
import { transact } from "../../db/transact.ts";
import { loadFaces } from "./load_faces.ts";
import { forgetFormerGroupings, type StoredGrouping, storeGrouping } from "./store_grouping.ts";

/** Cosines of the model of people_testing.ts. */
export const THRESHOLDS = { certain: 0.6, likely: 0.4 };

/** The faces of MODEL as a grouping reads them. */
export function load(db: Db, { minQuality = 0.3 } = {}) {
  return loadFaces(db, {
    model: MODEL,
    dimension: 16,
    minQuality,
    signal: new AbortController().signal,
    moved: () => {},
  });
}

/**
 * Stores a grouping as if the clustering had come to these groups of face ids; `between` happens
 * after the faces were read. The first face of a group is its most central one.
 */
export async function groupAs(
  db: Db,
  groups: number[][],
  { minQuality, between }: { minQuality?: number; between?: () => Promise<unknown> } = {},
): Promise<StoredGrouping> {
  const faces = await load(db, { minQuality });
  await between?.();
  const labels = new Int32Array(faces.ids.length).fill(-1);
  const medoids = groups.map((group, label) => {
    for (const id of group) {
      const at = faces.ids.indexOf(id);
      if (at >= 0) labels[at] = label;
    }
    return Math.max(0, faces.ids.indexOf(group[0]));
  });
  const stored = await transact(db, async (tx) => {
    const stored = await storeGrouping(tx, {
      ...faces,
      model: MODEL,
      dimension: 16,
      labels,
      medoids,
      thresholds: THRESHOLDS,
    });
    await tx.insert(clusterings).overridingSystemValue().values({
      id: faces.turn,
      model: MODEL,
      faces: faces.seen,
      clusters: stored.clusters,
      noise: 0,
      difference: stored.difference,
      loadedAt: new Date(),
    });
    return stored;
  });
  await forgetFormerGroupings(db, MODEL);
  return stored;
}

/** Every cluster's size, cover and faces, by id. */
export async function clustersOf(db: Db) {
  const rows = await db.execute<{ id: string; size: number; cover: string; faces: string[] }>(sql`
    select c.id, c.size, c.cover_face_id as cover,
      array(select f.id from faces f where f.cluster_id = c.id order by f.id) as faces
    from clusters c where c.model = ${MODEL} order by c.id`);
  return rows.map(({ id, size, cover, faces }) => ({
    id: Number(id),
    size,
    cover: Number(cover),
    faces: faces.map(Number),
  }));
}

/** Whatever a grouping may touch, by row, without what a clock or a sequence says. */
export async function everything(db: Db): Promise<string> {
  const [{ all }] = await db.execute<{ all: string }>(sql`
    select concat(
      (select string_agg(concat_ws(' ', id, cluster_id, person_id, confirmed, similarity, not_a_face),
        '|' order by id) from faces),
      (select string_agg(c::text, '|' order by id) from clusters c),
      (select string_agg(concat_ws(' ', id, name, hidden, cover_face_id), '|' order by id) from people),
      (select string_agg(p::text, '|' order by id) from proposals p),
      (select string_agg(s::text, '|' order by face_id) from suggestions s),
      (select string_agg(r::text, '|' order by face_id, person_id) from rejections r)) as all`);
  return all;
}
