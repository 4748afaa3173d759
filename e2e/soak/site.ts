import { join } from "node:path";
import { drizzle } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import type { Database } from "../../db/client.ts";
import * as schema from "../../db/schema.ts";
import { openDataDir } from "../../db/data_dir.ts";
import { startEmbedded } from "../../db/embedded/server.ts";
import { migrateDatabase } from "../../db/migrate.ts";
import { testDatabase } from "../../db/testing.ts";
import { type Program, startProgram } from "../program.ts";
import { describe, watchInvariants } from "./invariants.ts";
import type { Library } from "./library.ts";
import { processesWith } from "./processes.ts";

export interface SiteOptions {
  dataDir: string;
  library: Library;
  /** The folder a session runs over; the library's without it. */
  folder: string;
  /** The PostgreSQL in the data directory, whatever server the tests have. */
  embedded: boolean;
  /** A PostgreSQL that is empty, and somebody else's to stop. */
  databaseUrl: string;
  /** Without the worker that `serve` looks after. */
  noWorker: boolean;
  /** Without `serve`; the PostgreSQL in the data directory is there for whoever comes. */
  noWeb: boolean;
  env: Record<string, string>;
}

/** Safelight as users run it: processes of its own, an API, a database; watched all the time. */
export interface Site {
  dataDir: string;
  database: Database;
  databaseUrl: string;
  session: number;
  /** The running `serve`. */
  web(): Program;
  /** Starts `serve`, on the same port as before. */
  startWeb(): Promise<void>;
  /** Starts a command; `env` is added to what every process here gets. */
  start(args: string[], env?: Record<string, string>): Program;
  /** Asks the server; resolves with status and body, which is text where it is not JSON. */
  ask(path: string, options?: { method?: string; body?: unknown }): Promise<Answer>;
  /** Makes and starts a session over the folder. */
  startSession(): Promise<number>;
  /** Waits until every session is completed, failed or cancelled and no request is left. */
  ended(): Promise<void>;
  /** What the programs wrote so far. */
  output(): string;
  /** Stops everything, once; returns what was wrong: violations of the watch, processes left behind. */
  stop(): Promise<string[]>;
}

export interface Answer {
  status: number;
  type: string;
  // deno-lint-ignore no-explicit-any
  body: any;
}

/** Longest time without an end before a scenario is given up. */
const PATIENCE_SECONDS = 300;

