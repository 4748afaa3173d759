import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import { fromWhom, ownersOf, refuseAnothers } from "./assign.ts";
import { type Change, type Deed, makeChange } from "./change.ts";
import { takeFaces, theseFor } from "./give.ts";
import { type HeldFace, holdFaces, holdPerson } from "./held.ts";
import { facesOf, titleOf } from "./names.ts";

/**
 * Takes faces off whoever they are, and remembers that they are not that person. Those that are
 * nobody's stay so. With `personId` it is said of this person alone, and remembered whoever the
 * program takes the faces for by now. Throws PeopleFault: missing for a face or person that is not
 * there, conflict for a face that is confirmed as somebody else than `personId`.
 */
export function releaseFaces(
  db: Db,
  { faceIds, personId }: { faceIds: number[]; personId?: number },
  by: string,
): Promise<Change> {
  return makeChange(db, { by, kind: "released" }, async (tx) => {
    const person = personId === undefined ? null : await holdPerson(tx, personId);
    const faces = await holdFaces(tx, faceIds);
    if (person) return await denyPerson(tx, faces, person);
    const owned = faces.filter(({ personId }) => personId !== null);
    const from = fromWhom(await ownersOf(tx, owned));
    await takeOff(tx, owned);
    return { faces: owned.length, message: `Took ${facesOf(owned.length)}${from} away` };
  });
}

async function denyPerson(
  tx: Tx,
  faces: HeldFace[],
  { id, name }: { id: number; name: string | null },
): Promise<Deed> {
  await refuseAnothers(tx, faces, [id]);
  await takeFaces(tx, theseFor(faces.map((face) => face.id), id));
  const count = faces.length;
  const message = faces.every(({ personId }) => personId === id)
    ? `Took ${facesOf(count)} from ${titleOf(name)} away`
    : `Said that ${facesOf(count)} ${count === 1 ? "is" : "are"} not ${titleOf(name)}`;
  return { faces: count, message };
}

/** Takes faces off the people they are, with a no for each. */
export async function takeOff(tx: Tx, faces: HeldFace[]): Promise<void> {
  if (faces.length === 0) return;
  await takeFaces(
    tx,
    sql`select * from unnest(${sql.param(faces.map(({ id }) => id))}::bigint[],
      ${sql.param(faces.map(({ personId }) => personId))}::bigint[]) as owned (id, person_id)`,
  );
}
