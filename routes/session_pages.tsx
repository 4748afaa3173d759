import { type Context, Hono } from "hono";
import type { Db } from "../db/client.ts";
import { listClusters } from "../db/cluster_queries.ts";
import { facePhotos, sessionPhotos } from "../db/photo_queries.ts";
import { lastDeed } from "../db/timeline_queries.ts";
import { listSessions, retryWaits } from "../db/session_queries.ts";
import {
  type Actor,
  cancelSession,
  deleteSession,
  pauseSession,
  resumeSession,
} from "../jobs/lifecycle.ts";
import { readSessionGrouping } from "../jobs/people/session_grouping.ts";
import { SessionNotFound } from "../jobs/session_state.ts";
import { readProgress } from "../jobs/read_progress.ts";
import { AcceptMissingPage } from "../views/accept_missing_page.tsx";
import { DeletePage } from "../views/delete_page.tsx";
import { SessionPage } from "../views/session_page.tsx";
import { DeletedSession, SessionProgress, type SessionView } from "../views/session_progress.tsx";
import { SessionList, SessionsPage, type SessionsView } from "../views/sessions_page.tsx";
import { isOver } from "../views/words.ts";
import { acceptMissing, missesFiles, mustMissFiles } from "./accept_missing.ts";
import { actor } from "./actor.ts";
import { IdParam, PageQuery } from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { createFromForm } from "./new_session_pages.tsx";
import { mustFind } from "./sessions.ts";
import { isBuiltin } from "../models/types.ts";
import { startChecked } from "./start_checked.ts";
import { validate } from "./validate.ts";

const byId = validate("param", IdParam);
const PER_PAGE = 20;
const PHOTOS_LIVE = 12;
const PHOTOS_SHOWN = 36;
const CLUSTERS_SHOWN = 6;
const FACES_SHOWN = 8;

/** /sessions: the pages, and the forms their buttons send. */
export const sessionPages = new Hono<Env>()
  .get("/", validate("query", PageQuery.pick({ page: true })), async (c) => {
    return c.html(<SessionsPage {...await sessionsView(c, c.req.valid("query").page)} />);
  })
  .get("/list", validate("query", PageQuery.pick({ page: true })), async (c) => {
    return c.html(<SessionList {...await sessionsView(c, c.req.valid("query").page)} />);
  })
  .post("/", createFromForm)
  .get("/:id", byId, async (c) => {
    return c.html(<SessionPage {...await sessionView(c, c.req.valid("param").id)} />);
  })
  .get("/:id/progress", byId, async (c) => {
    const { id } = c.req.valid("param");
    try {
      return c.html(<SessionProgress {...await sessionView(c, id)} />);
    } catch (error) {
      // With 404 a page left open would ask for ever.
      if (error instanceof SessionNotFound) return c.html(<DeletedSession id={id} />);
      throw error;
    }
  })
  .get("/:id/delete", byId, async (c) => {
    const session = await mustFind(c.var.database.db, c.req.valid("param").id);
    return c.html(<DeletePage session={session} />);
  })
  .post("/:id/delete", byId, async (c) => {
    await deleteSession(c.var.database.db, c.req.valid("param").id);
    return c.redirect("/sessions", 303);
  })
  .post("/:id/start", byId, (c) => act(c, startChecked))
  .get("/:id/accept-missing", byId, async (c) => {
    const session = await mustMissFiles(c.var.database.db, c.req.valid("param").id);
    return c.html(<AcceptMissingPage session={session} />);
  })
  .post("/:id/accept-missing", byId, (c) => act(c, acceptMissing))
  .post("/:id/pause", byId, (c) => act(c, pauseSession))
  .post("/:id/resume", byId, (c) => act(c, resumeSession))
  .post("/:id/cancel", byId, (c) => act(c, cancelSession));

async function act(
  c: Context<Env, string, { out: { param: { id: number } } }>,
  action: (db: Db, id: number, who: Required<Actor>) => Promise<unknown>,
): Promise<Response> {
  const { id } = c.req.valid("param");
  await action(c.var.database.db, id, actor(c));
  return c.redirect(`/sessions/${id}`, 303);
}

/**
 * Everything the session page shows, in a constant number of statements on one snapshot: a batch
 * committed between two of them would show six photos beside "2 done".
 */
function sessionView(c: Context<Env>, id: number): Promise<SessionView> {
  return c.var.database.db.transaction(async (tx) => {
    const [session, progress] = await Promise.all([mustFind(tx, id), readProgress(tx, id)]);
    if (!progress) throw new SessionNotFound(id);
    const over = isOver(progress.overallStatus);
    const newestPhotos = session.kind === "faces" ? facePhotos : sessionPhotos;
    const [photos, waits, deed, grouped] = await Promise.all([
      newestPhotos(tx, id, over ? PHOTOS_SHOWN : PHOTOS_LIVE),
      retryWaits(tx, id),
      lastDeed(tx, id),
      progress.phases.clustering.status === "completed"
        ? listClusters(tx, { limit: CLUSTERS_SHOWN, offset: 0, facesEach: FACES_SHOWN })
        : null,
    ]);
    return {
      session,
      progress,
      photos,
      clusters: grouped?.clusters ?? [],
      builtin: isBuiltin(session.clipModel) || isBuiltin(session.faceModel),
      retryWaits: waits,
      deed,
      missesFiles: await missesFiles(tx, session),
      grouping: await readSessionGrouping(tx, id),
      now: new Date(),
    };
  }, { isolationLevel: "repeatable read", accessMode: "read only" });
}

async function sessionsView(c: Context<Env>, page: number): Promise<SessionsView> {
  const { db } = c.var.database;
  const { rows, total } = await listSessions(db, {
    limit: PER_PAGE,
    offset: (page - 1) * PER_PAGE,
  });
  const progress = await Promise.all(rows.map((row) => readProgress(db, row.id)));
  return {
    // A session deleted between the two reads is left out.
    sessions: rows.flatMap((session, index) =>
      progress[index] ? [{ session, progress: progress[index] }] : []
    ),
    total,
    page,
    pages: Math.ceil(total / PER_PAGE),
    now: new Date(),
  };
}
