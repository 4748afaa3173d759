import { sql } from "drizzle-orm";
import type { Tx } from "../../db/client.ts";
import { type People, readPeople } from "./gallery.ts";
import { unitVector } from "./load_faces.ts";
import { takingTurns } from "../turns.ts";
import { choosePrototypes, type ConfirmedFace, cosine, MOST_CONSIDERED } from "./prototypes.ts";
import { scoreFaces } from "./score.ts";
import { adaptThresholds } from "./thresholds.ts";

/** Rejected faces of a person that are looked at, the latest first. */
const MOST_REJECTED = 100;
/** Of those that were rejected together: a no about a large group leaves room for others. */
const MOST_TOGETHER = 10;

/** Others whose thresholds are found anew with a person's: nobody has more doubles than that. */
const MOST_LOOKALIKES = 8;

/**
 * Finds prototypes and thresholds of these people anew, for every face model they have confirmed
 * faces of; without any they lose what they had. Others who look like one of them, and so depend on
 * them, get new thresholds too. To be called behind lockClusters, in the transaction that changes
 * confirmed faces or rejections. Reads at most MOST_CONSIDERED faces a person and model: some 15 ms
 * for one person among 400. Answers who of the others has other thresholds now.
 */
export async function learnPeople(tx: Tx, personIds: number[]): Promise<number[]> {
  if (personIds.length === 0) return [];
  const changed: number[] = [];
  const models = await tx.execute<{ model: string }>(sql`select model from face_models order by 1`);
  for (const { model } of models) {
    // Whom they looked like before may be free of them now.
    const before = await lookalikesOf((await readPeople(tx, model))!, personIds);
    await writePrototypes(tx, personIds, model);
    const people = (await readPeople(tx, model))!;
    const others = [...new Set([...before, ...await lookalikesOf(people, personIds)])];
    const own = personIds.filter((id) => people.byId.has(id));
    changed.push(...await writeThresholds(tx, { people, model, own, others }));
  }
  return [...new Set(changed)];
}

async function writePrototypes(tx: Tx, personIds: number[], model: string): Promise<void> {
  const these = sql`${sql.param(personIds)}::bigint[]`;
  const rows: { personId: number; faceId: number }[] = [];
  for (const personId of personIds) {
    for (const faceId of choosePrototypes(await readConfirmed(tx, personId, model))) {
      rows.push({ personId, faceId });
    }
  }
  await tx.execute(sql`
    delete from prototypes where model = ${model} and person_id = any(${these})`);
  await tx.execute(sql`
    delete from person_thresholds where model = ${model} and person_id = any(${these})`);
  if (rows.length === 0) return;
  await tx.execute(sql`
    insert into prototypes (person_id, face_id, model)
    select n.person, n.face, ${model}
    from unnest(${sql.param(rows.map(({ personId }) => personId))}::bigint[],
      ${sql.param(rows.map(({ faceId }) => faceId))}::bigint[]) as n (person, face)`);
}

async function readConfirmed(tx: Tx, personId: number, model: string): Promise<ConfirmedFace[]> {
  const rows = await tx.execute<
    { id: string; quality: number; embedding: Uint8Array; dimension: number }
  >(sql`
    select f.id, f.quality, f.embedding, m.dimension from faces f
      join face_models m on m.model = f.model
    where f.person_id = ${personId} and f.model = ${model} and f.confirmed and not f.not_a_face
    order by f.quality desc, f.id limit ${MOST_CONSIDERED}`);
  return rows.flatMap(({ id, quality, embedding, dimension }) => {
    const vector = unitVector(embedding, dimension);
    return vector ? [{ id: Number(id), quality, vector }] : [];
  });
}

/** Others with a prototype that is likely one of these people's, the likest first. */
async function lookalikesOf(people: People, personIds: number[]): Promise<number[]> {
  const these = new Set(personIds);
  const near = new Map<number, number>();
  for (const found of (await nearestOthers(people, personIds)).values()) {
    for (const [id, nearest] of found) {
      if (!these.has(id)) near.set(id, Math.max(near.get(id) ?? -1, nearest));
    }
  }
  return [...near].sort((a, b) => b[1] - a[1]).slice(0, MOST_LOOKALIKES).map(([id]) => id);
}

