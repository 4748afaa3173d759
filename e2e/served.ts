import { join } from "node:path";
import { type TestDatabase, testDatabase, testDirectory } from "../db/testing.ts";
import { type Program, startProgram } from "./program.ts";

/** The web app with a supervised worker, as `serve` runs it, on a database of its own. */
export interface Served {
  url: string;
  database: TestDatabase;
  program(): Program;
  /** Kills the server as a power cut would, and starts it again on the same port. */
  killAndRestart(between?: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it; `via` may lead it to its database by another way than the test's own. */
export async function serve(
  { via = (url) => url, ...more }: {
    via?: (databaseUrl: string) => string;
    env?: Record<string, string>;
  } = {},
): Promise<Served> {
  const database = await testDatabase();
  const dir = await testDirectory();
  const env = {
    SAFELIGHT_DATA: join(dir, "data"),
    DATABASE_URL: via(database.url),
    ...more.env,
  };
  const start = async (port: string) => {
    const program = startProgram(["serve", "--port", port], env);
    const line = await program.line((line) => line.startsWith("Safelight is at "));
    return { program, url: line.slice("Safelight is at ".length) };
  };
  let { program, url } = await start("0");
  return {
    url,
    database,
    program: () => program,
    async killAndRestart(between) {
      program.kill("SIGKILL");
      await program.ended;
      await between?.();
      ({ program, url } = await start(new URL(url).port));
    },
    async stop() {
      program.kill("SIGTERM");
      await program.ended;
      await database.drop();
      await Deno.remove(dir, { recursive: true });
    },
  };
}
