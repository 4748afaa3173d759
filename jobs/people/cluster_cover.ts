import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import { type Change, makeChange } from "./change.ts";
import { holdClusters } from "./clusters.ts";
import { PeopleFault } from "./fault.ts";
import { holdFaces } from "./held.ts";

/**
 * Chooses the face that stands for a cluster: it is shown first, and is the cover of whom the cluster
 * becomes. Throws PeopleFault: missing for a cluster or face that is not there, conflict for a face
 * that is not in it.
 */
export function setClusterCover(
  db: Db,
  { clusterId, faceId }: { clusterId: number; faceId: number },
  by: string,
): Promise<Change> {
  return makeChange(db, { by, kind: "cover" }, async (tx) => {
    const [{ id }] = await holdClusters(tx, [clusterId]);
    const [face] = await holdFaces(tx, [faceId]);
    if (face.clusterId !== id) {
      throw new PeopleFault(
        "conflict",
        "not_in_group",
        `Face ${faceId} is not in group ${id} any more; reload the page and choose one that is`,
      );
    }
    await tx.execute(sql`update clusters set chosen_face_id = ${faceId} where id = ${id}`);
    return { faces: 1, clusterId: id, message: `Chose another cover for group ${id}` };
  });
}

/** Makes a face the cover of the person whose it is, unless they have one already. */
export async function takeCover(tx: Tx, faceId: number, personId: number): Promise<void> {
  await tx.execute(sql`
    update people p set cover_face_id = f.id from faces f
    where p.id = ${personId} and f.id = ${faceId} and f.person_id = p.id and not exists (
      select from faces c where c.id = p.cover_face_id and c.person_id = p.id)`);
}
