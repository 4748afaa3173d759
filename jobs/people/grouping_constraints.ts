import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import type { Constraints } from "../clustering/constraints.ts";
import { takingTurns } from "../turns.ts";
import type { LoadedFaces } from "./load_faces.ts";

/** What people said about faces that are not to be together, by face id. */
export interface Noes {
  /** Faces that somebody said are not this person. */
  rejections: { personId: number; faceIds: number[] }[];
  /** Faces that somebody took apart: none of one side is ever with one of the other. */
  splits: { sides: [number[], number[]] }[];
}

/** Reads every no about faces of a model: as many rows as people gave answers. */
export async function readNoes(db: Db | Tx, model: string): Promise<Noes> {
  const rejected = await db.execute<{ person: string; faces: string[] }>(sql`
    select r.person_id as person, array_agg(r.face_id order by r.face_id) as faces
    from rejections r join faces f on f.id = r.face_id
    where f.model = ${model} group by r.person_id order by r.person_id`);
  const split = await db.execute<{ one: string[]; other: string[] }>(sql`
    select array_agg(s.face_id order by s.face_id) filter (where s.side = 0) as one,
      array_agg(s.face_id order by s.face_id) filter (where s.side = 1) as other
    from splits s join faces f on f.id = s.face_id
    where f.model = ${model} group by s.split_id
    having count(distinct s.side) = 2 order by s.split_id`);
  return {
    rejections: rejected.map(({ person, faces }) => ({
      personId: Number(person),
      faceIds: faces.map(Number),
    })),
    splits: split.map(({ one, other }) => ({ sides: [one.map(Number), other.map(Number)] })),
  };
}

/**
 * What a grouping of these faces has to keep to: two faces of one photo never together, confirmed
 * faces of one person always, those of two never, no face with a person it was said not to be, and
 * nothing that somebody took apart. What somebody confirmed later than an older no has the last
 * word. Memory: one number a face for photos and people, and the faces that a no is about. `pause` is
 * waited for every few thousand faces.
 */
export async function constraintsOf(
  faces: LoadedFaces,
  { rejections, splits }: Noes,
  pause = takingTurns(),
): Promise<Constraints> {
  const { photos, people } = faces;
  const apart: { one: Int32Array; other: Int32Array }[] = [];
  const confirmed = await facesOf(rejections.map(({ personId }) => personId), faces, pause);
  for (const { personId, faceIds } of rejections) {
    await pause();
    const other = confirmed.get(personId);
    if (!other) continue;
    const one = placesOf(faceIds, faces.ids).filter((at) => people[at] < 0);
    if (one.length > 0) apart.push({ one, other });
  }
  for (const { sides } of splits) {
    await pause();
    const [one, other] = withoutRejoined(sides, faces);
    if (one.length > 0 && other.length > 0) apart.push({ one, other });
  }
  return { photos, people, apart };
}

/**
 * Both sides of a split as places, without the faces of people whose confirmed faces lie on both by
 * now; `people` are numbers of them, negative for none.
 */
export function withoutRejoined(
  sides: [number[], number[]],
  { ids, people }: { ids: ArrayLike<number>; people: ArrayLike<number> },
): [Int32Array, Int32Array] {
  const [one, other] = sides.map((side) => placesOf(side, ids));
  const there = new Set(Array.from(other, (at) => people[at]));
  const both = new Set(
    Array.from(one, (at) => people[at]).filter((person) => person >= 0 && there.has(person)),
  );
  const stays = (at: number) => !both.has(people[at]);
  return [one.filter(stays), other.filter(stays)];
}

/** The places of those of the ids that take part, by bisection: `all` is in rising order. */
export function placesOf(wanted: number[], all: ArrayLike<number>): Int32Array {
  return Int32Array.from(wanted.map((id) => placeOf(id, all)).filter((at) => at >= 0));
}

function placeOf(id: number, all: ArrayLike<number>): number {
  let low = 0, high = all.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[middle] < id) low = middle + 1;
    else high = middle;
  }
  return all[low] === id ? low : -1;
}

/** Faces gone over between two looks at how long the thread has been held. */
const STRIDE = 2048;

/** The places of the confirmed faces of these people, by person; of all of them in one pass. */
async function facesOf(
  personIds: number[],
  { people, peopleIds }: LoadedFaces,
  pause: () => Promise<void>,
): Promise<Map<number, Int32Array>> {
  const wanted = new Set(personIds);
  const places = peopleIds.map((id): number[] | null => wanted.has(id) ? [] : null);
  for (let at = 0; at < people.length; at++) {
    if (at % STRIDE === 0) await pause();
    if (people[at] >= 0) places[people[at]]?.push(at);
  }
  const found = new Map<number, Int32Array>();
  peopleIds.forEach((id, person) => {
    if (places[person]?.length) found.set(id, Int32Array.from(places[person]));
  });
  return found;
}
