import { sql } from "drizzle-orm";
import type { Tx } from "../../db/client.ts";
import { PeopleFault } from "./fault.ts";
import { lastChangeOf } from "./last_change.ts";

/** A face as the actions look at it, locked until the end of the transaction. */
export interface HeldFace {
  id: number;
  photoId: number;
  model: string;
  clusterId: number | null;
  personId: number | null;
  confirmed: boolean;
  notAFace: boolean;
}

/** More than this is no single wish of a person any more. */
export const MOST_FACES = 5000;

/** Ids without repetitions. Throws PeopleFault (invalid) for none, or for more than 5,000. */
export function distinct(ids: number[], what = "face"): number[] {
  const unlike = [...new Set(ids)];
  if (unlike.length === 0) {
    throw new PeopleFault("invalid", "nothing_chosen", `Choose at least one ${what}`);
  }
  if (unlike.length > MOST_FACES) {
    throw new PeopleFault(
      "invalid",
      "too_many",
      `${unlike.length} ${what}s at once; at most ${MOST_FACES} are possible`,
    );
  }
  const wrong = unlike.find((id) => !Number.isSafeInteger(id) || id < 1);
  if (wrong !== undefined) {
    throw new PeopleFault("invalid", "bad_id", `${wrong} is not the id of a ${what}`);
  }
  return unlike;
}

/** Locks faces in the order of their ids. Throws PeopleFault (missing) if one is not there. */
export async function holdFaces(tx: Tx, wanted: number[]): Promise<HeldFace[]> {
  const ids = distinct(wanted);
  const rows = await tx.execute(sql`
    select id, photo_id, model, cluster_id, person_id, confirmed, not_a_face from faces
    where id = any(${sql.param(ids)}::bigint[]) order by id for no key update`);
  if (rows.length < ids.length) {
    const there = new Set(rows.map((row) => Number(row.id)));
    const missing = ids.filter((id) => !there.has(id));
    throw await missingFault(tx, "faces", missing[0], "Face");
  }
  return rows.map((row) => ({
    id: Number(row.id),
    photoId: Number(row.photo_id),
    model: row.model as string,
    clusterId: row.cluster_id === null ? null : Number(row.cluster_id),
    personId: row.person_id === null ? null : Number(row.person_id),
    confirmed: row.confirmed as boolean,
    notAFace: row.not_a_face as boolean,
  }));
}

/** Throws PeopleFault (conflict) if somebody said of one of the faces that it is none. */
export async function refuseNotAFace(tx: Tx, faces: HeldFace[]): Promise<void> {
  const one = faces.find((face) => face.notAFace);
  if (!one) return;
  const change = await lastChangeOf(tx, "faces", String(one.id));
  const remedy = change === null ? "" : `undo ${quoted(change)}, or `;
  throw new PeopleFault(
    "conflict",
    "not_a_face",
    `Face ${one.id} is marked as not a face; ${remedy}draw it on its photo, to name it`,
  );
}

export interface HeldPerson {
  id: number;
  name: string | null;
  hidden: boolean;
  coverFaceId: number | null;
}

/** Locks a person. Throws PeopleFault (missing), with what became of them if that is known. */
export async function holdPerson(tx: Tx, id: number): Promise<HeldPerson> {
  const person = await findPerson(tx, id);
  if (!person) throw await missingFault(tx, "people", id, "Person");
  return person;
}

/** Locks a person, or answers null if there is none. */
export async function findPerson(tx: Tx, id: number): Promise<HeldPerson | null> {
  distinct([id], "person");
  const [row] = await tx.execute(sql`
    select id, name, hidden, cover_face_id from people where id = ${id} for update`);
  if (!row) return null;
  return {
    id: Number(row.id),
    name: row.name as string | null,
    hidden: row.hidden as boolean,
    coverFaceId: row.cover_face_id === null ? null : Number(row.cover_face_id),
  };
}

/** The fault for something that is not there, with the change after which it was not, if known. */
export async function missingFault(
  tx: Tx,
  table: "faces" | "people" | "clusters" | "proposals",
  id: number,
  what: string,
): Promise<PeopleFault> {
  const change = await lastChangeOf(tx, table, String(id), { gone: true });
  const how = change === null ? "" : `, since ${quoted(change)}`;
  return new PeopleFault(
    "missing",
    `${what.toLowerCase()}_not_found`,
    `${what} ${id} does not exist${how}; reload the page to see what there is`,
  );
}

/** How messages call a change. */
export const quoted = ({ message, by }: { message: string; by: string }): string =>
  `'${message}' (by ${by})`;
