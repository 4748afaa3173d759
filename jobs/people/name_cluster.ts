import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import { type Change, type Deed, makeChange } from "./change.ts";
import { takeCover } from "./cluster_cover.ts";
import { fatesOf, findClusters, type HeldCluster, holdClusters } from "./clusters.ts";
import { PeopleFault } from "./fault.ts";
import { giveFaces, theseFor } from "./give.ts";
import { distinct } from "./held.ts";
import { facesOf, titleOf } from "./names.ts";
import { permitted } from "./store_proposals.ts";
import { checkTarget, type Chosen, makePerson, means, openTarget, type Target } from "./targets.ts";

/**
 * Says whose all the faces of a cluster are; the cluster goes. Where the program `asked` whether it
 * is somebody, faces stay in it that were said not to be that person, or that are on a photo with
 * another face of theirs. Throws PeopleFault: missing for a cluster or person that is not there,
 * invalid for a name that cannot be, conflict if all faces would stay.
 */
export function nameCluster(
  db: Db,
  { clusterId, to, asked = false }: { clusterId: number; to: Target; asked?: boolean },
  by: string,
): Promise<Change> {
  return makeChange(db, { by, kind: "named" }, async (tx) => {
    const target = checkTarget(to);
    const [cluster] = await findClusters(tx, [clusterId]);
    if (!cluster) return await namedBefore(tx, clusterId, target);
    const { id, name } = await openTarget(tx, target);
    if (asked) return await giveRest(tx, cluster, { id, name });
    const faces = await giveClusters(tx, [clusterId], id);
    const message = name === null
      ? `Put ${facesOf(faces)} together without a name`
      : `Named ${facesOf(faces)} ${titleOf(name)}`;
    return { faces, personId: id, message };
  });
}

async function giveRest(tx: Tx, cluster: HeldCluster, { id, name }: Chosen): Promise<Deed> {
  const rows = await tx.execute<{ id: string }>(sql`
    select id from faces where cluster_id = ${cluster.id} order by id`);
  const pairs = rows.map((row) => ({ faceId: Number(row.id), personId: id }));
  const free = (await permitted(tx, pairs)).map(({ faceId }) => faceId);
  if (free.length === 0) {
    throw new PeopleFault(
      "conflict",
      "not_theirs",
      `No face of group ${cluster.id} can be one of ${
        titleOf(name)
      }: each was said not to be, or ` +
        "is on a photo with another of theirs; answer no, or name them",
    );
  }
  const faces = await giveFaces(tx, theseFor(free, id));
  const left = pairs.length - free.length;
  const rest = left === 0
    ? ""
    : `; ${left} of the group cannot be, and ${left === 1 ? "stays" : "stay"}`;
  return { faces, personId: id, message: `Named ${facesOf(faces)} ${titleOf(name)}${rest}` };
}

// The second click, or the same in another tab.
async function namedBefore(tx: Tx, clusterId: number, to: Target): Promise<Deed> {
  const [fate, ...others] = await fatesOf(tx, [clusterId]);
  const same = others.length === 0 && fate?.person && fate.confirmed && means(to, fate.person);
  if (same) return { faces: 0, personId: fate.person!.id };
  await holdClusters(tx, [clusterId]);
  throw new Error(`cluster ${clusterId} came back while its lock was held`);
}

/**
 * Puts clusters together into somebody without a name: who is put together by hand stays together,
 * whatever the next grouping finds. Throws PeopleFault: invalid for fewer than two clusters, missing
 * for one that is not there.
 */
export function mergeClusters(
  db: Db,
  { clusterIds }: { clusterIds: number[] },
  by: string,
): Promise<Change> {
  return makeChange(db, { by, kind: "merged" }, async (tx) => {
    const ids = distinct(clusterIds, "group");
    if (ids.length < 2) {
      throw new PeopleFault(
        "invalid",
        "same_cluster",
        `Group ${ids[0]} cannot be merged with itself; choose at least two groups`,
      );
    }
    const found = await findClusters(tx, ids);
    if (found.length === 0) {
      const fates = await fatesOf(tx, ids);
      const together = new Set(fates.map(({ person }) => person?.id));
      const all = new Set(fates.map(({ clusterId }) => clusterId)).size === ids.length;
      const [personId] = together;
      if (all && together.size === 1 && personId) return { faces: 0, personId };
    }
    await holdClusters(tx, ids);
    const { id } = await makePerson(tx, { name: null });
    const faces = await giveClusters(tx, ids, id);
    return { faces, personId: id, message: `Merged ${ids.length} groups of ${facesOf(faces)}` };
  });
}

/** Confirms all faces of clusters as somebody's, who takes the face that was chosen for one. */
export async function giveClusters(
  tx: Tx,
  clusterIds: number[],
  personId: number,
): Promise<number> {
  const these = sql`${sql.param(clusterIds)}::bigint[]`;
  const [chosen] = await tx.execute<{ face: string }>(sql`
    select f.id as face from clusters c
      join faces f on f.id = c.chosen_face_id and f.cluster_id = c.id
    where c.id = any(${these}) order by c.size desc, c.id limit 1`);
  const count = await giveFaces(
    tx,
    sql`select id, ${personId}::bigint as person_id from faces where cluster_id = any(${these})`,
  );
  if (chosen) await takeCover(tx, Number(chosen.face), personId);
  return count;
}
