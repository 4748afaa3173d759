import { sql, TransactionRollbackError } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import type { ClusteringDifference } from "../../db/schema.ts";
import { medoid } from "../clustering/medoid.ts";
import { type Groups, lockClusters, storeClusters } from "../store_clusters.ts";
import { takingTurns } from "../turns.ts";
import { differenceInWords } from "./difference_in_words.ts";
import { type PresentFaces, readPresent, takeApart } from "./face_states.ts";
import { readNoes } from "./grouping_constraints.ts";
import { beginChange, endChange } from "./journal.ts";
import { readJudge } from "./judge.ts";
import { GROUPED } from "./last_change.ts";
import { lastingQuestions } from "./lasting_questions.ts";
import { type Judge, type Outcome, propose, type Recognised } from "./propose.ts";
import {
  pairKey,
  readOpen,
  readRefused,
  storeProposals,
  withoutAnswered,
} from "./store_proposals.ts";

/** A clustering to be stored: `labels[i]` is the label of face `ids[i]`, −1 for none. */
export interface Grouping {
  model: string;
  /** Drawn when the faces were read: the greater, the later. */
  turn: number;
  /** In rising order. */
  ids: number[];
  /** One row of length 1 a face. */
  vectors: Float32Array;
  dimension: number;
  labels: Int32Array;
  /** Index of the most central face of each label. */
  medoids: ArrayLike<number>;
  /** The model's own cosines, for people who have none of their own. */
  thresholds: { certain: number; likely: number };
}

/** What the library's groups came to. */
export interface StoredGrouping {
  clusters: number;
  /** Null if a grouping of faces read later is stored already: then nothing was changed. */
  difference: ClusteringDifference | null;
}

/**
 * Makes a clustering the library's. What concerns faces without a person is applied: their clusters
 * are replaced, those that are mostly the same keep their id. What would change anybody becomes a
 * proposal, which waits for a yes; only a stranger's faces, who are asked about never, are given to
 * them when certain. What people did since the faces were read is respected. All of it is one change
 * in the journal, which can be undone, unless it is the model's first one. Nothing that somebody
 * confirmed is touched. `pause` is waited for group by group, and every few thousand faces.
 */
export async function storeGrouping(
  tx: Tx,
  grouping: Grouping,
  pause = takingTurns(),
): Promise<StoredGrouping> {
  const { model } = grouping;
  const { faces, judge, outcome } = await lookAndLock(tx, grouping, pause);
  const [{ newer, first, count, touched }] = await tx.execute<
    { newer: boolean; first: boolean; count: number; touched: boolean }
  >(sql`
    select exists (select from clusterings where model = ${model}
        and id > ${grouping.turn}) as newer,
      not exists (select from clusterings where model = ${model} and clusters > 0) as first,
      (select count(*)::int from clusters where model = ${model}) as count,
      exists (select from people) as touched`);
  if (newer) return { clusters: count, difference: null };
  // The first groups of a model are nothing that anybody would undo, and as many rows as faces.
  const change = first ? null : await beginGrouped(tx);
  const recognised = await recognise(tx, outcome.recognised, grouping.ids);
  const groups = await groupsOf(grouping, { outcome, faces, recognised, pause });
  const { clusters, difference } = await storeClusters(tx, groups, pause);
  const proposals = touched ? await ask(tx, grouping, { outcome, groups, judge }) : 0;
  const all = { ...difference, proposals };
  if (change !== null) await endGrouped(tx, change, all);
  return { clusters, difference: all };
}

/** What a grouping says about the faces as they are. */
interface Sight {
  faces: PresentFaces;
  judge: Judge;
  outcome: Outcome;
}

/** Looks that are taken in vain before whoever acts has to wait for one. */
const MOST_LOOKS = 3;

/**
 * Takes the clusters' lock, for which whoever acts waits, when all is looked at: a look takes half a
 * second for 100,000 faces. Where somebody has acted meanwhile it is taken again, in the end behind
 * the lock.
 */
async function lookAndLock(
  tx: Tx,
  grouping: Grouping,
  pause: () => Promise<void>,
): Promise<Sight> {
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    const before = await readState(tx, grouping.model);
    const seen = await look(tx, grouping, pause);
    if (await lockIfStill(tx, grouping.model, before)) return seen;
  }
  await lockClusters(tx);
  return await look(tx, grouping, pause);
}

/** Takes the lock and answers true if the state is still this one; otherwise nothing is locked. */
async function lockIfStill(tx: Tx, model: string, state: string): Promise<boolean> {
  try {
    // A lock that was taken behind a savepoint is let go by going back there.
    await tx.transaction(async (inner) => {
      await lockClusters(inner);
      if (await readState(inner, model) !== state) inner.rollback();
    });
    return true;
  } catch (error) {
    if (error instanceof TransactionRollbackError) return false;
    throw error;
  }
}

async function look(tx: Tx, grouping: Grouping, pause: () => Promise<void>): Promise<Sight> {
  const faces = await readPresent(tx, grouping);
  const { splits } = await readNoes(tx, grouping.model);
  const labels = takeApart(grouping.labels, { splits, ids: grouping.ids, faces });
  const judge = await readJudge(tx, { ...grouping, faces }, pause);
  return { faces, judge, outcome: await propose({ labels, faces }, judge, pause) };
}

