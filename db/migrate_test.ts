import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { migrateDatabase, MIGRATIONS } from "./migrate.ts";
import { testDatabase } from "./testing.ts";

interface Entry {
  idx: number;
  when: number;
  tag: string;
}

const journal: Entry[] = JSON.parse(
  await Deno.readTextFile(join(MIGRATIONS, "meta", "_journal.json")),
).entries;

Deno.test("twenty processes that start at once migrate an empty database once", async () => {
  const given = await testDatabase();
  // Not the clone, which is migrated already, but an empty database beside it.
  const name = `safelight_test_${crypto.randomUUID().replaceAll("-", "")}`;
  const url = new URL(given.url);
  url.pathname = `/${name}`;
  try {
    await given.sql.unsafe(`create database ${name} template template0`);
    // Settled, not all: nothing may still migrate when the database is dropped.
    const ends = await Promise.allSettled(
      Array.from({ length: 20 }, () => migrateDatabase(url.href)),
    );
    for (const end of ends) assert.equal(end.status, "fulfilled", String(Object.values(end)[1]));
    await migrateDatabase(url.href);
    const sql = postgres(url.href, { max: 1 });
    try {
      const applied = await sql<{ at: number }[]>`
        select created_at::float8 as at from drizzle.__drizzle_migrations order by id`;
      assert.deepEqual(applied.map((row) => row.at), journal.map((entry) => entry.when));
      const tables = () =>
        sql<{ name: string }[]>`select table_name as name
        from information_schema.tables where table_schema = 'public' order by 1`;
      const names = (await tables()).map((row) => row.name);
      for (const table of ["sessions", "phases", "jobs", "files", "photos", "faces"]) {
        assert(names.includes(table), `no table ${table} among ${names}`);
      }
      const [{ locks }] = await sql`
        select count(*)::int as locks from pg_locks l join pg_database d on d.oid = l.database
        where locktype = 'advisory' and datname = current_database()`;
      assert.equal(locks, 0, "the migration lock is still held");
    } finally {
      await sql.end();
    }
  } finally {
    await given.sql.unsafe(`drop database if exists ${name} with (force)`);
    await given.drop();
  }
});

Deno.test("the journal's times strictly increase, or drizzle would skip a migration silently", () => {
  assert(journal.length > 0);
  for (const [index, entry] of journal.entries()) {
    assert.equal(entry.idx, index);
    if (index > 0) assert(entry.when > journal[index - 1].when, `${entry.tag} is not the newest`);
  }
});

Deno.test("every migration is in the journal, and every entry has its file", async () => {
  const found = [];
  for await (const entry of Deno.readDir(MIGRATIONS)) {
    if (entry.name.endsWith(".sql")) found.push(entry.name.replace(/\.sql$/, ""));
  }
  assert.deepEqual(found.sort(), journal.map((entry) => entry.tag).sort());
});
