import { sql } from "drizzle-orm";
import type { Tx } from "../../db/client.ts";
import { SHOWN_FACES } from "../../db/serving_queries.ts";
import { announce } from "../session_state.ts";
import { readGallery } from "./gallery.ts";
import { learnPeople } from "./learn.ts";
import { unitVector } from "./load_faces.ts";
import { compare, type FoundFace } from "./match_faces.ts";
import { settleFaces } from "./settle.ts";

/** Faces of one person that are looked at again within a request: what a page of answers shows. */
const MOST_SUGGESTIONS = 500;

/**
 * Inner products within a request: some 20 ms of the thread, in turns with other requests. Whatever
 * is beyond, a worker decides a moment later.
 */
const MOST_PRODUCTS = 4e8;

/**
 * After a change of these people's confirmed faces or rejections, in its transaction: learns what
 * they look like, decides anew about the open suggestions of them and the faces they were just
 * rejected for, and asks the workers to look through all other faces (see matchStale). The best
 * suggestions come first. Statements and computation do not grow with the library. To be called behind lockClusters.
 */
export async function rescore(tx: Tx, personIds: number[]): Promise<void> {
  if (personIds.length === 0) return;
  const lookalikes = await learnPeople(tx, personIds);
  const these = sql`${sql.param(personIds)}::bigint[]`;
  await tx.execute(sql`
    delete from suggestions s using faces f
    where s.person_id = any(${these}) and f.id = s.face_id
      and (f.person_id is not null or f.not_a_face)`);
  const [{ model }] = await tx.execute<{ model: string | null }>(sql`
    select ${SHOWN_FACES} as model`);
  const people = model === null ? null : await readGallery(tx, model);
  if (model !== null && people) {
    const products = people.rivals.reduce((sum, { length }) => sum + length, people.vectors.length);
    const limit = Math.min(
      MOST_SUGGESTIONS * personIds.length,
      Math.floor(MOST_PRODUCTS / Math.max(1, products)),
    );
    const faces = await readOpen(tx, personIds, { model, dimension: people.dimension, limit });
    await settleFaces(tx, await compare(people, faces), { model, people });
  }
  await tx.execute(sql`
    update people set stale = true where not stale
      and id = any(${sql.param([...personIds, ...lookalikes])}::bigint[])`);
  await announce(tx);
}

// now() is the beginning of the transaction, and so the time from which on it rejects.
async function readOpen(
  tx: Tx,
  personIds: number[],
  { model, dimension, limit }: { model: string; dimension: number; limit: number },
): Promise<FoundFace[]> {
  const these = sql`${sql.param(personIds)}::bigint[]`;
  const rows = await tx.execute<{ id: string; embedding: Uint8Array }>(sql`
    select f.id, f.embedding from (
      (select r.face_id, 2 as likeness from rejections r
        where r.person_id = any(${these}) and r.at >= now() limit ${MOST_SUGGESTIONS})
      union all
      (select c.face_id, c.similarity from unnest(${these}) as p (id) cross join lateral (
        select face_id, similarity from suggestions s where s.person_id = p.id
        order by s.similarity desc limit ${MOST_SUGGESTIONS}) c)) open
      join faces f on f.id = open.face_id
    where f.model = ${model} and f.person_id is null and not f.not_a_face
    group by f.id order by max(open.likeness) desc, f.id limit ${limit}`);
  return rows.flatMap(({ id, embedding }) => {
    const vector = unitVector(embedding, dimension);
    return vector ? [{ id: Number(id), vector }] : [];
  });
}
