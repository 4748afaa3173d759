import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import postgres from "postgres";
import { openDatabase } from "../client.ts";
import { migrateDatabase } from "../migrate.ts";
import type { TestDatabase } from "../testing.ts";
import { startTurns } from "./pglite_turns.ts";

// Above what a test opens at once; PGlite takes their statements in turn.
const CONNECTIONS = 32;

/**
 * A fresh, migrated database in PGlite, PostgreSQL as WebAssembly in this process, which brings
 * pgvector and speaks the protocol on a port. It is one session however many connections there are: a
 * transaction has it to itself, advisory locks keep nobody out, and nothing runs beside anything.
 */
export async function pgliteDatabase(): Promise<TestDatabase> {
  const lite = await PGlite.create({ extensions: { vector } });
  const server = new PGLiteSocketServer({
    db: lite,
    host: "127.0.0.1",
    port: 0,
    maxConnections: CONNECTIONS,
  });
  await server.start();
  const [hostname, port] = server.getServerConn().split(":");
  const turns = startTurns({ hostname, port: Number(port) });
  const url = `postgres://postgres@127.0.0.1:${turns.port}/postgres`;
  await migrateDatabase(url);
  const database = await openDatabase(url);
  return {
    ...database,
    async drop() {
      await database.close();
      await turns.close();
      await server.stop();
      await lite.close();
    },
  };
}

/** A fresh, migrated database on the server at `url`. */
export async function serverDatabase(url: string): Promise<TestDatabase> {
  const admin = postgres(url, { max: 1, onnotice: () => {} });
  const name = `safelight_test_${crypto.randomUUID().replaceAll("-", "")}`;
  await admin.unsafe(`create database ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  await migrateDatabase(own.href);
  const database = await openDatabase(own.href);
  return {
    ...database,
    async drop() {
      await database.close();
      await admin.unsafe(`drop database ${name} with (force)`);
      await admin.end();
    },
  };
}