/** For each person everybody else who is likely one of their prototypes, with the highest cosine. */
async function nearestOthers(
  people: People,
  personIds: number[],
): Promise<Map<number, Map<number, number>>> {
  const known = personIds.flatMap((id) => people.byId.get(id) ?? []);
  const owners = known.flatMap(({ id, from, to }) => new Array<number>(to - from).fill(id));
  const rows = known.map(({ from, to }) => rowsOf(people, from, to));
  const block = new Float32Array(owners.length * people.dimension);
  let at = 0;
  for (const row of rows) {
    block.set(row, at);
    at += row.length;
  }
  const likenesses = await scoreFaces(people, block, {
    floor: people.pack.likely,
    turn: takingTurns(),
  });
  const nearest = new Map<number, Map<number, number>>();
  likenesses.forEach(({ candidates }, row) => {
    const found = nearest.get(owners[row]) ?? new Map<number, number>();
    nearest.set(owners[row], found);
    for (const { personId, similarity } of candidates) {
      if (personId === owners[row]) continue;
      found.set(personId, Math.max(found.get(personId) ?? -1, similarity));
    }
  });
  return nearest;
}

const rowsOf = ({ vectors, dimension }: People, from: number, to: number) =>
  vectors.subarray(from * dimension, to * dimension);

/** Writes what differs, and answers whose of `others` did. */
async function writeThresholds(
  tx: Tx,
  { people, model, own, others }: {
    people: People;
    model: string;
    own: number[];
    others: number[];
  },
): Promise<number[]> {
  const ids = [...own, ...others];
  if (ids.length === 0) return [];
  const rejected = await readRejected(tx, ids, { model, dimension: people.dimension });
  const near = await nearestOthers(people, ids);
  const rows = ids.map((id) => ({
    id,
    ...adaptThresholds(people.pack, {
      others: Math.max(-1, ...near.get(id)?.values() ?? []),
      rejected: (rejected.get(id) ?? []).map((together) =>
        Math.min(...together.map((vector) => nearestPrototype(people, id, vector)))
      ),
    }),
  }));
  const written = await tx.execute<{ person: string }>(sql`
    insert into person_thresholds as t (person_id, model, certain, likely)
    select n.person, ${model}, n.certain, n.likely
    from unnest(${sql.param(rows.map(({ id }) => id))}::bigint[],
      ${sql.param(rows.map(({ certain }) => certain))}::real[],
      ${sql.param(rows.map(({ likely }) => likely))}::real[]) as n (person, certain, likely)
    on conflict (person_id, model) do update
      set certain = excluded.certain, likely = excluded.likely
      where (t.certain, t.likely) is distinct from (excluded.certain, excluded.likely)
    returning person_id as person`);
  const changed = new Set(written.map(({ person }) => Number(person)));
  return others.filter((id) => changed.has(id));
}

function nearestPrototype(people: People, id: number, vector: Float32Array): number {
  const { from, to } = people.byId.get(id)!;
  let nearest = -1;
  for (let row = from; row < to; row++) {
    nearest = Math.max(nearest, cosine(rowsOf(people, row, row + 1), vector));
  }
  return nearest;
}

/**
 * Faces of each no about these people, which may be about several at once. What somebody confirmed
 * after an older no is no example of somebody else.
 */
async function readRejected(
  tx: Tx,
  personIds: number[],
  { model, dimension }: { model: string; dimension: number },
): Promise<Map<number, Float32Array[][]>> {
  const rows = await tx.execute<{ person: string; said: string; embedding: Uint8Array }>(sql`
    select p.id as person, r.at::text as said, r.embedding
    from unnest(${sql.param(personIds)}::bigint[]) as p (id) cross join lateral (
      select at, embedding from (
        select j.at, j.face_id, f.embedding,
          row_number() over (partition by j.at order by j.face_id) as place
        from rejections j join faces f on f.id = j.face_id
        where j.person_id = p.id and f.model = ${model} and not f.not_a_face
          and (f.person_id is distinct from p.id)) j
      where place <= ${MOST_TOGETHER}
      order by at desc, face_id limit ${MOST_REJECTED}) r`);
  const noes = new Map<number, Map<string, Float32Array[]>>();
  for (const { person, said, embedding } of rows) {
    const vector = unitVector(embedding, dimension);
    if (!vector) continue;
    const theirs = noes.get(Number(person)) ?? new Map<string, Float32Array[]>();
    noes.set(Number(person), theirs.set(said, [...theirs.get(said) ?? [], vector]));
  }
  return new Map([...noes].map(([id, theirs]) => [id, [...theirs.values()]]));
}
