import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import { type Change, type Deed, makeChange } from "./change.ts";
import { PeopleFault } from "./fault.ts";
import { findPerson, holdFaces, holdPerson } from "./held.ts";
import { lastChangeOf } from "./last_change.ts";
import { cleanName, facesOf, titleOf } from "./names.ts";

/** Gives somebody another name, or their first; two people may have the same. Throws PeopleFault. */
export function renamePerson(
  db: Db,
  wish: { personId: number; name: string },
  by: string,
): Promise<Change> {
  return makeChange(db, { by, kind: "renamed" }, async (tx) => {
    const name = cleanName(wish.name);
    const { id, name: former } = await holdPerson(tx, wish.personId);
    await tx.execute(sql`update people set name = ${name} where id = ${id}`);
    const message = former === null
      ? `Named an unnamed person ${titleOf(name)}`
      : `Renamed ${titleOf(former)} to ${titleOf(name)}`;
    return { faces: 0, personId: id, message };
  });
}

/** Makes a stranger of somebody: they stay, and are shown to nobody who does not ask. */
export const hidePerson = (
  db: Db,
  { personId }: { personId: number },
  by: string,
): Promise<Change> =>
  makeChange(db, { by, kind: "hidden" }, (tx) => setHidden(tx, { personId, hidden: true }));

/** Shows somebody again who was hidden as a stranger. */
export const showPerson = (
  db: Db,
  { personId }: { personId: number },
  by: string,
): Promise<Change> =>
  makeChange(db, { by, kind: "shown" }, (tx) => setHidden(tx, { personId, hidden: false }));

async function setHidden(
  tx: Tx,
  { personId, hidden }: { personId: number; hidden: boolean },
): Promise<Deed> {
  const { id, name } = await holdPerson(tx, personId);
  await tx.execute(sql`update people set hidden = ${hidden} where id = ${id}`);
  const message = hidden ? `Hid ${titleOf(name)} as a stranger` : `Showed ${titleOf(name)} again`;
  return { faces: 0, personId: id, message };
}

/** Chooses the face that stands for somebody. Throws PeopleFault: conflict for a face not theirs. */
export function setCover(
  db: Db,
  { personId, faceId }: { personId: number; faceId: number },
  by: string,
): Promise<Change> {
  return makeChange(db, { by, kind: "cover" }, async (tx) => {
    const { id, name } = await holdPerson(tx, personId);
    const [face] = await holdFaces(tx, [faceId]);
    if (face.personId !== id) {
      throw new PeopleFault(
        "conflict",
        "not_theirs",
        `Face ${faceId} is not one of ${titleOf(name)}; choose one of theirs, or assign it first`,
      );
    }
    await tx.execute(sql`update people set cover_face_id = ${faceId} where id = ${id}`);
    return { faces: 1, personId: id, message: `Chose another cover for ${titleOf(name)}` };
  });
}

/** Forgets a person; their faces are nobody's again. Throws PeopleFault (missing). */
export function deletePerson(
  db: Db,
  { personId }: { personId: number },
  by: string,
): Promise<Change> {
  return makeChange(db, { by, kind: "deleted" }, async (tx) => {
    const person = await findPerson(tx, personId);
    if (!person) {
      const gone = await lastChangeOf(tx, "people", String(personId), { gone: true });
      if (gone?.kind === "deleted") return { faces: 0 };
      await holdPerson(tx, personId);
    }
    const [{ count }] = await tx.execute<{ count: number }>(sql`
      with freed as (
        update faces set person_id = null, confirmed = false, similarity = null
        where person_id = ${personId} returning id
      ) select count(*)::int as count from freed`);
    await tx.execute(sql`delete from people where id = ${personId}`);
    const message = `Deleted ${titleOf(person!.name)}, who had ${facesOf(count)}`;
    return { faces: count, message };
  });
}
