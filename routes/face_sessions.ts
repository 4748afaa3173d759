import { Hono } from "hono";
import type { z } from "zod";
import type { Db } from "../db/client.ts";
import { listSessions } from "../db/session_queries.ts";
import { SessionNotFound } from "../jobs/session_state.ts";
import { readProgress } from "../jobs/read_progress.ts";
import { createFaceRun, type FaceRun } from "../jobs/rerun.ts";
import { actor } from "./actor.ts";
import { IdParam, NewFaceRun, PageQuery } from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { Fault } from "./fault.ts";
import { mustFind } from "./sessions.ts";
import { faceShape } from "./shapes.ts";
import { validate } from "./validate.ts";

/** /api/v1/face-sessions: the face side of sessions, under their own ids; runs of faces alone. */
export const faceSessionRoutes = new Hono<Env>()
  .post("/", validate("json", NewFaceRun), async (c) => {
    const { db } = c.var.database;
    const id = await createFaceRun(db, { ...faceRun(c.req.valid("json")), ...actor(c) });
    c.header("Location", `/api/v1/face-sessions/${id}`);
    return c.json(await faceSession(db, id), 201);
  })
  .get("/", validate("query", PageQuery), async (c) => {
    const { db } = c.var.database;
    const { page, limit } = c.req.valid("query");
    const { rows, total } = await listSessions(db, {
      limit,
      offset: (page - 1) * limit,
      kinds: ["folders", "faces", "models"],
    });
    const progress = await Promise.all(rows.map((row) => readProgress(db, row.id)));
    // A session deleted between the two reads is left out.
    const items = rows.flatMap((row, index) =>
      progress[index] ? [faceShape(row, progress[index])] : []
    );
    return c.json({ items, total, page, limit });
  })
  .get("/:id", validate("param", IdParam), async (c) => {
    return c.json(await faceSession(c.var.database.db, c.req.valid("param").id));
  });

/** What a checked request asks for, from a program or a form. */
export const faceRun = (wanted: z.infer<typeof NewFaceRun>): FaceRun => ({
  trainingSessionId: wanted.trainingSessionId,
  settings: { minFaceScore: wanted.minConfidence, minFaceSize: wanted.minFaceSize },
  skipClustering: wanted.skipClustering,
});

async function faceSession(db: Db, id: number) {
  const [session, progress] = await Promise.all([mustFind(db, id), readProgress(db, id)]);
  if (!progress) throw new SessionNotFound(id);
  if (session.kind === "clustering") {
    const message = `Session ${id} looks for no faces: it groups those there are; see ` +
      `/api/v1/training/sessions/${id}`;
    throw new Fault(404, "no_face_session", message);
  }
  return faceShape(session, progress);
}
