import { sql } from "drizzle-orm";
import { Hono } from "hono";
import type { Env } from "./env.ts";
import { Fault } from "./fault.ts";

const PATIENCE_MS = 2_000;

/** /health: this process answers. /ready: it can do its work, which takes the database. */
export const healthRoutes = new Hono<Env>()
  .get("/health", (c) => c.json({ status: "ok" }))
  .get("/ready", async (c) => {
    await promptly(c.var.database.db.execute(sql`select from sessions limit 1`));
    return c.json({ status: "ready" });
  });

/** What the database answers; a Fault with 503 if it takes longer than two seconds. */
export async function promptly<T>(answer: Promise<T>): Promise<T> {
  const { promise: silence, reject } = Promise.withResolvers<never>();
  const message = "The database has not answered for two seconds";
  const timer = setTimeout(
    () => reject(new Fault(503, "database_unreachable", message)),
    PATIENCE_MS,
  );
  try {
    return await Promise.race([answer, silence]);
  } finally {
    clearTimeout(timer);
  }
}
