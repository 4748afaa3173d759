import { basename, join } from "node:path";
import { type Database, openDatabase } from "../db/client.ts";
import { startEmbedded } from "../db/embedded/server.ts";
import { openDataDir } from "../db/data_dir.ts";
import { migrateDatabase } from "../db/migrate.ts";
import type { SampleFile } from "../models/sample/expectations.ts";

/**
 * Runs `work` with a folder that the database's user may enter: a temporary one that is removed at
 * the end, or `keep`, which is made if need be and stays.
 */
export async function withFolder(
  work: (dir: string) => Promise<void>,
  keep?: string,
): Promise<void> {
  if (keep) {
    await Deno.mkdir(keep, { recursive: true, mode: 0o711 });
    return await work(await Deno.realPath(keep));
  }
  const dir = await Deno.makeTempDir({ prefix: "safelight-bench-" });
  await Deno.chmod(dir, 0o711);
  try {
    await work(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Runs `work` on a migrated database of a PostgreSQL server of its own. */
export async function withDatabase(work: (database: Database) => Promise<void>): Promise<void> {
  await withFolder(async (dir) => {
    const data = join(dir, "data");
    await openDataDir(data);
    const server = await startEmbedded(data);
    try {
      await migrateDatabase(server.url);
      const database = await openDatabase(server.url);
      await work(database).finally(database.close);
    } finally {
      await server.release();
    }
  });
}

export interface Served {
  url: string;
  /** The web process. */
  pid: number;
  database: Database;
  post(path: string, body?: unknown): Promise<void>;
  /** Makes a session over a folder; returns its id. */
  create(rootPath: string, options?: { skipFaceDetection: boolean }): Promise<number>;
}

/**
 * Runs `work` with Safelight serving a fresh data directory, or that in the folder `keep`: web and
 * worker processes, own database. `environment` are variables of its configuration, such as
 * SAFELIGHT_MODELS; the user's own are not looked at.
 */
export async function withServer(
  options: { worker: boolean; environment?: Record<string, string>; keep?: string },
  work: (served: Served, dir: string) => Promise<void>,
): Promise<void> {
  await withFolder(async (dir) => {
    const data = join(dir, "data");
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--quiet",
        new URL("./web.ts", import.meta.url).pathname,
        data,
        ...(options.worker ? [] : ["--no-worker"]),
        ...Object.entries(options.environment ?? {}).map((pair) => pair.join("=")),
      ],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    try {
      const url = await firstLine(child.stdout);
      const server = await startEmbedded(data);
      const database = await openDatabase(server.url);
      const post = (path: string, body?: unknown) => send(url + path, body);
      const create = async (rootPath: string, flags = {}) => {
        const name = rootPath;
        const created = await send(`${url}/api/v1/training/sessions`, {
          ...{ name, rootPath, subdirectories: [""] },
          ...flags,
        });
        return created.id;
      };
      try {
        if (options.worker) await until(database, (sql) => sql`select 1 from workers`);
        await work({ url, pid: child.pid, database, post, create }, dir);
      } finally {
        await database.close();
        await server.release();
      }
    } finally {
      await child.stdin.close();
      await child.status;
    }
  }, options.keep);
}

// deno-lint-ignore no-explicit-any
async function send(url: string, body: unknown = {}): Promise<any> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return text && JSON.parse(text);
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("The server ended before it was ready");
    text += value;
  }
  return text.slice(0, text.indexOf("\n"));
}

/** Asks every `everyMs` until the query gives a row; throws after `seconds`. */
export async function until<Row>(
  { sql }: Database,
  query: (sql: Database["sql"]) => PromiseLike<readonly Row[]>,
  { seconds = 240, everyMs = 20 } = {},
): Promise<Row> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const [row] = await query(sql);
    if (row) return row;
    if (performance.now() > end) throw new Error(`Waited ${seconds} s in vain for: ${query}`);
    await sleep(everyMs);
  }
}

/** Resolves when no worker has a job in hand. */
export const calm = (database: Database) =>
  until(
    database,
    (sql) => sql`select 1 where not exists (select from jobs where state = 'running')`,
  );

/** Resolves with the session once its state is one of the terminal ones. */
export const over = (database: Database, id: number) =>
  until(database, (sql) =>
    sql<{ status: string }[]>`select status from sessions where id = ${id}
      and status in ('completed', 'failed', 'cancelled')`);

/** Writes `count` tiny files named .jpg below `dir`, a thousand to a folder. */
export async function writeTinyFiles(dir: string, count: number): Promise<void> {
  for (let start = 0; start < count; start += 1000) {
    const folder = join(dir, `folder ${start / 1000}`);
    await Deno.mkdir(folder, { recursive: true });
    for (let i = start; i < Math.min(start + 1000, count); i++) {
      Deno.writeTextFileSync(join(folder, `IMG_${i}.jpg`), `${i}`);
    }
  }
}

/** Copies the sample's distinct photos, neither copies nor broken files, into one new folder. */
export function copyPhotos(files: SampleFile[], { from, to }: { from: string; to: string }) {
  Deno.mkdirSync(to);
  return files.filter((file) => file.kind === "photo").map((file, index) => {
    const path = join(to, `${index} ${basename(file.path).slice(-60)}`);
    Deno.copyFileSync(join(from, file.path), path);
    return path;
  });
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The smallest sample that `share` (0…1) of all samples do not exceed; NaN of none. */
export function quantile(samples: number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

export const median = (samples: number[]) => quantile(samples, 0.5);

/** Milliseconds `work` took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Three significant digits, with thousands separated. */
export const figure = (value: number) =>
  value.toLocaleString("en", { maximumSignificantDigits: value >= 1000 ? 4 : 3 });

/** Prints figures in columns under a heading, with the load of the machine at that moment. */
export function print(title: string, rows: Record<string, string | number>[]): void {
  const names = Object.keys(rows[0]);
  const cells = rows.map((row) =>
    names.map((name) => typeof row[name] === "number" ? figure(row[name]) : row[name])
  );
  const [one, five] = Deno.loadavg();
  console.log(`\n${title} (load ${one.toFixed(1)}, ${five.toFixed(1)} over five minutes)`);
  for (const cell of [names, ...cells]) {
    const line = names.map((name, column) => {
      const width = Math.max(name.length, ...cells.map((row) => row[column].length));
      const word = typeof rows[0][name] === "string";
      return word ? cell[column].padEnd(width) : cell[column].padStart(width);
    });
    console.log(`  ${line.join("  ")}`);
  }
}
