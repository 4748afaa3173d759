import { type Context, Hono } from "hono";
import { z } from "zod";
import { findPeople } from "../db/people_queries.ts";
import { listProposals, listSuggestions, reviewPeople } from "../db/suggestion_queries.ts";
import { answerProposal, answerSuggestions } from "../jobs/people/actions.ts";
import { ReviewPage, type ReviewView } from "../views/review_page.tsx";
import { IdParam, PageQuery } from "./api_schemas.ts";
import { id } from "./common_schemas.ts";
import type { Env } from "./env.ts";
import { toLastPage } from "./last_page.ts";
import { answer, deed, faceId, Form } from "./people_forms.tsx";
import { FrameQuery, readFrame } from "./people_frame.ts";
import { validate } from "./validate.ts";

const PEOPLE_PER_PAGE = 8;
/** Two lines of faces; answered ones make room for the next. */
const FACES_EACH = 12;
const FACES_OF_ONE = 60;
const PROPOSALS_SHOWN = 10;

const ReviewQuery = FrameQuery.extend({
  ...PageQuery.pick({ page: true }).shape,
  person: z.coerce.number().pipe(id).optional(),
});

/** One face by its own button ("yes-17"), or all that are shown. */
const AnswerForm = Form.extend({
  personId: z.coerce.number().pipe(id).describe("Who was asked about"),
  faceId,
  answer: answer.optional(),
  only: z.string().regex(/^(yes|no|skip)-\d{1,15}$/).optional(),
}).refine(({ answer, only }) => answer !== undefined || only !== undefined, "needs an answer");

/** /review: what waits for a yes or no. */
export const reviewPages = new Hono<Env>()
  .get("/", validate("query", ReviewQuery), async (c) => {
    const query = c.req.valid("query");
    const [view, frame] = await Promise.all([reviewView(c, query), readFrame(c, query)]);
    return toLastPage(c, view) ?? c.html(<ReviewPage view={view} frame={frame} />);
  })
  .post("/answer", validate("form", AnswerForm), (c) => {
    const { back, personId, faceId, only, answer: all } = c.req.valid("form");
    const [said, one] = only?.split("-") ?? [all];
    const faceIds = one ? [Number(one)] : faceId;
    const wish = { faceIds, answer: answer.parse(said), personId };
    return deed(c, back, (db, by) => answerSuggestions(db, wish, by));
  })
  .post(
    "/proposals/:id",
    validate("param", IdParam),
    validate("form", Form.extend({ answer: z.enum(["yes", "no"]) })),
    (c) => {
      const { id: proposalId } = c.req.valid("param");
      const { back, answer } = c.req.valid("form");
      return deed(c, back, (db, by) => answerProposal(db, { proposalId, answer }, by));
    },
  );

async function reviewView(
  c: Context<Env>,
  { page, person }: z.infer<typeof ReviewQuery>,
): Promise<ReviewView> {
  const { db } = c.var.database;
  if (person !== undefined) {
    const offset = (page - 1) * FACES_OF_ONE;
    const [people, { suggestions, total }] = await Promise.all([
      findPeople(db, [person]),
      listSuggestions(db, { personId: person, limit: FACES_OF_ONE, offset }),
    ]);
    const row = people.get(person);
    return {
      groups: row && total > 0 ? [{ person: row, open: total, best: suggestions }] : [],
      proposals: { proposals: [], total: 0 },
      personId: person,
      page,
      pages: Math.ceil(total / FACES_OF_ONE),
    };
  }
  const offset = (page - 1) * PEOPLE_PER_PAGE;
  const [reviewed, proposals] = await Promise.all([
    reviewPeople(db, { limit: PEOPLE_PER_PAGE, offset, each: FACES_EACH }),
    listProposals(db, { limit: PROPOSALS_SHOWN, offset: 0 }),
  ]);
  return {
    groups: reviewed.people,
    proposals,
    personId: null,
    page,
    pages: Math.ceil(reviewed.total / PEOPLE_PER_PAGE),
  };
}
