import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import type { Db } from "./client.ts";
import { loadGroups } from "./copy_groups.ts";
import { countDuplicates, listDuplicates, walkDuplicates } from "./duplicate_queries.ts";
import type { Likeness } from "./likeness.ts";
import { photos } from "./schema.ts";
import { testDatabase } from "./testing.ts";

let made = 0;

/** A photo with its files; a path that begins with "!" is gone. */
async function add(
  db: Db,
  paths: string[],
  change: Partial<typeof photos.$inferInsert> = {},
): Promise<number> {
  const name = String(made++).padStart(64, "0");
  const [{ id }] = await db.insert(photos).values({
    sha256: name,
    byteSize: 1000,
    width: 400,
    height: 300,
    format: "jpeg",
    takenAt: "2019-07-21T18:04:09",
    camera: "Leica M6",
    dhash: name.slice(0, 16),
    flat: false,
    firstMtimeMs: 1_600_000_000_000,
    firstPath: paths[0]?.replace("!", "") ?? "/gone",
    previewWidth: 400,
    previewHeight: 300,
    ...change,
  }).returning({ id: photos.id });
  for (const path of paths) {
    await db.execute(sql`
      insert into files (path, size, mtime_ms, photo_id, missing_at) values (
        ${path.replace("!", "")}, ${change.byteSize ?? 1000}, 1600000000000, ${id},
        case when ${path.startsWith("!")} then now() end)`);
  }
  return id;
}

const ids = async (db: Db, filter: { kind?: Likeness; folder?: string } = {}) =>
  (await listDuplicates(db, { ...filter, after: 0, limit: 100, lookMs: 5000 })).groups
    .map(({ id }) => id);

Deno.test("groups of duplicates", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  assert.deepEqual(await listDuplicates(db, { after: 0, limit: 10 }), { groups: [], next: null });
  const copied = await add(db, ["/p/a.jpg", "/backup/a.jpg"]);
  await add(db, ["/p/single.jpg"]);
  await add(db, ["/p/left.jpg", "!/backup/left.jpg"]);
  const head = await add(db, ["/p/b.jpg", "/backup/b.jpg"], { byteSize: 5000 });
  const small = await add(db, ["/mail/b.jpg"], {
    representativeId: head,
    width: 200,
    height: 150,
    takenAt: null,
    camera: null,
    byteSize: 300,
  });
  const burst = await add(db, ["/p/c1.jpg"]);
  const next = await add(db, ["/p/c2.jpg", "/backup/c2.jpg", "!/old/c2.jpg"], {
    representativeId: burst,
    takenAt: "2019-07-21T18:04:10",
  });
  const gone = await add(db, ["!/p/d.jpg"]);
  await add(db, ["/p/d2.jpg"], { representativeId: gone });

  await t.step("each picture is in one of them; files that are gone are no copies", async () => {
    assert.deepEqual(await ids(db), [copied, head, burst]);
    assert.deepEqual(await ids(db, { kind: "exact" }), [copied, head, next]);
    assert.deepEqual(await ids(db, { kind: "reencode" }), [head]);
    assert.deepEqual(await ids(db, { kind: "near" }), [burst]);
  });

  await t.step("files and differences in each", async () => {
    const [, group, near] =
      (await listDuplicates(db, { after: 0, limit: 10, lookMs: 5000 })).groups;
    assert.deepEqual(group.photos.map((photo) => [photo.id, photo.likeness, photo.differs]), [
      [head, "exact", []],
      [small, "reencode", ["pixels", "bytes", "takenAt", "camera"]],
    ]);
    assert.deepEqual(group.photos[0].files.map((file) => file.path), ["/p/b.jpg", "/backup/b.jpg"]);
    assert.equal(group.spareBytes, 5300);
    assert.deepEqual(near.photos[1].files.map((file) => [file.path, file.missing]), [
      ["/p/c2.jpg", false],
      ["/backup/c2.jpg", false],
      ["/old/c2.jpg", true],
    ]);
    // Two pictures of a moment are no waste; the copy of one is.
    assert.equal(near.spareBytes, 1000);
    assert.deepEqual(await countDuplicates(db, { lookMs: 5000 }), {
      groups: 3,
      photos: 5,
      files: 8,
      spareBytes: 1000 + 5300 + 1000,
      atLeast: false,
    });
  });

  await t.step(
    "others are compared with the first that is there, or with the one asked for",
    async () => {
      const [lost] = await loadGroups(db, [gone]);
      assert.deepEqual(lost.photos.map(({ id }) => id).indexOf(gone), 1);
      const [seen] = await loadGroups(db, [head], { first: small });
      assert.deepEqual(seen.photos.map(({ id }) => id), [small, head]);
      assert.deepEqual(await loadGroups(db, [987654]), []);
    },
  );

  await t.step("a folder: of one file of the group, below it and not beside it", async () => {
    assert.deepEqual(await ids(db, { folder: "/mail" }), [head]);
    assert.deepEqual(await ids(db, { folder: "/backup/" }), [copied, head, burst]);
    assert.deepEqual(await ids(db, { folder: "/mail", kind: "exact" }), []);
    for (const folder of ["/ma", "/mail/b.jpg", "/old", "/%", "relative"]) {
      assert.deepEqual(await ids(db, { folder }), [], folder);
    }
  });

  await t.step("page by page, each group once", async () => {
    const seen: number[] = [];
    for (let after: number | null = 0; after !== null;) {
      const page = await listDuplicates(db, { after, limit: 1 });
      assert.ok(page.groups.length <= 1);
      seen.push(...page.groups.map(({ id }) => id));
      assert.ok(page.next === null || page.next > after);
      after = page.next;
    }
    assert.deepEqual(seen, [copied, head, burst]);
  });

  await database.drop();
});

