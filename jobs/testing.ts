import { eq } from "drizzle-orm";
import { join } from "node:path";
import { readConfig } from "../config.ts";
import { sessions, type SessionStatus } from "../db/schema.ts";
import { testDatabase, testDirectory } from "../db/testing.ts";
import { type Engine, openEngine } from "../models/engine.ts";
import { packsDir } from "../models/installed.ts";
import { createSession, type NewSession, startSession } from "./lifecycle.ts";
import { type SessionResult, sessionResult } from "./session_result.ts";
import { runWorker } from "./worker.ts";

const OVER: SessionStatus[] = ["completed", "failed", "cancelled"];

/**
 * A worker with the real engine on a fresh database, in this process, and a folder for pictures.
 * `environment` are settings other than the defaults; `around` puts something between the worker
 * and the engine.
 */
export async function testWorker(
  environment: Record<string, string> = {},
  around: (engine: Engine) => Engine = (engine) => engine,
) {
  const database = await testDatabase();
  const dir = await testDirectory();
  const photos = join(dir, "photos");
  await Deno.mkdir(photos);
  const defaults = { SAFELIGHT_DATA: join(dir, "data"), SAFELIGHT_LOG: "text" };
  const config = readConfig({ ...defaults, ...environment });
  await Deno.mkdir(config.dataDir, { recursive: true });
  const open = async () =>
    around(
      await openEngine({
        modelsDir: null,
        packsDir: packsDir(config.dataDir),
        roles: ["images", "faces"],
      }),
    );
  let engine = await open();
  const stop = new AbortController();
  const running = keepWorking();
  const { db } = database;

  // As a supervisor does it; a process of its own is too slow for every test.
  async function keepWorking() {
    while (await runWorker({ database, config, engine, stopping: stop.signal }) === "fresh") {
      await engine.close();
      engine = await open();
    }
  }

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
    database,
    config,
    /** Another one after a change of models. */
    get engine() {
      return engine;
    },
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
