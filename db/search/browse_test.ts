import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import type { Db, Tx } from "../client.ts";
import { insertPhoto } from "../people_testing.ts";
import { files } from "../schema.ts";
import { testDatabase } from "../testing.ts";
import { browse, countPassing } from "./browse.ts";

async function present(db: Db, takenAt: string | null): Promise<number> {
  const photoId = await insertPhoto(db, { takenAt });
  await db.insert(files).values({ path: `/p/${photoId}`, size: 1, mtimeMs: 1, photoId });
  return photoId;
}

Deno.test("photos that come and go between two pages repeat and hide none of the others", async () => {
  const database = await testDatabase();
  const { db } = database;
  const at = (hour: number) => `2020-01-01T${String(hour).padStart(2, "0")}:00:00`;
  const ids = [];
  for (const time of [at(5), at(4), at(4), at(3), null, null]) ids.push(await present(db, time));
  const [five, four, alsoFour, three, older, newer] = ids;
  const first = await browse(db, {}, { limit: 2 });
  assert.deepEqual(first.ids, [five, alsoFour]);
  await present(db, at(9));
  await present(db, at(4));
  await db.execute(sql`update files set missing_at = now() where photo_id = ${alsoFour}`);
  const second = await browse(db, {}, { limit: 2, after: first.nextAfter });
  assert.deepEqual(second.ids, [four, three]);
  const last = await browse(db, {}, { limit: 2, after: second.nextAfter });
  assert.deepEqual(last, { ids: [newer, older], nextAfter: null });
  assert.deepEqual(await browse(db, {}, { limit: 2, after: { takenAt: null, id: older } }), {
    ids: [],
    nextAfter: null,
  });
  assert.deepEqual(await countPassing(db, {}), { count: 7, more: false });
  assert.deepEqual(await countPassing(db, {}, { atMost: 7 }), { count: 7, more: false });
  assert.deepEqual(await countPassing(db, {}, { atMost: 6 }), { count: 6, more: true });
  await database.drop();
});

Deno.test("a page deep in the library reads no more rows than it shows", async () => {
  const database = await testDatabase();
  const { db } = database;
  await db.execute(sql`
    insert into photos (sha256, byte_size, width, height, format, taken_at, dhash, flat,
      first_mtime_ms, first_path, preview_width, preview_height)
    select n::text, 1, 4, 3, 'jpeg', to_char(timestamp '2000-01-01' + n * interval '1 hour',
      'YYYY-MM-DD"T"HH24:MI:SS'), n::text, false, 1, '/p/' || n, 1, 1
    from generate_series(1, 20000) n`);
  await db.execute(sql`insert into files (path, size, mtime_ms, photo_id)
    select '/p/' || id, 1, 1, id from photos`);
  await db.execute(sql.raw("analyze"));
  const read = await db.transaction(async (tx) => {
    const before = await scansOn(tx);
    const page = await browse(tx as unknown as Db, {}, {
      limit: 50,
      after: { takenAt: "2001-01-01T00:00:00", id: 9000 },
    });
    assert.equal(page.ids.length, 50);
    return await scansOn(tx) - before;
  });
  assert(read <= 60, `${read} rows were read`);
  await database.drop();
});

/** Rows of photos that this transaction has fetched along indexes or read one after the other. */
async function scansOn(tx: Tx): Promise<number> {
  const [row] = await tx.execute<{ rows: number }>(sql`
    select (seq_tup_read + idx_tup_fetch)::int as rows from pg_stat_xact_user_tables
    where relname = 'photos'`);
  return row.rows;
}