/** Starts `serve` on a fresh database with the library's seed, and the watch over it. */
export async function openSite(
  given: Partial<SiteOptions> & Pick<SiteOptions, "dataDir" | "library">,
): Promise<Site> {
  const { dataDir, library } = given;
  const elsewhere = given.embedded || given.databaseUrl || given.noWeb;
  const server = !elsewhere && Deno.env.get("SAFELIGHT_TEST_DATABASE_URL")
    ? await testDatabase()
    : null;
  const kept = given.noWeb ? await keepServer(dataDir) : null;
  const env = {
    SAFELIGHT_DATA: dataDir,
    DATABASE_URL: server?.url ?? given.databaseUrl ?? "",
    SAFELIGHT_LOG: "json",
    ...given.env,
  };
  const programs: Program[] = [];
  let timeline = "";
  const start = (args: string[], more: Record<string, string> = {}) => {
    const program = startProgram(args, { ...env, ...more });
    programs.push(program);
    return program;
  };
  let [web, url]: [Program, string] = [null!, ""];
  async function startWeb() {
    const port = url ? new URL(url).port : "0";
    web = start(["serve", "--port", port, ...(given.noWorker ? ["--no-worker"] : [])]);
    const line = await web.line((line) => line.startsWith("Safelight is at "));
    url = line.slice("Safelight is at ".length);
  }
  if (!given.noWeb) await startWeb();
  const databaseUrl = server?.url ?? given.databaseUrl ?? await embeddedUrl(dataDir);
  const database = server ?? watcherOf(databaseUrl);
  await library.seed(database.db).catch(async (error) => {
    web?.kill("SIGTERM");
    await web?.ended;
    throw error;
  });
  const watch = watchInvariants(database);

  const ask: Site["ask"] = async (path, { method = "GET", body } = {}) => {
    const response = await fetch(new URL(path, url), {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    const type = response.headers.get("content-type") ?? "";
    const answer = type.startsWith("application/json") ? JSON.parse(text) : text;
    return { status: response.status, type, body: answer };
  };

  const site: Site = {
    dataDir,
    database,
    databaseUrl,
    session: 0,
    web: () => web,
    startWeb,
    start,
    ask,
    async startSession() {
      const rootPath = given.folder ?? library.path;
      // The name that `index` gives to its session.
      const body = { name: rootPath, rootPath, subdirectories: [""] };
      const made = await ask("/api/v1/training/sessions", { method: "POST", body });
      if (made.status !== 201) throw new Error(`no session: ${JSON.stringify(made)}`);
      site.session = made.body.id;
      const path = `/api/v1/training/sessions/${site.session}/start`;
      const started = await ask(path, { method: "POST" });
      if (started.status !== 200) throw new Error(`no start: ${JSON.stringify(started)}`);
      return site.session;
    },
    async ended() {
      const deadline = performance.now() + PATIENCE_SECONDS * 1000;
      for (;;) {
        const open = await database.sql`
          select s.id, s.status, p.name, p.status as phase, p.total, p.done, p.failed, p.cancelled
          from sessions s join phases p on p.session_id = s.id
          where s.status not in ('completed', 'failed', 'cancelled')
            or exists (select from requests r where r.session_id = s.id)`
          .catch(() => ["no answer"]);
        if (open.length === 0) return;
        if (performance.now() > deadline) {
          throw new Error(`no end after ${PATIENCE_SECONDS} s: ${JSON.stringify(open)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    output: () =>
      programs.map((program) =>
        `process ${program.pid}\n${program.lines.join("\n")}\n${program.errors()}`
      ).join("\n") + `\nevents\n${timeline}`,
    stop: () => stopped ??= stopAll(),
  };
  let stopped: Promise<string[]> | null = null;
  async function stopAll() {
    const wrong: string[] = [];
    await watch.stop();
    if (watch.looks === 0) wrong.push("the watch never saw the database");
    const held = await database.sql`select phase from jobs where state = 'running'`
      .catch((error) => (wrong.push(describe(error)), []));
    if (held.length > 0) wrong.push(`${held.length} items are still in hand at the end`);
    timeline = await events(database).catch(describe);
    for (const program of programs) program.kill("SIGTERM");
    for (const program of programs) await program.ended;
    // Who crashes is started again by somebody, and the run goes on: that must not hide it.
    for (const program of programs) {
      const crash = /^error: Uncaught .*/m.exec(program.errors());
      if (crash) wrong.push(`process ${program.pid} or one below it crashed: ${crash[0]}`);
    }
    await (server ? server.drop() : database.close());
    await kept?.release();
    // An orphan ends by itself when its standard input closes; it finishes its batch first.
    const left = await leftBehind(dataDir);
    if (left.length > 0) wrong.push(`processes were left behind: ${left.join(", ")}`);
    return [...[...watch.violations].map(([what, at]) => `${what} (${at})`), ...wrong];
  }
  return site;
}

/** What the database says of the runs' history, one line an event. */
async function events({ sql }: Database): Promise<string> {
  const rows = await sql`select * from events order by id`;
  return rows.map((row) =>
    [new Date(row.at).toISOString(), row.session_id, row.kind, row.phase, row.by, row.message].join(
      " ",
    )
  ).join("\n");
}

/** A pool that is back at once when its server is: openDatabase's waits up to 20 s. */
function watcherOf(url: string): Database {
  const sql = postgres(url, { max: 4, backoff: () => 0.1, onnotice: () => {} });
  const close = () => sql.end({ timeout: 5 });
  return { db: drizzle(sql, { schema, casing: "snake_case" }), sql, url, close };
}

/** Starts the PostgreSQL of a data directory, which stays until it is released. */
async function keepServer(dataDir: string): Promise<{ release(): Promise<void> }> {
  await openDataDir(dataDir);
  const server = await startEmbedded(dataDir);
  await migrateDatabase(server.url);
  return server;
}

async function embeddedUrl(dataDir: string): Promise<string> {
  const password = await Deno.readTextFile(join(dataDir, "postgres.password"));
  const port = await Deno.readTextFile(join(dataDir, "postgres.port"));
  return `postgres://safelight:${password}@127.0.0.1:${port}/postgres`;
}

async function leftBehind(dataDir: string): Promise<string[]> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const left = await processesWith(dataDir);
    if (left.length === 0 || performance.now() > deadline) return left;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
