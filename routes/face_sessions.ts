import { Hono } from "hono";
import { listSessions } from "../db/session_queries.ts";
import { SessionNotFound } from "../jobs/lifecycle.ts";
import { readProgress } from "../jobs/read_progress.ts";
import { IdParam, PageQuery } from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { mustFind } from "./sessions.ts";
import { faceShape } from "./shapes.ts";
import { validate } from "./validate.ts";

/** /api/v1/face-sessions: the face side of every session, under the session's own id. */
export const faceSessionRoutes = new Hono<Env>()
  .get("/", validate("query", PageQuery), async (c) => {
    const { db } = c.var.database;
    const { page, limit } = c.req.valid("query");
    const { rows, total } = await listSessions(db, { limit, offset: (page - 1) * limit });
    const progress = await Promise.all(rows.map((row) => readProgress(db, row.id)));
    // A session deleted between the two reads is left out.
    const items = rows.flatMap((row, index) =>
      progress[index] ? [faceShape(row, progress[index])] : []
    );
    return c.json({ items, total, page, limit });
  })
  .get("/:id", validate("param", IdParam), async (c) => {
    const { db } = c.var.database;
    const { id } = c.req.valid("param");
    const [session, progress] = await Promise.all([mustFind(db, id), readProgress(db, id)]);
    if (!progress) throw new SessionNotFound(id);
    return c.json(faceShape(session, progress));
  });
