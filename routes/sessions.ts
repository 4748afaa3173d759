import { Hono } from "hono";
import { resolve } from "node:path";
import {
  changeSession,
  countClaimed,
  findSession,
  listSessions,
  type SessionRow,
} from "../db/session_queries.ts";
import type { Db } from "../db/client.ts";
import {
  cancelSession,
  createSession,
  deleteSession,
  pauseSession,
  resumeSession,
  type Transition,
} from "../jobs/lifecycle.ts";
import { SessionNotFound } from "../jobs/session_state.ts";
import { readProgress } from "../jobs/read_progress.ts";
import {
  IdParam,
  IgnoreRequest,
  NewSession,
  PageQuery,
  RetryRequest,
  SessionPatch,
} from "./api_schemas.ts";
import { acceptMissing } from "./accept_missing.ts";
import { actor } from "./actor.ts";
import { askFor } from "./ask_for.ts";
import type { Env } from "./env.ts";
import { Fault } from "./fault.ts";
import { relativeFolders } from "./folders.ts";
import { sessionShape, trainingShape } from "./shapes.ts";
import { startChecked } from "./start_checked.ts";
import { validate } from "./validate.ts";

const byId = validate("param", IdParam);

/** /api/v1/training/sessions */
export const sessionRoutes = new Hono<Env>()
  .post("/", validate("json", NewSession), async (c) => {
    const { db } = c.var.database;
    const wanted = c.req.valid("json");
    const subdirectories = relativeFolders(wanted.rootPath, wanted.subdirectories);
    const rootPath = resolve(wanted.rootPath);
    const id = await createSession(db, { ...wanted, rootPath, subdirectories, ...actor(c) });
    c.header("Location", `/api/v1/training/sessions/${id}`);
    return c.json(sessionShape(await mustFind(db, id)), 201);
  })
  .get("/", validate("query", PageQuery), async (c) => {
    const { page, limit } = c.req.valid("query");
    const offset = (page - 1) * limit;
    const { rows, total } = await listSessions(c.var.database.db, { limit, offset });
    return c.json({ items: rows.map(sessionShape), total, page, limit });
  })
  .get("/:id", byId, async (c) => {
    return c.json(sessionShape(await mustFind(c.var.database.db, c.req.valid("param").id)));
  })
  .patch("/:id", byId, validate("json", SessionPatch), async (c) => {
    const { db } = c.var.database;
    const { id } = c.req.valid("param");
    const change = c.req.valid("json");
    const session = await mustFind(db, id);
    if (change.subdirectories) {
      change.subdirectories = relativeFolders(session.rootPath, change.subdirectories);
    }
    const changed = await changeSession(db, id, change);
    if (changed) return c.json(sessionShape(changed));
    const { status } = await mustFind(db, id);
    const message = `The folders of session ${id} are fixed: it is ${status}, not pending; ` +
      `make a new session for other folders`;
    throw new Fault(409, "session_started", message, { status });
  })
  .delete("/:id", byId, async (c) => {
    await deleteSession(c.var.database.db, c.req.valid("param").id);
    return c.body(null, 204);
  })
  .post("/:id/start", byId, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(transitionShape(id, await startChecked(c.var.database.db, id, actor(c))));
  })
  .post("/:id/pause", byId, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(transitionShape(id, await pauseSession(c.var.database.db, id, actor(c))));
  })
  .post("/:id/resume", byId, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(transitionShape(id, await resumeSession(c.var.database.db, id, actor(c))));
  })
  .post("/:id/accept-missing", byId, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(transitionShape(id, await acceptMissing(c.var.database.db, id, actor(c))));
  })
  .post("/:id/cancel", byId, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(transitionShape(id, await cancelSession(c.var.database.db, id, actor(c))));
  })
  .post("/:id/retry", byId, validate("json", RetryRequest), async (c) => {
    const { id } = c.req.valid("param");
    const wish = { action: "retry" as const, ...actor(c), ...c.req.valid("json") };
    return c.json({ sessionId: id, ...await askFor(c.var.database.db, id, wish) });
  })
  .post("/:id/ignore", byId, validate("json", IgnoreRequest), async (c) => {
    const { id } = c.req.valid("param");
    const wish = { action: "ignore" as const, ...actor(c), ...c.req.valid("json") };
    return c.json({ sessionId: id, ...await askFor(c.var.database.db, id, wish) });
  })
  .get("/:id/progress-unified", byId, async (c) => {
    const { id } = c.req.valid("param");
    const progress = await readProgress(c.var.database.db, id);
    if (!progress) throw new SessionNotFound(id);
    return c.json(progress);
  })
  .get("/:id/progress", byId, async (c) => {
    const { db } = c.var.database;
    const { id } = c.req.valid("param");
    const [progress, claimed] = await Promise.all([readProgress(db, id), countClaimed(db, id)]);
    if (!progress) throw new SessionNotFound(id);
    return c.json(trainingShape(progress, claimed));
  });

/** The session's row; throws SessionNotFound. */
export async function mustFind(db: Db, id: number): Promise<SessionRow> {
  const session = await findSession(db, id);
  if (!session) throw new SessionNotFound(id);
  return session;
}

const transitionShape = (sessionId: number, { changed, status }: Transition) => ({
  sessionId,
  status,
  changed,
});
