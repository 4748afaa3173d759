import { Hono } from "hono";
import type { z } from "zod";
import { readHistory, type SessionRecord } from "../jobs/session_history.ts";
import { HistoryPage } from "../views/history_page.tsx";
import { CursorQuery, HistoryQuery } from "./api_schemas.ts";
import type * as Api from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { validate } from "./validate.ts";

const PER_PAGE = 20;

/** /history: sessions that have ended, and how fast they were. */
export const historyPages = new Hono<Env>()
  .get("/", validate("query", CursorQuery), async (c) => {
    const { cursor } = c.req.valid("query");
    const history = await readHistory(c.var.database.db, { cursor, limit: PER_PAGE });
    return c.html(<HistoryPage {...history} cursor={cursor} now={new Date()} />);
  });

/** /api/v1/history: the same for programs. */
export const historyRoutes = new Hono<Env>()
  .get("/", validate("query", HistoryQuery), async (c) => {
    const { records, nextCursor } = await readHistory(c.var.database.db, c.req.valid("query"));
    return c.json({ items: records.map(recordShape), nextCursor });
  });

function recordShape(
  { session, ...record }: SessionRecord,
): z.infer<typeof Api.History>["items"][number] {
  const { id, status: _, createdAt, startedAt, completedAt, ...facts } = session;
  return {
    sessionId: id,
    ...facts,
    ...record,
    createdAt: createdAt.toISOString(),
    startedAt: startedAt?.toISOString() ?? null,
    completedAt: completedAt?.toISOString() ?? null,
  };
}