Deno.test("a large library is looked through in parts that miss nothing", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  // Each 600th photo is a duplicate of the one before; each 25,000th has a copy, and one duplicate.
  await db.execute(sql`
    insert into photos (sha256, byte_size, width, height, format, dhash, flat, first_mtime_ms,
      first_path, preview_width, preview_height)
    select 'x' || n, 10, 4, 3, 'jpeg', 'x' || n, false, 1, '/lib/' || n, 4, 3
    from generate_series(1, 60000) n`);
  await db.execute(sql`update photos set representative_id = id - 1 where id % 600 = 0`);
  await db.execute(sql`
    insert into files (path, size, mtime_ms, photo_id)
    select first_path, 10, 1, id from photos
    union all select '/backup' || first_path, 10, 1, id from photos where id % 25000 = 0 or id = 600`);
  // Many files of one content: more than are looked at in one go.
  await db.execute(sql`
    insert into files (path, size, mtime_ms, photo_id)
    select '/same/' || n, 10, 1, 30001 from generate_series(1, 51000) n`);
  await db.execute(sql`analyze photos, files`);

  await t.step("whatever the portions, the groups are those that one statement finds", async () => {
    const wanted = await db.execute<{ id: string }>(sql`
      select coalesce(p.representative_id, p.id) as id from files f join photos p
      on p.id = f.photo_id group by 1 having count(*) > 1 order by 1`);
    const found: number[] = [];
    for await (const { groups } of walkDuplicates(db, { after: 0 })) {
      found.push(...groups.map(({ id }) => id));
    }
    assert.equal(found.length, 100 + 2 + 1);
    assert.deepEqual(found, wanted.map(({ id }) => Number(id)));
    const exact: number[] = [];
    for await (const { groups } of walkDuplicates(db, { kind: "exact", after: 0 })) {
      exact.push(...groups.map(({ id }) => id));
    }
    assert.deepEqual(exact, [600, 25000, 30001, 50000]);
  });

  await t.step("without time to look, a page is short and the next goes on", async () => {
    const found: number[] = [];
    let pages = 0;
    for (let after: number | null = 0; after !== null; pages++) {
      const page = await listDuplicates(db, { kind: "exact", after, limit: 20, lookMs: 0 });
      found.push(...page.groups.map(({ id }) => id));
      after = page.next;
    }
    assert.deepEqual(found, [600, 25000, 30001, 50000]);
    assert.ok(pages > 1, `${pages} pages`);
    assert.equal((await countDuplicates(db, { lookMs: 0 })).atLeast, true);
    const total = await countDuplicates(db, { kind: "exact", lookMs: 60_000 });
    // No more than a hundred files of one content are listed and counted.
    assert.deepEqual([total.groups, total.files, total.atLeast], [4, 2 + 2 + 100 + 2, true]);
  });

  await database.drop();
});
