import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import { transact } from "../../db/transact.ts";
import { lockClusters } from "../store_clusters.ts";
import { type People, readGallery } from "./gallery.ts";
import { decideFaces } from "./match.ts";
import { compareStored } from "./match_faces.ts";
import { type Compared, settleFaces } from "./settle.ts";
import { pairKey, readRefused } from "./store_proposals.ts";
import { readSurroundings } from "./surroundings.ts";

/** Faces settled in one transaction, and no cluster in two. */
const AT_ONCE = 1000;

/** A question about a whole cluster is about two faces at least. */
const FEWEST = 2;

/**
 * Decides about faces of unnamed clusters. A cluster of which half or more is likely one person's is
 * asked about as one, by a proposal, and none of its faces by itself or decided without a question:
 * the grouping kept it apart from that person, so it may be somebody who looks like them. Faces of
 * other clusters are matched as any, and leave theirs if they are certain.
 */
export async function settleClusters(
  db: Db,
  faces: readonly { id: number; clusterId: number | null }[],
  { model, stopping }: { model: string; stopping: AbortSignal },
): Promise<void> {
  const byCluster = Map.groupBy(faces, ({ clusterId }) => clusterId);
  let portion: number[] = [];
  for (const [index, members] of [...byCluster.values()].entries()) {
    for (const { id } of members) portion.push(id);
    if (portion.length < AT_ONCE && index < byCluster.size - 1) continue;
    if (stopping.aborted) return;
    await settlePortion(db, portion, model);
    portion = [];
  }
}

async function settlePortion(db: Db, ids: number[], model: string): Promise<void> {
  for (let done = ids.length === 0; !done;) {
    const people = await readGallery(db, model);
    if (!people) return;
    const compared = await compareStored(db, people, ids);
    done = await transact(db, async (tx) => {
      await lockClusters(tx);
      if ((await readGallery(tx, model))?.version !== people.version) return false;
      const asOne = await askAsOne(tx, compared, { model, people });
      const others = compared.filter(({ id }) => !asOne.has(id));
      await settleFaces(tx, others, { model, people });
      return true;
    });
  }
}

/** Makes proposals for clusters that are mostly likely one person; answers the faces of those. */
async function askAsOne(
  tx: Tx,
  compared: readonly Compared[],
  { model, people }: { model: string; people: People },
): Promise<Set<number>> {
  const members = await readMembers(tx, compared.map(({ id }) => id));
  const open = compared.flatMap((face) => {
    const state = members.get(face.id);
    return state ? [{ ...face, ...state }] : [];
  });
  if (open.length === 0) return new Set();
  const { made } = decideFaces(open, people.byId, await readSurroundings(tx, open, model));
  const clusterOf = new Map(open.map(({ id, clusterId }) => [id, clusterId]));
  const sizes = new Map(open.map(({ clusterId, size }) => [clusterId, size]));
  const votes = Map.groupBy(
    made.filter(({ personId }) => !people.byId.get(personId)!.hidden),
    ({ faceId, personId }) => `${clusterOf.get(faceId)} ${personId}`,
  );
  const questions = [...votes].flatMap(([key, of]) => {
    const [clusterId, personId] = key.split(" ").map(Number);
    if (of.length < FEWEST || of.length < sizes.get(clusterId)! / 2) return [];
    const similarity = of.reduce((sum, one) => sum + one.similarity, 0) / of.length;
    return [{ clusterId, personId, similarity, votes: of.length }];
  });
  const likeliest = new Map<number, typeof questions[number]>();
  for (const question of questions) {
    const before = likeliest.get(question.clusterId);
    if (!before || before.votes < question.votes) likeliest.set(question.clusterId, question);
  }
  const asked = await propose(tx, [...likeliest.values()], model);
  const asOne = open.filter(({ clusterId }) => asked.has(clusterId)).map(({ id }) => id);
  await tx.execute(sql`
    delete from suggestions where face_id = any(${sql.param(asOne)}::bigint[])`);
  return new Set(asOne);
}

