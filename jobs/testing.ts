import { eq } from "drizzle-orm";
import { join } from "node:path";
import { readConfig } from "../config.ts";
import { sessions, type SessionStatus } from "../db/schema.ts";
import { testDatabase, testDirectory } from "../db/testing.ts";
import { openEngine } from "../models/engine.ts";
import { createSession, type NewSession, startSession } from "./lifecycle.ts";
import { type SessionResult, sessionResult } from "./session_result.ts";
import { runWorker } from "./worker.ts";

const OVER: SessionStatus[] = ["completed", "failed", "cancelled"];

/** A worker with the real engine on a fresh database, in this process, and a folder for pictures. */
export async function testWorker() {
  const database = await testDatabase();
  const dir = await testDirectory();
  const photos = join(dir, "photos");
  await Deno.mkdir(photos);
  const config = readConfig({ SAFELIGHT_DATA: join(dir, "data"), SAFELIGHT_LOG: "text" });
  await Deno.mkdir(config.dataDir);
  const engine = await openEngine({ modelsDir: null, roles: ["images", "faces"] });
  const stop = new AbortController();
  const running = runWorker({ database, config, engine, stopping: stop.signal });
  const { db } = database;

  async function ended(id: number): Promise<SessionResult> {
    for (;;) {
      const [{ status }] = await db.select({ status: sessions.status }).from(sessions)
        .where(eq(sessions.id, id));
      if (OVER.includes(status)) return await sessionResult(db, id);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  return {
    db,
    sql: database.sql,
    config,
    engine,
    photos,
    ended,
    /** Makes and starts a session over the pictures and waits for its end. */
    async run(options: Partial<NewSession> = {}): Promise<SessionResult> {
      const id = await createSession(db, {
        name: "t",
        rootPath: photos,
        subdirectories: [""],
        skipFaceDetection: true,
        ...options,
      });
      await startSession(db, id);
      return await ended(id);
    },
    async close() {
      stop.abort();
      await running;
      await engine.close();
      await database.drop();
      await Deno.remove(dir, { recursive: true });
    },
  };
}
