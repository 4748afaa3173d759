import { Hono } from "hono";
import { listSuggestions, reviewPeople } from "../db/suggestion_queries.ts";
import { answerSuggestions } from "../jobs/people/actions.ts";
import { actor } from "./actor.ts";
import * as Api from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { reviewShape, suggestionShape } from "./people_shapes.ts";
import { validate } from "./validate.ts";

/** /api/v1/suggestions: faces that are likely somebody's, waiting for a yes or no. */
export const suggestionRoutes = new Hono<Env>()
  .get("/", validate("query", Api.SuggestionsQuery), async (c) => {
    const { limit, offset, personId } = c.req.valid("query");
    const found = await listSuggestions(c.var.database.db, { personId, limit, offset });
    const items = found.suggestions.map(suggestionShape);
    return c.json({ items, total: found.total, limit, offset });
  })
  .get("/people", validate("query", Api.ReviewQuery), async (c) => {
    const { limit, offset, faces: each } = c.req.valid("query");
    const found = await reviewPeople(c.var.database.db, { limit, offset, each });
    return c.json({ items: found.people.map(reviewShape), total: found.total, limit, offset });
  })
  .post("/answer", validate("json", Api.SuggestionAnswer), async (c) => {
    return c.json(await answerSuggestions(c.var.database.db, c.req.valid("json"), actor(c).by));
  });
