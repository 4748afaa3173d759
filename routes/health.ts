import { sql } from "drizzle-orm";
import { Hono } from "hono";
import type { Env } from "./env.ts";
import { Fault } from "./fault.ts";

const PATIENCE_MS = 2_000;

/** /health: this process answers. /ready: it can do its work, which takes the database. */
export const healthRoutes = new Hono<Env>()
  .get("/health", (c) => c.json({ status: "ok" }))
  .get("/ready", async (c) => {
    const answer = c.var.database.db.execute(sql`select from sessions limit 1`);
    const { promise: silence, reject } = Promise.withResolvers<never>();
    const message = "The database has not answered for two seconds";
    const timer = setTimeout(
      () => reject(new Fault(503, "database_unreachable", message)),
      PATIENCE_MS,
    );
    try {
      await Promise.race([answer, silence]);
    } finally {
      clearTimeout(timer);
    }
    return c.json({ status: "ready" });
  });
