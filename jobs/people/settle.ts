import { sql } from "drizzle-orm";
import type { Tx } from "../../db/client.ts";
import { mendClusters } from "../store_clusters.ts";
import type { People } from "./gallery.ts";
import { decideFaces, type Decision } from "./match.ts";
import type { Likeness } from "./score.ts";
import { readSurroundings } from "./surroundings.ts";

/** A face of the model that was compared with everybody. */
export interface Compared extends Likeness {
  id: number;
}

export interface Settled {
  /** Faces that are somebody's for certain, by the program's word. */
  assigned: number;
  /** Faces that are asked about. */
  suggested: number;
}

/**
 * Decides whose these faces are and writes it down: certain ones get their person, likely ones a
 * suggestion, and what no longer holds goes, be it a suggestion or a person that the program had
 * given. Faces that somebody confirmed or called no face are left alone. Clusters that lose faces are
 * mended. To be called behind lockClusters, unless the faces are this transaction's own and new.
 */
export async function settleFaces(
  tx: Tx,
  faces: readonly Compared[],
  { model, people }: { model: string; people: People },
): Promise<Settled> {
  if (faces.length === 0) return { assigned: 0, suggested: 0 };
  const states = await readStates(tx, faces);
  const open = faces.flatMap((face) => {
    const state = states.get(face.id);
    return state ? [{ ...face, photoId: state.photoId }] : [];
  });
  if (open.length === 0) return { assigned: 0, suggested: 0 };
  const surroundings = await readSurroundings(tx, open, model);
  const { made, displaced } = decideFaces(open, people.byId, surroundings);
  const there = await holdPeople(tx, made);
  const certain = made.filter((one) => one.certain && there.has(one.personId));
  const likely = made.filter((one) => !one.certain && there.has(one.personId));
  const sure = new Set(certain.map(({ faceId }) => faceId));
  const released = open.filter(({ id }) => states.get(id)!.personId !== null && !sure.has(id))
    .map(({ id }) => id);
  await release(tx, [...released, ...displaced]);
  await assign(tx, certain);
  await suggest(tx, likely, open.map(({ id }) => id));
  const left = certain.flatMap(({ faceId }) => states.get(faceId)!.clusterId ?? []);
  await mendClusters(tx, left);
  return { assigned: certain.length, suggested: likely.length };
}

interface State {
  photoId: number;
  clusterId: number | null;
  /** Whom the program has given it to. */
  personId: number | null;
}

async function readStates(tx: Tx, faces: readonly Compared[]): Promise<Map<number, State>> {
  const rows = await tx.execute<
    { id: string; photo: string; cluster: string | null; person: string | null }
  >(sql`
    select id, photo_id as photo, cluster_id as cluster, person_id as person from faces
    where id = any(${sql.param(faces.map(({ id }) => id))}::bigint[])
      and not confirmed and not not_a_face order by id for no key update`);
  const number = (id: string | null) => id === null ? null : Number(id);
  return new Map(rows.map(({ id, photo, cluster, person }) => [Number(id), {
    photoId: Number(photo),
    clusterId: number(cluster),
    personId: number(person),
  }]));
}

// One may have been merged into another while a batch of new faces was compared.
async function holdPeople(tx: Tx, decisions: readonly Decision[]): Promise<Set<number>> {
  const ids = [...new Set(decisions.map(({ personId }) => personId))];
  if (ids.length === 0) return new Set();
  const rows = await tx.execute<{ id: string }>(sql`
    select id from people where id = any(${sql.param(ids)}::bigint[]) order by id for key share`);
  return new Set(rows.map(({ id }) => Number(id)));
}

async function release(tx: Tx, ids: number[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.execute(sql`
    update faces set person_id = null, similarity = null
    where id = any(${sql.param(ids)}::bigint[]) and not confirmed`);
}

async function assign(tx: Tx, decisions: readonly Decision[]): Promise<void> {
  if (decisions.length === 0) return;
  await tx.execute(sql`
    update faces f set person_id = n.person, similarity = n.similarity, cluster_id = null
    from ${listed(decisions)} as n (face, person, similarity)
    where f.id = n.face and (f.person_id is distinct from n.person
      or f.similarity is distinct from n.similarity or f.cluster_id is not null)`);
}

// One that somebody skipped stays skipped, as long as it is about the same person.
async function suggest(tx: Tx, decisions: readonly Decision[], faceIds: number[]): Promise<void> {
  const asked = decisions.map(({ faceId }) => faceId);
  await tx.execute(sql`
    delete from suggestions where face_id = any(${sql.param(faceIds)}::bigint[])
      and not face_id = any(${sql.param(asked)}::bigint[])`);
  if (decisions.length === 0) return;
  await tx.execute(sql`
    insert into suggestions as s (face_id, person_id, similarity)
    select * from ${listed(decisions)} as n (face, person, similarity)
    on conflict (face_id) do update set person_id = excluded.person_id,
      similarity = excluded.similarity,
      skipped_at = case when s.person_id = excluded.person_id then s.skipped_at end
      where (s.person_id, s.similarity) is distinct from (excluded.person_id, excluded.similarity)`);
}

const listed = (decisions: readonly Decision[]) =>
  sql`unnest(${sql.param(decisions.map(({ faceId }) => faceId))}::bigint[],
    ${sql.param(decisions.map(({ personId }) => personId))}::bigint[],
    ${sql.param(decisions.map(({ similarity }) => Math.min(1, similarity)))}::real[])`;