async function readMembers(
  tx: Tx,
  ids: number[],
): Promise<Map<number, { photoId: number; clusterId: number; size: number }>> {
  const rows = await tx.execute<
    { id: string; photo: string; cluster: string; size: number }
  >(sql`
    select f.id, f.photo_id as photo, f.cluster_id as cluster, c.size
    from faces f join clusters c on c.id = f.cluster_id
    where f.id = any(${sql.param(ids)}::bigint[]) and not f.confirmed and not f.not_a_face`);
  return new Map(rows.map(({ id, photo, cluster, size }) => [Number(id), {
    photoId: Number(photo),
    clusterId: Number(cluster),
    size,
  }]));
}

/**
 * Asks about all faces of the clusters, except for those that may not be that person; nothing where
 * a question about one of them is open, which a grouping has made. Answers which clusters have
 * enough of such faces.
 */
async function propose(
  tx: Tx,
  all: readonly { clusterId: number; personId: number; similarity: number }[],
  model: string,
): Promise<Set<number>> {
  const { questions, refused } = await withoutRefused(tx, all);
  const clusterIds = questions.map(({ clusterId }) => clusterId);
  if (questions.length === 0) return new Set();
  await tx.execute(sql`
    insert into proposals (clustering_id, model, kind, person_id, face_ids, similarity)
    select (select max(id) from clusterings where model = ${model}), ${model}, 'joined', n.person,
      m.faces, n.similarity
    from unnest(${sql.param(clusterIds)}::bigint[],
        ${sql.param(questions.map(({ personId }) => personId))}::bigint[],
        ${sql.param(questions.map(({ similarity }) => Math.min(1, similarity)))}::real[])
        as n (cluster, person, similarity)
      cross join lateral (select array_agg(f.id order by f.id) as faces from faces f
        where f.cluster_id = n.cluster and not f.id = any(${sql.param(refused)}::bigint[])) m
    where exists (select from clusterings where model = ${model})
      and not exists (select from proposals p where p.model = ${model} and p.answer is null
        and p.face_ids && m.faces)`);
  return new Set(clusterIds);
}

/** Of one question a cluster, the faces that may not be the person, and the questions with others. */
async function withoutRefused<Question extends { clusterId: number; personId: number }>(
  tx: Tx,
  questions: readonly Question[],
): Promise<{ questions: Question[]; refused: number[] }> {
  if (questions.length === 0) return { questions: [], refused: [] };
  const personOf = new Map(questions.map(({ clusterId, personId }) => [clusterId, personId]));
  const rows = await tx.execute<{ id: string; cluster: string }>(sql`
    select id, cluster_id as cluster from faces
    where cluster_id = any(${sql.param([...personOf.keys()])}::bigint[])`);
  const pairs = rows.map(({ id, cluster }) => ({
    faceId: Number(id),
    clusterId: Number(cluster),
    personId: personOf.get(Number(cluster))!,
  }));
  const keys = await readRefused(tx, pairs);
  const [refused, free] = [true, false].map((so) =>
    pairs.filter((pair) => keys.has(pairKey(pair)) === so)
  );
  const left = Map.groupBy(free, ({ clusterId }) => clusterId);
  return {
    questions: questions.filter(({ clusterId }) => (left.get(clusterId)?.length ?? 0) >= FEWEST),
    refused: refused.map(({ faceId }) => faceId),
  };
}

/** Ends questions whether faces join somebody of which fewer than two are left without an answer. */
export async function retireProposals(tx: Tx, model: string): Promise<void> {
  await tx.execute(sql`
    update proposals p set answer = 'superseded', answered_at = now()
    where p.model = ${model} and p.answer is null and p.kind = 'joined'
      and (select count(*) from faces f where f.id = any(p.face_ids) and f.person_id is null
        and not f.not_a_face and not exists (select from rejections r
          where r.face_id = f.id and r.person_id = p.person_id)) < ${FEWEST}`);
}
