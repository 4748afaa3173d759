import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import { DRAWN } from "../../db/shown_faces.ts";
import { type Occupant, type Side, sideKey, type Surroundings } from "./match.ts";

/**
 * Reads what binds the matching of faces of a model: what somebody said of them, and who else is in
 * their photos. Faces drawn by hand count as well: they say who is in a photo. Four statements,
 * whose time grows with `faces` ({ id, photoId }) alone.
 */
export async function readSurroundings(
  tx: Db | Tx,
  faces: readonly { id: number; photoId: number }[],
  model: string,
): Promise<Surroundings> {
  const ids = sql`${sql.param(faces.map(({ id }) => id))}::bigint[]`;
  const photos = sql`${sql.param([...new Set(faces.map(({ photoId }) => photoId))])}::bigint[]`;
  const rejected = await tx.execute<{ face: string; person: string }>(sql`
    select face_id as face, person_id as person from rejections where face_id = any(${ids})`);
  const occupants = await tx.execute<
    { id: string; photo: string; person: string; confirmed: boolean; similarity: number | null }
  >(sql`
    select id, photo_id as photo, person_id as person, confirmed, similarity from faces
    where photo_id = any(${photos}) and model in (${model}, ${DRAWN})
      and person_id is not null and not not_a_face`);
  const sides = await tx.execute<{ face: string; split: string; side: number }>(sql`
    select face_id as face, split_id as split, side from splits where face_id = any(${ids})`);
  const splits = [...new Set(sides.map(({ split }) => split))];
  const peopleOfSides = splits.length === 0
    ? []
    : await tx.execute<{ split: string; side: number; person: string }>(sql`
      select distinct s.split_id as split, s.side, f.person_id as person
      from splits s join faces f on f.id = s.face_id
      where s.split_id = any(${sql.param(splits)}::bigint[]) and f.person_id is not null
        and not f.id = any(${ids})`);
  return {
    rejected: grouped(rejected, (row) => [Number(row.face), Number(row.person)], toSet),
    occupants: grouped(occupants, (row): [number, Occupant] => [Number(row.photo), {
      faceId: Number(row.id),
      personId: Number(row.person),
      similarity: row.confirmed ? null : row.similarity ?? 0,
    }], toList),
    sides: grouped(sides, (row): [number, Side] => [Number(row.face), {
      splitId: Number(row.split),
      side: row.side,
    }], toList),
    peopleOfSide: grouped(
      peopleOfSides,
      (row) => [sideKey({ splitId: Number(row.split), side: row.side }), Number(row.person)],
      toSet,
    ),
  };
}

const toSet = <Value>(values: Value[]): Set<Value> => new Set(values);
const toList = <Value>(values: Value[]): Value[] => values;

function grouped<Row, Key, Value, Group>(
  rows: readonly Row[],
  pair: (row: Row) => [Key, Value],
  collect: (values: Value[]) => Group,
): Map<Key, Group> {
  const lists = new Map<Key, Value[]>();
  for (const [key, value] of rows.map(pair)) {
    const list = lists.get(key);
    if (list) list.push(value);
    else lists.set(key, [value]);
  }
  return new Map([...lists].map(([key, values]) => [key, collect(values)]));
}
