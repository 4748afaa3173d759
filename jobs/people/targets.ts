import { sql } from "drizzle-orm";
import type { Tx } from "../../db/client.ts";
import { type HeldFace, holdPerson } from "./held.ts";
import { cleanName } from "./names.ts";

/** Whose faces are to be: somebody's, a new person's of that name, or a new one's without a name. */
export type Target = { personId: number } | { name: string } | { unnamed: true };

/** A target with its name checked. Throws PeopleFault (invalid) for a name that cannot be. */
export const checkTarget = (to: Target): Target => "name" in to ? { name: cleanName(to.name) } : to;

export interface Chosen {
  id: number;
  name: string | null;
}

/** The person whom a target means, made if it is a new one. Throws PeopleFault (missing). */
export async function openTarget(tx: Tx, to: Target): Promise<Chosen> {
  if ("personId" in to) return await holdPerson(tx, to.personId);
  return await makePerson(tx, { name: "name" in to ? to.name : null });
}

/** Makes somebody without a face. */
export async function makePerson(
  tx: Tx,
  { name, hidden = false }: { name: string | null; hidden?: boolean },
): Promise<Chosen> {
  const [{ id }] = await tx.execute<{ id: string }>(sql`
    insert into people (name, hidden) values (${name}, ${hidden}) returning id`);
  return { id: Number(id), name };
}

/** True if the second click of a double click means this person by its target. */
export function means(to: Target, person: { id: number; name: string | null }): boolean {
  if ("personId" in to) return to.personId === person.id;
  return person.name === ("name" in to ? to.name : null);
}

/**
 * The person these faces are confirmed to be already, they and no others, if the target would make
 * just that one anew: a second click must make no second person. Null otherwise.
 */
export async function madeAlready(tx: Tx, faces: HeldFace[], to: Target): Promise<number | null> {
  const [{ personId }] = faces;
  if ("personId" in to || personId === null) return null;
  if (faces.some((face) => face.personId !== personId || !face.confirmed)) return null;
  const [row] = await tx.execute<{ name: string | null; hidden: boolean; confirmed: number }>(sql`
    select name, hidden, (select count(*)::int from faces where person_id = p.id and confirmed)
      as confirmed
    from people p where id = ${personId}`);
  const same = !row.hidden && row.confirmed === faces.length;
  return same && means(to, { id: personId, name: row.name }) ? personId : null;
}
