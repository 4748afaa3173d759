import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import { type Change, type Deed, makeChange } from "./change.ts";
import { PeopleFault } from "./fault.ts";
import { giveFaces, theseFor } from "./give.ts";
import { type HeldFace, holdFaces, quoted, refuseNotAFace } from "./held.ts";
import { lastChangeOf } from "./last_change.ts";
import { facesOf, titleOf } from "./names.ts";
import { holdClusters } from "./clusters.ts";
import { checkTarget, madeAlready, openTarget, type Target } from "./targets.ts";

/**
 * Says whose these faces are: they are confirmed, leave their cluster or former person, and a no
 * about that person is forgotten. `owner` is whose they were on the page (null: nobody's), which may
 * have been open for a while. Throws PeopleFault: missing for a face or person that is not there,
 * conflict for a face marked as none, or confirmed as another than owner and target by now, invalid
 * for a name that cannot be.
 */
export function assignFaces(
  db: Db,
  { faceIds, to, owner }: { faceIds: number[]; to: Target; owner?: number | null },
  by: string,
): Promise<Change> {
  return makeChange(db, { by, kind: "assigned" }, async (tx) => {
    const target = checkTarget(to);
    const faces = await holdFaces(tx, faceIds);
    const { count, name, ...deed } = await give(tx, faces, { to: target, owner });
    const message = name === null
      ? `Put ${facesOf(count)} together without a name`
      : `Named ${facesOf(count)} ${titleOf(name)}`;
    return { ...deed, message };
  });
}

/**
 * Moves faces to somebody, as assignFaces does, or to a cluster, which becomes an unnamed person
 * with them: clusters are the program's, and what somebody has put together must outlast the next
 * grouping.
 */
export function moveFaces(
  db: Db,
  { faceIds, to }: { faceIds: number[]; to: Target | { clusterId: number } },
  by: string,
): Promise<Change> {
  return makeChange(db, { by, kind: "moved" }, async (tx) => {
    if ("clusterId" in to) return await joinCluster(tx, faceIds, to.clusterId);
    const target = checkTarget(to);
    const faces = await holdFaces(tx, faceIds);
    const from = fromWhom(await ownersOf(tx, faces));
    const { count, name, ...deed } = await give(tx, faces, { to: target });
    return { ...deed, message: `Moved ${facesOf(count)}${from} to ${titleOf(name)}` };
  });
}

async function give(
  tx: Tx,
  faces: HeldFace[],
  { to, owner }: { to: Target; owner?: number | null },
): Promise<Deed & { count: number; name: string | null }> {
  await refuseNotAFace(tx, faces);
  const made = await madeAlready(tx, faces, to);
  if (made !== null) return { count: 0, name: null, faces: faces.length, personId: made };
  const { id, name } = await openTarget(tx, to);
  if (owner !== undefined) await refuseAnothers(tx, faces, [owner, id]);
  const count = await giveFaces(tx, theseFor(faces.map((face) => face.id), id));
  return { count, name, faces: faces.length, personId: id };
}

async function joinCluster(tx: Tx, faceIds: number[], clusterId: number): Promise<Deed> {
  const [cluster] = await holdClusters(tx, [clusterId]);
  const faces = await holdFaces(tx, faceIds);
  await refuseNotAFace(tx, faces);
  const coming = faces.filter((face) => face.clusterId !== clusterId);
  if (coming.length === 0) return { faces: faces.length, clusterId };
  const other = coming.find(({ model }) => model !== cluster.model);
  if (other) {
    throw new PeopleFault(
      "conflict",
      "other_model",
      `Face ${other.id} was found by another model (${other.model}) than group ${clusterId} ` +
        `(${cluster.model}); give the group a name and move the face to that person`,
    );
  }
  const from = fromWhom(await ownersOf(tx, coming));
  const { id } = await openTarget(tx, { unnamed: true });
  await giveFaces(
    tx,
    sql`select id, ${id}::bigint as person_id from faces
      where cluster_id = ${clusterId} or id = any(${
      sql.param(coming.map((face) => face.id))
    }::bigint[])`,
  );
  return {
    faces: coming.length,
    personId: id,
    message: `Moved ${facesOf(coming.length)}${from} to a group of ${cluster.size}`,
  };
}

/** Throws PeopleFault (conflict) if somebody said that a face is another than these people. */
export async function refuseAnothers(
  tx: Tx,
  faces: HeldFace[],
  allowed: (number | null)[],
): Promise<void> {
  const one = faces.find(({ confirmed, personId }) => confirmed && !allowed.includes(personId));
  if (!one) return;
  const change = await lastChangeOf(tx, "faces", String(one.id));
  throw new PeopleFault(
    "conflict",
    "not_theirs",
    `Face ${one.id} is ${await ownersOf(tx, [one])} by now` +
      `${change === null ? "" : `, since ${quoted(change)}`}; reload the page to see whose it is`,
  );
}

/** How messages call those whose faces are: `"Anna"`, `3 people`; null if they are nobody's. */
export async function ownersOf(tx: Tx, faces: HeldFace[]): Promise<string | null> {
  const ids = [...new Set(faces.flatMap(({ personId }) => personId === null ? [] : [personId]))];
  if (ids.length !== 1) return ids.length === 0 ? null : `${ids.length} people`;
  const [{ name }] = await tx.execute<{ name: string | null }>(sql`
    select name from people where id = ${ids[0]}`);
  return titleOf(name);
}

export const fromWhom = (owners: string | null): string => owners === null ? "" : ` from ${owners}`;
