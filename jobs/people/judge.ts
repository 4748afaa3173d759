import { sql } from "drizzle-orm";
import type { Tx } from "../../db/client.ts";
import { placesOf } from "./grouping_constraints.ts";
import type { FaceStates, Judge, Party } from "./propose.ts";

/** What a judge goes by: the faces of a grouping, with their vectors, as they are now. */
export interface Evidence {
  model: string;
  /** In rising order. */
  ids: number[];
  /** One row of length 1 a face. */
  vectors: Float32Array;
  dimension: number;
  faces: FaceStates;
  /** The model's own thresholds, for people who have none yet. */
  thresholds: { certain: number; likely: number };
}

/** Confirmed faces that stand in for prototypes where there are none; as many as those would be. */
const STAND_INS = 8;

/**
 * Who the people in a grouping are, and how like them faces are, from the prototypes and thresholds
 * that were learned; the faces' vectors are those of the grouping. Three statements, which answer a
 * row a person and prototype. `pause` is waited for while similarities are computed.
 */
export async function readJudge(
  tx: Tx,
  evidence: Evidence,
  pause: () => Promise<void>,
): Promise<Judge> {
  const { vectors, dimension } = evidence;
  const parties = await readParties(tx, evidence);
  const prototypes = await readPrototypes(tx, evidence);
  return {
    party: (personId) => parties.get(personId) ?? null,
    async similarities(faces, personId) {
      const rows = prototypes.get(personId) ?? [];
      const found: number[] = [];
      for (const face of faces) {
        await pause();
        let nearest = -1;
        for (const row of rows) {
          let cosine = 0;
          for (let i = 0, a = face * dimension, b = row * dimension; i < dimension; i++) {
            cosine += vectors[a + i] * vectors[b + i];
          }
          if (cosine > nearest) nearest = cosine;
        }
        found.push(Math.min(1, nearest));
      }
      return found;
    },
  };
}

async function readParties(
  tx: Tx,
  { model, faces, thresholds }: Evidence,
): Promise<Map<number, Party>> {
  const ids = [...new Set(faces.people)].filter((id) => id > 0);
  const rows = await tx.execute<
    { id: string; hidden: boolean; certain: number | null; likely: number | null }
  >(sql`
    select p.id, p.hidden, t.certain, t.likely
    from people p left join person_thresholds t on t.person_id = p.id and t.model = ${model}
    where p.id = any(${sql.param(ids)}::bigint[])`);
  return new Map(rows.map(({ id, hidden, certain, likely }) => [Number(id), {
    hidden,
    certain: certain ?? thresholds.certain,
    likely: likely ?? thresholds.likely,
  }]));
}

/** By person, the places of their prototypes, or of confirmed faces where there are none. */
async function readPrototypes(
  tx: Tx,
  { model, ids, faces }: Evidence,
): Promise<Map<number, number[]>> {
  const rows = await tx.execute<{ person: string; faces: string[] }>(sql`
    select person_id as person, array_agg(face_id) as faces from prototypes
    where model = ${model} group by person_id`);
  const places = new Map<number, number[]>();
  for (const { person, faces } of rows) {
    const found = [...placesOf(faces.map(Number), ids)];
    if (found.length > 0) places.set(Number(person), found);
  }
  const learned = new Set(places.keys());
  for (let face = 0; face < ids.length; face++) {
    const person = faces.people[face];
    if (person === 0 || !faces.confirmed[face] || learned.has(person)) continue;
    const some = places.get(person) ?? [];
    if (some.length < STAND_INS) places.set(person, [...some, face]);
  }
  return places;
}
