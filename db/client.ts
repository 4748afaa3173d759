import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import * as schema from "./schema.ts";

/** drizzle over a pool of connections. */
export type Db = PostgresJsDatabase<typeof schema>;
/** Inside a transaction. */
export type Tx = Parameters<Parameters<Db["transaction"]>[0]>[0];
export type Sql = postgres.Sql;

export interface Database {
  db: Db;
  /** The pool below, for LISTEN and for statements that must be prepared. */
  sql: Sql;
  url: string;
  close(): Promise<void>;
}

/** Raised when no server answers; the message names host and port (never the password) and the remedy. */
export class DatabaseUnreachable extends Error {
  override name = "DatabaseUnreachable";
}

/**
 * Who stands still inside a transaction for so long is frozen or cut off, and others wait for its
 * locks: the server ends it. As long as a worker's lease, so that its items are free when it ends.
 */
const STANDSTILL_MS = 20_000;

/**
 * Opens a pool on `url` and makes sure a server of version 14 or newer answers. `connections` is
 * the size of the pool. Throws DatabaseUnreachable, or an error that names the version found.
 */
export async function openDatabase(
  url: string,
  options: { connections?: number; name?: string } = {},
): Promise<Database> {
  const sql = postgres(url, {
    max: options.connections ?? 10,
    connect_timeout: 10,
    // By default the wait grows with the failures of all connections of the pool together: ten that
    // lose their server at once would wait for 20 s. Jitter keeps them from coming back in step.
    backoff: () => 0.2 + Math.random() * 0.6,
    onnotice: () => {},
    connection: {
      application_name: options.name ?? "safelight",
      idle_in_transaction_session_timeout: STANDSTILL_MS,
      // Compiling a statement takes longer than any of ours runs: of 100,000 photos half were chosen by
      // date in 165 ms with it, in 52 without (PostgreSQL 15; the embedded server has no compiler).
      jit: "off",
    },
  });
  try {
    const [{ version }] = await sql<
      { version: number }[]
    >`select current_setting('server_version_num')::int as version`;
    if (version < 140000) {
      throw new Error(
        `Cannot use PostgreSQL ${Math.floor(version / 10000)} at ${place(url)}: ` +
          `version 14 or newer is needed`,
      );
    }
  } catch (error) {
    await sql.end({ timeout: 1 });
    // 28: the password is wrong; 3D: there is no such database.
    throw isConnectionFault(error) || /^(28|3D)/.test(code(error))
      ? new DatabaseUnreachable(
        `Cannot reach the database at ${place(url)}: ${(error as Error).message || code(error)}; ` +
          `check that PostgreSQL runs there and that DATABASE_URL names it`,
        { cause: error },
      )
      : error;
  }
  return {
    db: drizzle(sql, { schema, casing: "snake_case" }),
    sql,
    url,
    close: () => sql.end({ timeout: 5 }),
  };
}

/** Host, port and database of a connection URL, without user and password. */
export function place(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host || "localhost"}${pathname}`;
}

/**
 * True for faults of the connection (server away, restarting, without room for another connection), which
 * pass; false for a fault of the statement.
 */
export function isConnectionFault(error: unknown): boolean {
  const found = code(error);
  return /^(ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENET|ETIMEDOUT|CONNECT|CONNECTION_)/
    .test(found) || /^(08|57P0|53300|25P03)/.test(found);
}

/** The SQLSTATE or system code behind an error; drizzle wraps what postgres.js threw as its cause. */
export function code(error: unknown): string {
  const inner = error as { code?: string; cause?: { code?: string } } | undefined;
  return inner?.code ?? inner?.cause?.code ?? "";
}
