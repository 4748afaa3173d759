import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import { SHOWN_FACES } from "../../db/serving_queries.ts";
import { transact } from "../../db/transact.ts";
import { lockClusters } from "../store_clusters.ts";
import { takingTurns } from "../turns.ts";
import { PORTION } from "./face_vectors.ts";
import { type People, readGallery, readPeople } from "./gallery.ts";
import { unitVector } from "./load_faces.ts";
import { MARGIN } from "./match.ts";
import { awaitMatching, compare } from "./match_faces.ts";
import { retireProposals, settleClusters } from "./settle_clusters.ts";
import { type Gallery, scoreFaces } from "./score.ts";
import { settleFaces } from "./settle.ts";

const LOOKING_LOCK = 0x5afe0007;

/** A face that may be one of the people whose confirmed faces have changed, or was taken for one. */
interface Affected {
  id: number;
  vector: Float32Array;
  clusterId: number | null;
}

/**
 * Looks through all faces of the shown model that nobody has confirmed, for the people whose
 * confirmed faces have changed: gives and takes back what the program decides by itself, and
 * suggestions. Answers false if there was nothing to do or another process is at it. Reads and
 * writes in portions, each in a transaction of its own behind lockClusters; the thread is never held
 * for more than some 10 ms. Somebody who changes meanwhile stays stale for the next time, and
 * whoever dies here leaves everybody stale.
 */
export async function matchStale(db: Db, stopping: AbortSignal): Promise<boolean> {
  const [{ model, work }] = await db.execute<{ model: string | null; work: boolean }>(sql`
    select ${SHOWN_FACES} as model, exists (select from people where stale) as work`);
  if (model === null || !work) return false;
  // The lock of the transaction that reads the faces: it ends with the connection.
  return await db.transaction(async (reader) => {
    const [{ ours }] = await reader.execute<{ ours: boolean }>(sql`
      select pg_try_advisory_xact_lock(${LOOKING_LOCK}) as ours`);
    if (!ours) return false;
    const stale = await readStale(reader, model);
    if (stale.size === 0) return false;
    await awaitMatching(db);
    // Clusters are decided as a whole, after the last portion: until then faces are numbers.
    const clustered: { id: number; clusterId: number | null }[] = [];
    const staleOf = remembering((people: People) => only(people, stale));
    for (let last = 0; !stopping.aborted;) {
      const { affected, next } = await readAffected(reader, { model, stale, staleOf, after: last });
      for (const { id, clusterId } of affected) {
        if (clusterId !== null) clustered.push({ id, clusterId });
      }
      await settlePortion(db, affected.filter(({ clusterId }) => clusterId === null), model);
      if (next === null) {
        await settleClusters(db, clustered, { model, stopping });
        if (!stopping.aborted) await endStale(db, stale, model);
        return true;
      }
      last = next;
    }
    return true;
  });
}

// Learning writes prototypes anew, so that their xmin differs even if they are the same faces.
const signature = (model: string) =>
  sql`concat_ws(' ', p.hidden,
    (select string_agg(r.face_id || ':' || r.xmin, ' ' order by r.face_id) from prototypes r
      where r.person_id = p.id and r.model = ${model}),
    (select t.xmin::text from person_thresholds t
      where t.person_id = p.id and t.model = ${model}))`;

async function readStale(tx: Tx, model: string): Promise<Map<number, string>> {
  const rows = await tx.execute<{ id: string; signature: string }>(sql`
    select p.id, ${signature(model)} as signature from people p where p.stale order by p.id`);
  return new Map(rows.map(({ id, signature }) => [Number(id), signature]));
}

async function endStale(db: Db, stale: Map<number, string>, model: string): Promise<void> {
  await transact(db, async (tx) => {
    await lockClusters(tx);
    await tx.execute(sql`
      update people p set stale = false
      from unnest(${sql.param([...stale.keys()])}::bigint[],
        ${sql.param([...stale.values()])}::text[]) as n (id, signature)
      where p.id = n.id and ${signature(model)} = n.signature`);
    await retireProposals(tx, model);
  });
}

/** The next portion of faces without a confirmed person, and which of them the stale people concern. */
async function readAffected(
  tx: Tx,
  { model, stale, staleOf, after }: {
    model: string;
    stale: ReadonlyMap<number, string>;
    staleOf(people: People): Gallery;
    after: number;
  },
): Promise<{ affected: Affected[]; next: number | null }> {
  const rows = await tx.execute<
    { id: string; embedding: Uint8Array; cluster: string | null; persons: (string | null)[] }
  >(sql`
    select f.id, f.embedding, f.cluster_id as cluster, array[f.person_id, s.person_id] as persons
    from faces f left join suggestions s on s.face_id = f.id
    where f.model = ${model} and f.id > ${after} and not f.confirmed and not f.not_a_face
    order by f.id limit ${PORTION}`);
  const next = rows.length < PORTION ? null : Number(rows.at(-1)!.id);
  const people = await readPeople(tx, model);
  if (!people) return { affected: [], next };
  const { dimension } = people;
  const none = new Float32Array(dimension);
  const faces = rows.map((row) => ({
    id: Number(row.id),
    vector: unitVector(row.embedding, dimension) ?? none,
    clusterId: row.cluster === null ? null : Number(row.cluster),
    concerned: row.persons.some((id) => id !== null && stale.has(Number(id))),
  }));
  const block = new Float32Array(faces.length * dimension);
  faces.forEach(({ vector }, index) => block.set(vector, index * dimension));
  const likenesses = await scoreFaces(staleOf(people), block, {
    floor: people.pack.likely - MARGIN,
    turn: takingTurns(),
  });
  const affected = faces.filter(({ concerned }, index) =>
    concerned || likenesses[index].candidates.length > 0
  );
  return { affected, next };
}

/** The same function, which keeps its last answer for as long as it is asked the same. */
function remembering<Question, Answer>(
  work: (question: Question) => Answer,
): (question: Question) => Answer {
  let last: { question: Question; answer: Answer } | null = null;
  return (question) => {
    if (last?.question !== question) last = { question, answer: work(question) };
    return last.answer;
  };
}

/** The gallery of some of the people, without rivals. */
function only(people: People, wanted: ReadonlyMap<number, unknown>): Gallery {
  const { dimension } = people;
  const some = people.people.filter(({ id }) => wanted.has(id));
  const count = some.reduce((sum, { from, to }) => sum + to - from, 0);
  const vectors = new Float32Array(count * dimension);
  let at = 0;
  const moved = some.map((known) => {
    const rows = people.vectors.subarray(known.from * dimension, known.to * dimension);
    vectors.set(rows, at * dimension);
    const from = at;
    at += known.to - known.from;
    return { ...known, from, to: at };
  });
  return { dimension, people: moved, vectors, rivals: [] };
}

// Compared before the lock is taken, which actions wait for, and again if somebody changed meanwhile.
async function settlePortion(db: Db, faces: Affected[], model: string): Promise<void> {
  for (let done = faces.length === 0; !done;) {
    const people = await readGallery(db, model);
    if (!people) return;
    const compared = await compare(people, faces);
    done = await transact(db, async (tx) => {
      await lockClusters(tx);
      if ((await readGallery(tx, model))?.version !== people.version) return false;
      await settleFaces(tx, compared, { model, people });
      return true;
    });
  }
}
