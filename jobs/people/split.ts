import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import { ownersOf } from "./assign.ts";
import { type Change, type Deed, makeChange } from "./change.ts";
import { PeopleFault } from "./fault.ts";
import { type HeldFace, holdFaces, holdPerson, MOST_FACES, refuseNotAFace } from "./held.ts";
import { facesOf, titleOf } from "./names.ts";
import { takeOff } from "./release.ts";

/**
 * Says that the picked faces are somebody else than the rest of their one cluster or person. Of a
 * cluster they become one of their own, and that the two sides differ is remembered; of a person
 * they are taken off, with a no for each. Throws PeopleFault: missing for a face that is not there,
 * conflict for faces that are not together, or not in `clusterId` or `personId`'s if that is given,
 * invalid for all the faces of a cluster.
 */
export function splitFaces(
  db: Db,
  { faceIds, clusterId, personId: expected }: {
    faceIds: number[];
    clusterId?: number;
    personId?: number;
  },
  by: string,
): Promise<Change> {
  return makeChange(db, { by, kind: "split" }, async (tx, change) => {
    const faces = await holdFaces(tx, faceIds);
    await refuseNotAFace(tx, faces);
    const [{ clusterId: from, personId }] = faces;
    if (await splitBefore(tx, faces)) return { faces: faces.length, clusterId: from };
    const gone = expected === undefined
      ? undefined
      : faces.find((face) => face.personId !== expected);
    if (gone && await toldOff(tx, faces, expected!)) return { faces: faces.length };
    if (gone) {
      throw new PeopleFault(
        "conflict",
        "not_theirs",
        `Face ${gone.id} is not ${titleOf((await holdPerson(tx, expected!)).name)} any more; ` +
          "reload the page",
      );
    }
    const together = faces.every((face) => face.clusterId === from && face.personId === personId);
    if (!together || (from === null && personId === null)) {
      throw new PeopleFault(
        "conflict",
        "not_together",
        "The chosen faces are not in one group, or of one person; reload the page, and split one at a time",
      );
    }
    if (clusterId !== undefined && from !== clusterId) {
      throw new PeopleFault(
        "conflict",
        "not_together",
        `Face ${faces[0].id} is not in group ${clusterId} any more; reload the page`,
      );
    }
    if (from !== null) return await splitCluster(tx, { faces, from, splitId: change.id });
    const owner = await ownersOf(tx, faces);
    await takeOff(tx, faces);
    return { faces: faces.length, message: `Split ${facesOf(faces.length)} off ${owner}` };
  });
}

// The second click finds these very faces as one side of a split, alone in a cluster.
async function splitBefore(tx: Tx, faces: HeldFace[]): Promise<boolean> {
  const ids = sql`${sql.param(faces.map(({ id }) => id))}::bigint[]`;
  const [{ so }] = await tx.execute<{ so: boolean }>(sql`
    select exists (select split_id from splits s where side = 1
        and split_id in (select split_id from splits where face_id = ${faces[0].id})
        group by split_id
        having count(*) = ${faces.length} and bool_and(face_id = any(${ids})))
      and ${faces[0].clusterId}::bigint is not null
      and (select count(*) from faces where cluster_id = ${faces[0].clusterId}) = ${faces.length}
      and not exists (select from faces where id = any(${ids})
        and cluster_id is distinct from ${faces[0].clusterId}) as so`);
  return so;
}

// The second click finds that all of them are not this person, by a no for each.
async function toldOff(tx: Tx, faces: HeldFace[], personId: number): Promise<boolean> {
  const [{ count }] = await tx.execute<{ count: number }>(sql`
    select count(*)::int as count from rejections
    where person_id = ${personId} and face_id = any(${
    sql.param(faces.map(({ id }) => id))
  }::bigint[])`);
  return count === faces.length;
}

async function splitCluster(
  tx: Tx,
  { faces, from, splitId }: { faces: HeldFace[]; from: number; splitId: number },
): Promise<Deed> {
  const ids = sql`${sql.param(faces.map(({ id }) => id))}::bigint[]`;
  const [{ size, model }] = await tx.execute<{ size: number; model: string }>(sql`
    select size, model from clusters where id = ${from}`);
  // A cluster may be as large as the library. No picked face is ever with one of the remembered
  // rest, and whoever joins the picked ones is not with the best of it.
  await tx.execute(sql`
    insert into splits (split_id, face_id, side)
    select ${splitId}::bigint, id, 1 from unnest(${ids}) as picked (id)
    union all
    select ${splitId}::bigint, id, 0 from (
      select f.id from faces f join clusters c on c.id = f.cluster_id
      where c.id = ${from} and not (f.id = any(${ids}))
      order by f.id = c.cover_face_id desc, f.quality desc, f.id limit ${MOST_FACES}) rest`);
  const [{ rest }] = await tx.execute<{ rest: number }>(sql`
    select count(*)::int as rest from splits where split_id = ${splitId} and side = 0`);
  if (rest === 0) {
    throw new PeopleFault(
      "invalid",
      "whole_cluster",
      `The chosen faces are all of group ${from}; choose only those that differ from the others`,
    );
  }
  const [{ id }] = await tx.execute<{ id: string }>(sql`
    insert into clusters (model, size, cover_face_id)
    values (${model}, ${faces.length},
      (select id from faces where id = any(${ids}) order by quality desc, id limit 1))
    returning id`);
  await tx.execute(sql`update faces set cluster_id = ${id} where id = any(${ids})`);
  return {
    faces: faces.length,
    clusterId: Number(id),
    message: `Split ${facesOf(faces.length)} off a group of ${size}`,
  };
}
