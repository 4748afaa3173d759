import { Hono } from "hono";
import { createClusteringRun } from "../jobs/rerun.ts";
import { actor } from "./actor.ts";
import { NewClusteringRun } from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { mustFind } from "./sessions.ts";
import { sessionShape } from "./shapes.ts";
import { validate } from "./validate.ts";

/** /api/v1/clustering-sessions: runs that group again; sessions like others once they are made. */
export const clusteringSessionRoutes = new Hono<Env>()
  .post("/", validate("json", NewClusteringRun), async (c) => {
    const { db } = c.var.database;
    const settings = c.req.valid("json");
    const id = await createClusteringRun(db, { settings, ...actor(c) });
    c.header("Location", `/api/v1/training/sessions/${id}`);
    return c.json(sessionShape(await mustFind(db, id)), 201);
  });
