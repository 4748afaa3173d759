import { Hono } from "hono";
import { lastChanges } from "../db/change_queries.ts";
import { undoChange } from "../jobs/people/actions.ts";
import { actor } from "./actor.ts";
import * as Api from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { changeShape } from "./people_shapes.ts";
import { validate } from "./validate.ts";

/** /api/v1/changes: what was done to people and their faces, and taking it back. */
export const changeRoutes = new Hono<Env>()
  .get("/", validate("query", Api.ChangesQuery), async (c) => {
    const { limit, cursor: before } = c.req.valid("query");
    const rows = await lastChanges(c.var.database.db, limit + 1, { before });
    const items = rows.slice(0, limit).map(changeShape);
    return c.json({ items, nextCursor: rows.length > limit ? items[items.length - 1].id : null });
  })
  .post("/undo", validate("json", Api.Undo), async (c) => {
    return c.json(await undoChange(c.var.database.db, c.req.valid("json"), actor(c).by));
  });
