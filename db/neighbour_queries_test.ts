import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { findNeighbours } from "./neighbour_queries.ts";
import { testDatabase } from "./testing.ts";

Deno.test("neighbours in time", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  // Ids against time: photo n was taken in the minute 20 − n; 9 and 10 in the same second; 15 to 19
  // have no date; 4's file is gone; 12 is a duplicate of 6.
  await db.execute(sql`
    insert into photos (id, sha256, byte_size, width, height, format, taken_at, dhash, flat,
      representative_id, first_mtime_ms, first_path, preview_width, preview_height)
    overriding system value
    select n, 'x' || n, 10, 4, 3, 'jpeg', case when n < 15 then '2020-05-01T10:' ||
      lpad((20 - case n when 10 then 9 else n end)::text, 2, '0') || ':00' end,
      'x' || n, false, case n when 12 then 6 end, 1, '/lib/' || n, 4, 3
    from generate_series(1, 19) n`);
  await db.execute(sql`
    insert into files (path, size, mtime_ms, photo_id, missing_at)
    select first_path, 10, 1, id, case id when 4 then now() end from photos`);
  const beside = async (id: number, each = 6) => {
    const [photo] = await db.execute<{ takenAt: string | null; head: string | null }>(sql`
      select taken_at as "takenAt", representative_id as head from photos where id = ${id}`);
    const representativeId = photo.head === null ? null : Number(photo.head);
    const found = await findNeighbours(db, { id, takenAt: photo.takenAt, representativeId }, {
      each,
    });
    return [found.earlier.map(({ id }) => id), found.later.map(({ id }) => id)];
  };

  await t.step("earlier and later ones, without duplicates and files that are gone", async () => {
    assert.deepEqual(await beside(6), [[13, 11, 9, 10, 8, 7], [5, 3, 2, 1]]);
    assert.deepEqual(await beside(6, 2), [[8, 7], [5, 3]]);
    assert.deepEqual(await beside(14), [[], [13, 11, 9, 10, 8, 7]]);
  });

  await t.step("a duplicate stands where its representative does", async () => {
    assert.deepEqual(await beside(12), await beside(6));
  });

  await t.step("photos of one second follow one another, both ways", async () => {
    assert.deepEqual(await beside(9, 1), [[11], [10]]);
    assert.deepEqual(await beside(10, 1), [[9], [8]]);
  });

  await t.step("without a date: by when they were found, among themselves", async () => {
    assert.deepEqual(await beside(17), [[15, 16], [18, 19]]);
    assert.deepEqual(await beside(15), [[], [16, 17, 18, 19]]);
  });

  await t.step("files that are gone in the way, and a duplicate that is there", async () => {
    await db.execute(sql`update files set missing_at = now() where photo_id in (6, 7)`);
    // Of 6 the duplicate 12 is left, of 7 nothing.
    assert.deepEqual(await beside(8, 1), [[10], [6]]);
  });

  await database.drop();
});
