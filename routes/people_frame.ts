import type { Context } from "hono";
import { z } from "zod";
import { findChange, lastChangeBy } from "../db/change_queries.ts";
import { clusterFaces } from "../db/cluster_queries.ts";
import { findNamesakes, type Namesake, personFaces } from "../db/people_queries.ts";
import { countQuestions } from "../db/suggestion_queries.ts";
import type { Db } from "../db/client.ts";
import { FACES_SHOWN } from "../views/name_question.tsx";
import { type Frame, MOST_QUESTIONS, type Question, SUBJECTS } from "../views/people_view.ts";
import { actor } from "./actor.ts";
import { text } from "./common_schemas.ts";
import type { Env } from "./env.ts";

/** What the addresses of pages about people carry besides their own: what came of a form. */

const id = z.coerce.number().pipe(z.int().positive());

/** Numbers with commas between. */
const list = z.string().max(20_000).regex(/^[\d.,]*$/)
  .transform((value) => value === "" ? [] : value.split(",").map(Number))
  .refine((values) => values.every(Number.isFinite));

export const FrameQuery = z.object({
  changed: id.optional(),
  same: z.literal("yes").optional(),
  ask: z.enum(SUBJECTS).optional(),
  of: id.optional(),
  faces: list.optional(),
  box: list.optional(),
  name: text(400).optional(),
});

type FrameQuery = z.infer<typeof FrameQuery>;

const OWN = Object.keys(FrameQuery.shape);

/** What the page has around its content, from its address and the journal. */
export async function readFrame(c: Context<Env>, query: FrameQuery): Promise<Frame> {
  const { db } = c.var.database;
  const [change, undo, questions, question] = await Promise.all([
    query.changed === undefined ? null : findChange(db, query.changed),
    // What other people and groupings did is taken back on the page of changes only, after a look.
    lastChangeBy(db, actor(c).by),
    countQuestions(db, MOST_QUESTIONS + 1),
    readQuestion(db, query),
  ]);
  return {
    here: withoutNews(c.req.url),
    news: change ? { change } : query.same ? { change: null } : null,
    undo,
    questions,
    question,
    now: new Date(),
  };
}

/** Path and query of a page without what came of the last form. */
function withoutNews(address: string): string {
  const url = new URL(address);
  for (const name of OWN) url.searchParams.delete(name);
  return url.pathname + url.search;
}

/** The address of a page with what came of a form. */
export function withNews(back: string, news: Record<string, string | number>): string {
  const url = new URL(back, "http://localhost");
  for (const [name, value] of Object.entries(news)) url.searchParams.set(name, String(value));
  return url.pathname + url.search;
}

async function readQuestion(db: Db, query: FrameQuery): Promise<Question | null> {
  const { ask, of, name, faces = [], box = [] } = query;
  if (!ask || name === undefined) return null;
  const isPerson = ask === "person" || ask === "merge";
  const known = await called(db, name, { but: isPerson ? of : undefined });
  // Nobody is called so any more: there is nothing to ask.
  if (known.length === 0) return null;
  const asked = { subject: ask, of: of ?? 0, faceIds: faces };
  return { ...asked, shown: await shownFaces(db, asked), box, name, known };
}

/** What a question shows of whom it is about, who may be on another page. */
async function shownFaces(
  db: Db,
  { subject, of, faceIds }: Pick<Question, "subject" | "of" | "faceIds">,
): Promise<number[]> {
  if (faceIds.length > 0) return faceIds;
  const limit = FACES_SHOWN;
  if (subject === "cluster") {
    return (await clusterFaces(db, of, { limit, offset: 0 })).map((face) => face.id);
  }
  if (subject !== "person") return [];
  return (await personFaces(db, of, { limit })).faces.map((face) => face.id);
}

/** More people of one name than anybody can tell apart by looking. */
const NAMESAKES = 6;

/** People who are called exactly so, in capitals or not, those on most photos first; without `but`. */
export const called = (
  db: Db,
  name: string,
  { but }: { but?: number } = {},
): Promise<Namesake[]> => findNamesakes(db, name, { but, limit: NAMESAKES });
