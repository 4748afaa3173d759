import { and, eq, inArray, isNull, sql } from "drizzle-orm";
import type { Tx } from "../../db/client.ts";
import { proposals } from "../../db/schema.ts";
import { DRAWN } from "../../db/shown_faces.ts";
import { mean } from "./propose.ts";

/** A question about faces by id. */
export interface Question {
  kind: "joined" | "split" | "moved";
  personId: number;
  toPersonId: number | null;
  faceIds: number[];
  /** Per face. */
  similarities: number[];
}

/** Faces that somebody may get, by id. */
export interface Pair {
  faceId: number;
  personId: number;
}

export const pairKey = ({ faceId, personId }: Pair) => `${faceId} ${personId}`;

/**
 * Of faces that are to go to people, those that may not: the face was rejected for that person, or
 * another face of its photo is theirs already, be it one that was drawn by hand or too blurred to be
 * grouped. As keys. Where somebody says yes, the program's own `guesses` do not count.
 */
export async function readRefused(
  tx: Tx,
  pairs: Pair[],
  { guesses = true }: { guesses?: boolean } = {},
): Promise<Set<string>> {
  if (pairs.length === 0) return new Set();
  const rows = await tx.execute<{ face: string; person: string }>(sql`
    select n.face, n.person
    from unnest(${sql.param(pairs.map(({ faceId }) => faceId))}::bigint[],
      ${sql.param(pairs.map(({ personId }) => personId))}::bigint[]) as n (face, person)
    join faces f on f.id = n.face
    where exists (select from rejections r where r.face_id = n.face and r.person_id = n.person)
      or exists (select from faces g where g.photo_id = f.photo_id and g.person_id = n.person
        and g.id <> f.id and g.model in (f.model, ${DRAWN}) and not g.not_a_face
        and (${guesses} or g.confirmed))`);
  return new Set(
    rows.map(({ face, person }) => pairKey({ faceId: Number(face), personId: Number(person) })),
  );
}

/** Those of the pairs for which nothing speaks against somebody's yes: see readRefused. */
export async function permitted<P extends Pair>(tx: Tx, pairs: P[]): Promise<P[]> {
  const refused = await readRefused(tx, pairs, { guesses: false });
  return pairs.filter((pair) => !refused.has(pairKey(pair)));
}

/** Joining takes two faces: single ones are suggested by the matching. */
const fewest = ({ kind }: Question) => kind === "joined" ? 2 : 1;

/**
 * The questions without the faces that have been answered: those that may not go where they would,
 * and those for which the same was asked and denied. Questions left with too few faces go.
 */
export async function withoutAnswered(
  tx: Tx,
  questions: Question[],
  model: string,
): Promise<Question[]> {
  const goal = ({ kind, personId, toPersonId }: Question) =>
    kind === "split" ? null : toPersonId ?? personId;
  const refused = await readRefused(
    tx,
    questions.flatMap((question) => {
      const personId = goal(question);
      return personId === null ? [] : question.faceIds.map((faceId) => ({ faceId, personId }));
    }),
  );
  const denied = await readDenied(tx, questions, model);
  return questions.map((question) => {
    const personId = goal(question);
    const noes = denied.get(subjectOf(question));
    const open = question.faceIds.map((faceId) =>
      !noes?.has(faceId) && (personId === null || !refused.has(pairKey({ faceId, personId })))
    );
    return {
      ...question,
      faceIds: question.faceIds.filter((_, at) => open[at]),
      similarities: question.similarities.filter((_, at) => open[at]),
    };
  }).filter((question) => question.faceIds.length >= fewest(question));
}

const subjectOf = ({ kind, personId, toPersonId }: Omit<Question, "faceIds" | "similarities">) =>
  `${kind} ${personId} ${toPersonId}`;

async function readDenied(
  tx: Tx,
  questions: Question[],
  model: string,
): Promise<Map<string, Set<number>>> {
  const people = [...new Set(questions.map(({ personId }) => personId))];
  const denied = new Map<string, Set<number>>();
  if (people.length === 0) return denied;
  const rows = await tx.select().from(proposals).where(and(
    eq(proposals.model, model),
    eq(proposals.answer, "no"),
    inArray(proposals.personId, people),
  ));
  for (const row of rows) {
    const faces = denied.get(subjectOf(row)) ?? new Set();
    for (const id of row.faceIds) faces.add(id);
    denied.set(subjectOf(row), faces);
  }
  return denied;
}

/** A question that waits for an answer. */
export type OpenProposal = Omit<Question, "similarities"> & { id: number; similarity: number };

export function readOpen(tx: Tx, model: string): Promise<OpenProposal[]> {
  return tx.select().from(proposals)
    .where(and(eq(proposals.model, model), isNull(proposals.answer))).orderBy(proposals.id);
}

/** Questions that one statement writes. */
const AT_ONCE = 200;

/**
 * Replaces the open proposals, `open`, of a model. Those that ask the same of the same faces stay, with
 * their id; the others are superseded. Suggestions of single faces for a person whom a proposal is
 * to join them to go: nobody is asked the same twice. Returns how many are open.
 */
export async function storeProposals(
  tx: Tx,
  { model, turn, open, questions }: {
    model: string;
    turn: number;
    open: OpenProposal[];
    questions: Question[];
  },
): Promise<number> {
  const wanted = new Map(questions.map((question) => {
    const faceIds = question.faceIds.toSorted((a, b) => a - b);
    return [`${subjectOf(question)}: ${faceIds}`, { ...question, faceIds }];
  }));
  const past: number[] = [];
  for (const row of open) {
    const key = `${subjectOf(row)}: ${row.faceIds.toSorted((a, b) => a - b)}`;
    if (!wanted.delete(key)) past.push(row.id);
  }
  if (past.length > 0) {
    await tx.update(proposals).set({ answer: "superseded", answeredAt: sql`now()` })
      .where(inArray(proposals.id, past));
  }
  const fresh = [...wanted.values()];
  for (let start = 0; start < fresh.length; start += AT_ONCE) {
    await tx.insert(proposals).values(
      fresh.slice(start, start + AT_ONCE).map(({ similarities, ...question }) => ({
        ...question,
        model,
        clusteringId: turn,
        similarity: mean(similarities),
      })),
    );
  }
  await dropSuggestions(tx, questions.filter(({ kind }) => kind === "joined"));
  return open.length - past.length + fresh.length;
}

async function dropSuggestions(tx: Tx, questions: Question[]): Promise<void> {
  const pairs = questions.flatMap(({ faceIds, personId }) =>
    faceIds.map((faceId) => ({ faceId, personId }))
  );
  if (pairs.length === 0) return;
  await tx.execute(sql`
    delete from suggestions s
    using unnest(${sql.param(pairs.map(({ faceId }) => faceId))}::bigint[],
      ${sql.param(pairs.map(({ personId }) => personId))}::bigint[]) as n (face, person)
    where s.face_id = n.face and s.person_id = n.person`);
}