/** Equal as long as nothing has changed that a look goes by; takes a tenth of one. */
async function readState(tx: Tx, model: string): Promise<string> {
  const rows = (key: string) =>
    sql`select concat_ws(' ', count(*), sum(hashint8extended(xmin::text::bigint, ${
      sql.raw(key)
    })))`;
  const [{ state }] = await tx.execute<{ state: string }>(sql`
    select concat_ws(', ', (${rows("id")} from faces where model = ${model}),
      (${rows("face_id")} from splits), (${rows("id")} from people),
      (${rows("face_id")} from prototypes where model = ${model}),
      (${rows("person_id")} from person_thresholds where model = ${model})) as state`);
  return state;
}

/** Writes the questions of a grouping beside those of before that last; returns how many are open. */
async function ask(
  tx: Tx,
  { model, turn, ids }: Grouping,
  { outcome, groups, judge }: { outcome: Outcome; groups: Groups; judge: Judge },
): Promise<number> {
  const own = await withoutAnswered(
    tx,
    outcome.candidates.map(({ faces, ...question }) => ({
      ...question,
      faceIds: faces.map((at) => ids[at]),
    })),
    model,
  );
  const open = await readOpen(tx, model);
  const lasting = lastingQuestions(open, {
    ids: groups.ids,
    groups: groups.labels,
    questions: own,
    judge,
  });
  const questions = [...own, ...await withoutAnswered(tx, lasting, model)];
  return await storeProposals(tx, { model, turn, open, questions });
}

/** Gives strangers the faces that are theirs for certain; returns the places of those faces. */
async function recognise(tx: Tx, all: Recognised[], ids: number[]): Promise<Set<number>> {
  const pairs = all.map(({ face, personId }) => ({ faceId: ids[face], personId }));
  const refused = await readRefused(tx, pairs);
  const given = all.filter((_, at) => !refused.has(pairKey(pairs[at])));
  if (given.length === 0) return new Set();
  const faceIds = sql`${sql.param(given.map(({ face }) => ids[face]))}::bigint[]`;
  await tx.execute(sql`
    update faces set person_id = n.person, similarity = n.similarity, cluster_id = null
    from unnest(${faceIds}, ${sql.param(given.map(({ personId }) => personId))}::bigint[],
      ${sql.param(given.map(({ similarity }) => similarity))}::real[]) as n (id, person, similarity)
    where faces.id = n.id and faces.person_id is null and not faces.confirmed`);
  await tx.execute(sql`delete from suggestions where face_id = any(${faceIds})`);
  return new Set(given.map(({ face }) => face));
}

/** Faces of a group without its most central one that another is chosen from: 2 ms of this thread. */
const MOST_CENTRAL = 1024;

/** The groups that become clusters, of the faces that are still there and nobody's. */
async function groupsOf(
  { model, ids, labels, medoids, vectors, dimension }: Grouping,
  { outcome, faces, recognised, pause }: {
    outcome: Outcome;
    faces: PresentFaces;
    recognised: Set<number>;
    pause: () => Promise<void>;
  },
): Promise<Groups> {
  const grouped = new Int32Array(ids.length).fill(-1);
  const points = { vectors, dim: dimension, count: ids.length };
  const alike = { step: () => {}, further: () => 0 };
  const covers: number[] = [];
  for (const [label, members] of outcome.groups.entries()) {
    await pause();
    for (const at of members) grouped[at] = label;
    const former = medoids[labels[members[0]]];
    const central = members.includes(former)
      ? former
      : medoid(points, Int32Array.from(members.slice(0, MOST_CENTRAL)), alike);
    covers.push(ids[central]);
  }
  await pause();
  const stays = (_: unknown, at: number) => !faces.gone[at] && !recognised.has(at);
  return {
    model,
    ids: ids.filter(stays),
    labels: grouped.filter(stays),
    covers,
    former: faces.clusters.filter(stays),
    outside: faces.outside,
  };
}

const beginGrouped = (tx: Tx) =>
  beginChange(tx, { by: "Safelight", kind: GROUPED, message: "Grouped faces again" });

const endGrouped = (tx: Tx, id: number, difference: ClusteringDifference) =>
  endChange(tx, id, `Grouped faces again: ${differenceInWords(difference)}`);

/**
 * Forgets all groupings of a model but the last, so that one can be undone: every import groups, and
 * writes down as many rows as it moves faces. For after the commit, since somebody may wait for the
 * clusters.
 */
export async function forgetFormerGroupings(db: Db, model: string): Promise<void> {
  await db.execute(sql`
    with of_model as (
      select c.id from changes c where c.kind = ${GROUPED} and exists (
        select from changed_rows r where r.change_id = c.id
          and r.table_name in ('clusters', 'proposals')
          and coalesce(r.before, r.after) ->> 'model' = ${model})
    )
    delete from changes where id in (select id from of_model order by id desc offset 1)`);
}
