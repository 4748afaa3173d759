import { PgDialect } from "drizzle-orm/pg-core";
import { code, type Database, isConnectionFault, openDatabase, type Sql } from "../client.ts";
import { EXACT_LIMIT } from "./growing.ts";
import { checkCount, checkVector } from "./index.ts";
import type { IndexProgress, IndexSettings, LibraryIndex } from "./library_index.ts";
import { copyPortion, TRUSTED } from "./pgvector_copy.ts";
import { createVectorCount } from "./pgvector_count.ts";
import { buildGraph, graphIsValid, graphName, graphShare } from "./pgvector_graph.ts";
import { answer, MOST_FRESH } from "./pgvector_search.ts";
import { settlePortion } from "./pgvector_settle.ts";
import { setUpPgvector } from "./pgvector_setup.ts";

// One builds the graph, the others search and copy.
const CONNECTIONS = 4;
// Without searches changes are still followed, so that the first one after an import is quick.
const IDLE_MS = 30_000;
// While another process copies.
const WAIT_MS = 50;
// After a building that failed, for want of room or time, scans answer; then it is tried again.
const BUILD_AGAIN_MS = 60_000;
// Nobody looks at an empty page for longer: then what is copied answers, and says what is missing.
const PATIENCE_MS = 2000;

const dialect = new PgDialect({ casing: "snake_case" });

/**
 * A `LibraryIndex` inside the database, by its extension pgvector: shared by all processes on it, so
 * none of them loads anything. Vectors are copied there in half precision, by whichever process
 * comes first; up to 1,000 that are not copied yet are compared one by one, and with more a search
 * waits for the copying, though not for longer than `patienceMs`. Needs pgvector 0.8; rejects with
 * PgvectorMissing without it.
 */
export function openPgvectorIndex(
  settings: IndexSettings,
  { patienceMs = PATIENCE_MS } = {},
): LibraryIndex {
  const { model, dimension, exactLimit = EXACT_LIMIT } = settings;
  const name = graphName(model, dimension);
  const tasks = new Set<Promise<void>>();
  let opened: Promise<Database> | null = null;
  let copying: Promise<void> | null = null;
  let timer: ReturnType<typeof setInterval> | undefined;
  let closed = false, following = false, building = false;
  let buildAt = -Infinity;
  let count: () => Promise<number>, countHalves: () => Promise<number>;

  async function open(): Promise<Database> {
    const database = await openDatabase(settings.url, {
      connections: CONNECTIONS,
      name: "safelight search",
    });
    try {
      await setUpPgvector(database.sql, settings.url);
    } catch (error) {
      await database.close();
      throw error;
    }
    count = createVectorCount(database.sql, { model, of: "vectors" });
    countHalves = createVectorCount(database.sql, { model, of: "halves" });
    timer ??= setInterval(follow, IDLE_MS);
    return database;
  }

  async function connected(): Promise<Sql> {
    if (closed) throw new Error("The search index is closed");
    opened ??= open().catch((error) => {
      // The next call tries again.
      opened = null;
      throw error;
    });
    const { sql } = await opened;
    return sql;
  }

  /** In the background; a fault here is the next search's to tell. */
  function start(work: () => Promise<void>): void {
    const task: Promise<void> = work().catch(() => {}).finally(() => tasks.delete(task));
    tasks.add(task);
  }

  function follow(): void {
    if (following || closed) return;
    following = true;
    start(() => takeIn().finally(() => following = false));
  }

  async function takeIn(): Promise<void> {
    const sql = await connected();
    for (let state = "more"; state !== "done" && !closed;) {
      // What is not in the graph yet is found all the same, so copying goes first.
      await copy();
      if (!closed) state = await settlePortion(sql, { model, dimension });
      if (state === "busy") await delay(WAIT_MS);
    }
    await considerGraph(sql);
  }

  /** Returns when no vector is missing any more. */
  const copy = () => copying ??= copyPortions().finally(() => copying = null);

  async function copyPortions(): Promise<void> {
    const sql = await connected();
    for (let state = "more"; state !== "done" && !closed;) {
      state = await copyPortion(sql, { model, dimension });
      if (state === "busy") await delay(WAIT_MS);
    }
  }

  async function considerGraph(sql: Sql): Promise<void> {
    if (building || closed || performance.now() < buildAt || await count() <= exactLimit) return;
    building = true;
    buildAt = performance.now() + BUILD_AGAIN_MS;
    start(async () => {
      try {
        await buildGraph(sql, { model, dimension });
      } finally {
        building = false;
        // What was copied meanwhile.
        follow();
      }
    });
  }

  async function search(...[vector, k, { among } = {}]: Parameters<LibraryIndex["search"]>) {
    checkVector(vector, dimension);
    checkCount(k);
    const select = among ? dialect.sqlToQuery(among) : null;
    const until = performance.now() + patienceMs;
    for (let partial = false;;) {
      const sql = await connected();
      const size = await count();
      const question = { model, vector, k, among: select, size, exactLimit, partial };
      const given = await answer(sql, question);
      if (given) {
        if (given.changed || given.found.missing > 0) follow();
        else if (size > exactLimit) await considerGraph(sql);
        return given.found;
      }
      // While vectors are stored faster than they are copied there would be no end to it.
      partial = !await within(copy(), until - performance.now());
    }
  }

  async function progress(): Promise<IndexProgress> {
    if (!opened) return { state: "idle", done: 0, total: 0 };
    const sql = await connected();
    const [total, done] = await Promise.all([count(), countHalves()]);
    const [{ loaded, valid }] = await sql.unsafe(
      `select exists (select from vector_halves_state
          where model = $1 and compared is null and ${TRUSTED}) as loaded,
        ${graphIsValid(name)} as valid`,
      [model],
    );
    if (!loaded || done < total - MOST_FRESH) return { state: "loading", done, total };
    if (total <= exactLimit) return { state: "ready", done: total, total };
    if (valid) {
      const [{ left }] = await sql`
        select count(*)::int as left from vector_halves where model = ${model} and not settled`;
      return { state: left > 0 ? "building" : "ready", done: Math.max(0, total - left), total };
    }
    const share = await graphShare(sql, name);
    return { state: "building", done: Math.floor(share * total), total };
  }

  /** Faults of the connection have its code, as those of the thread. */
  async function withCode<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (closed) throw new Error("The search index is closed", { cause: error });
      const cause = error instanceof Error && error.cause ? error.cause : error;
      if (!isConnectionFault(cause)) throw error;
      throw Object.assign(new Error((error as Error).message, { cause }), { code: code(cause) });
    }
  }

  return {
    search: (...given) => withCode(() => search(...given)),
    progress: () => withCode(progress),
    async warm() {
      if (closed) throw new Error("The search index is closed");
      await withCode(takeIn).catch((error) => {
        // Ended by closing, and nothing is missing then.
        if (!closed) throw error;
      });
    },
    async close() {
      closed = true;
      const database = await opened?.catch(() => null);
      clearInterval(timer);
      // A graph that is being built is finished by the server, and found by the next process.
      await database?.sql.end({ timeout: building ? 0 : 5 });
      await Promise.all([...tasks, copying?.catch(() => {})]);
    },
  };
}

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether `work` is done within this time; it goes on otherwise. */
async function within(work: Promise<void>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => timer = setTimeout(resolve, Math.max(0, ms), false));
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
