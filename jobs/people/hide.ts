import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import { DRAWN } from "../../db/shown_faces.ts";
import { type Change, type Deed, makeChange } from "./change.ts";
import { fatesOf, findClusters, holdClusters } from "./clusters.ts";
import { giveFaces, theseFor } from "./give.ts";
import { distinct, holdFaces, refuseNotAFace } from "./held.ts";
import { lastChangeOf } from "./last_change.ts";
import { giveClusters } from "./name_cluster.ts";
import { facesOf } from "./names.ts";
import { makePerson } from "./targets.ts";

/** Why faces are not to be seen: whose they are does not matter, or they are none. */
export type HiddenAs = "stranger" | "not_a_face";

const hiddenMessage = (faces: number, as: HiddenAs) =>
  as === "stranger"
    ? `Hid ${facesOf(faces)} as a stranger's`
    : `Marked ${facesOf(faces)} as not a face`;

/**
 * Hides all faces of a cluster; it goes. A stranger's become a hidden person, so that later finds
 * of theirs are hidden too. Throws PeopleFault (missing) for a cluster that is not there.
 */
export function hideCluster(
  db: Db,
  { clusterId, as }: { clusterId: number; as: HiddenAs },
  by: string,
): Promise<Change> {
  return makeChange(db, { by, kind: "hidden" }, async (tx) => {
    const [cluster] = await findClusters(tx, [clusterId]);
    if (!cluster) return await hiddenBefore(tx, clusterId, as);
    if (as === "stranger") {
      const { id } = await makePerson(tx, { name: null, hidden: true });
      const faces = await giveClusters(tx, [clusterId], id);
      return { faces, personId: id, message: hiddenMessage(faces, as) };
    }
    const faces = await dropFaces(
      tx,
      sql`select id from faces where cluster_id = ${clusterId}`,
    );
    return { faces, message: hiddenMessage(faces, as) };
  });
}

// The second click, or the same in another tab.
async function hiddenBefore(tx: Tx, clusterId: number, as: HiddenAs): Promise<Deed> {
  const fates = await fatesOf(tx, [clusterId]);
  const same = fates.length > 0 &&
    fates.every(({ person, notAFace }) => as === "stranger" ? person?.hidden : notAFace);
  if (!same) await holdClusters(tx, [clusterId]);
  return { faces: 0, personId: fates[0]?.person?.id ?? null };
}

/**
 * Hides faces: a stranger's leave whoever they were and become a hidden person; what is not a face
 * belongs to nobody. A drawn one of those goes. Throws PeopleFault: missing for a face that is not
 * there, conflict for one marked as none that is to be a stranger's.
 */
export function hideFaces(
  db: Db,
  { faceIds, as }: { faceIds: number[]; as: HiddenAs },
  by: string,
): Promise<Change> {
  return makeChange(db, { by, kind: "hidden" }, async (tx) => {
    const faces = await holdFaces(tx, faceIds);
    const ids = faces.map(({ id }) => id);
    if (as === "not_a_face") {
      const count = await dropFaces(tx, sql`select unnest(${sql.param(ids)}::bigint[]) as id`);
      return { faces: count, message: hiddenMessage(count, as) };
    }
    await refuseNotAFace(tx, faces);
    const [{ so }] = await tx.execute<{ so: boolean }>(sql`
      select not exists (select from faces f left join people p on p.id = f.person_id
        where f.id = any(${sql.param(ids)}::bigint[])
          and not (f.confirmed and coalesce(p.hidden, false))) as so`);
    if (so) return { faces: ids.length, personId: faces[0].personId };
    const { id } = await makePerson(tx, { name: null, hidden: true });
    await giveFaces(tx, theseFor(ids, id));
    return { faces: ids.length, personId: id, message: hiddenMessage(ids.length, as) };
  });
}

/** Says of one face that it is none, as hideFaces does. */
export function removeFace(
  db: Db,
  { faceId }: { faceId: number },
  by: string,
): Promise<Change> {
  return makeChange(db, { by, kind: "removed" }, async (tx) => {
    distinct([faceId]);
    // A drawn one that somebody has removed is not there any more.
    const gone = await lastChangeOf(tx, "faces", String(faceId), { gone: true });
    if (gone !== null) return { faces: 0 };
    await holdFaces(tx, [faceId]);
    const faces = await dropFaces(tx, sql`select ${faceId}::bigint as id`);
    return { faces, message: hiddenMessage(faces, "not_a_face") };
  });
}

/** Marks the faces of a select of ids as none, or deletes those that were drawn. */
async function dropFaces(tx: Tx, ids: ReturnType<typeof sql>): Promise<number> {
  const [{ count }] = await tx.execute<{ count: number }>(sql`
    with wanted as (${ids}), marked as (
      update faces f set not_a_face = true, person_id = null, cluster_id = null,
        confirmed = false, similarity = null
      from wanted w where f.id = w.id and not f.not_a_face and f.model <> ${DRAWN}
      returning f.id
    ), erased as (
      delete from faces f using wanted w where f.id = w.id and f.model = ${DRAWN} returning f.id
    ), answered as (
      delete from suggestions s using marked m where s.face_id = m.id
    )
    select (select count(*) from marked)::int + (select count(*) from erased)::int as count`);
  return count;
}
