import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { addLargeGroup, removeGroup } from "../db/large_groups_testing.ts";
import { CopyGroup, DuplicateLine, DuplicatesPage } from "./duplicate_schemas.ts";
import { addPhoto, testApp } from "./testing.ts";

/** Names that spreadsheets and careless programs stumble over. */
const ODD = [
  '/p/a "quoted".jpg',
  "/p/two\nlines.jpg",
  "=cmd()/x.jpg",
  "+1.jpg",
  "-1.jpg",
  "@a.jpg",
];

/** As they are listed: the one the photo was first read from, then by path. */
const SORTED = [ODD[0], ...ODD.slice(1).sort()];

Deno.test("duplicates over HTTP", async (t) => {
  const test = await testApp();
  const { db, dataDir } = test;
  const hold = (photoId: number, path: string) =>
    db.execute(sql`insert into files (path, size, mtime_ms, photo_id)
      values (${path}, 2000, 1600000000000, ${photoId})`);
  const empty = await test.page("/duplicates");
  assert.match(empty.html, /Nothing in the library is there twice/);
  const photo = await addPhoto(db, dataDir, { colour: "red", path: ODD[0] });
  for (const path of ODD) await hold(photo.id, path);
  const other = await addPhoto(db, dataDir, {
    colour: "#f00001",
    path: "/mail/<b>small</b>.jpg",
    representativeId: photo.id,
  });
  await hold(other.id, "/mail/<b>small</b>.jpg");
  await db.execute(sql`update photos set width = 300, height = 200, byte_size = 99, taken_at = null
    where id = ${other.id}`);
  const lines = async (query = "") => {
    const reply = await test.app.request(`/duplicates/export?format=json${query}`);
    return DuplicateLine.array().parse(await reply.json());
  };

  await t.step("the API: groups, filters and a cursor", async () => {
    const { body } = await test.get("/duplicates");
    const page = DuplicatesPage.parse(body);
    assert.equal(page.nextCursor, null);
    const [group] = page.items;
    assert.equal(group.spareBytes, 6 * 2000);
    assert.deepEqual(group.photos.map(({ id, likeness, differs }) => [id, likeness, differs]), [
      [photo.id, "exact", []],
      [other.id, "reencode", ["pixels", "bytes", "takenAt"]],
    ]);
    assert.deepEqual(group.photos[0].files.map(({ path }) => path), SORTED);
    const counts = async (query: string) =>
      (await test.get(`/duplicates?${query}`)).body.items.length;
    assert.equal(await counts("kind=exact"), 1);
    assert.equal(await counts("kind=near"), 0);
    assert.equal(await counts("kind=reencode&folder=%2Fmail"), 1);
    assert.equal(await counts("folder=%2Fmailbox"), 0);
    assert.equal(await counts(`cursor=${photo.id}`), 0);
    CopyGroup.parse(group);
    const relative = await test.get("/duplicates?folder=photos/2019");
    assert.equal(relative.status, 400);
    assert.deepEqual(relative.body.error.details, [{
      field: "folder",
      problem: '"photos/2019" is no absolute path, such as /home/me/Pictures',
    }]);
    assert.equal(await counts("folder=%2Fp%2F..%2Fmail%2F"), 1);
    for (const query of ["kind=all", "cursor=x", "cursor=-1", "limit=0", "folder=%00"]) {
      assert.equal((await test.get(`/duplicates?${query}`)).status, 400, query);
    }
  });

  await t.step("the page says what differs, escapes names and deletes nothing", async () => {
    const { html } = await test.page("/duplicates");
    assert.match(html, /smaller: 300 × 200 · fewer bytes: 99 bytes · without a date/);
    assert.match(html, /same bytes, in another folder and under another name/);
    assert.match(html, /Safelight deletes nothing/);
    assert.match(html, /&lt;b&gt;small&lt;\/b&gt;/);
    assert.doesNotMatch(html, /<b>small|<form method="post"| style=/);
    // Who runs no scripts follows the link that is in the place of the total.
    assert.match(html, /<p[^>]*id="total"[^>]*><a href="\/duplicates\/total">How much/);
    const total = await test.page("/duplicates/total");
    assert.match(total.html, /<title>.*<b>1 group<\/b> of 7 files.*12 kB beyond/s);
    const part = await test.app.request("/duplicates/total", { headers: { "hx-request": "true" } });
    assert.match(await part.text(), /^<span><b>1 group<\/b> of 7 files.*12 kB beyond/s);
    const none = await test.page("/duplicates?kind=near&folder=");
    assert.match(none.html, /Nothing in the library is like that/);
    assert.equal((await test.page("/duplicates?kind=bad")).status, 400);
    const relative = await test.page("/duplicates?kind=near&folder=photos%2F%3Cb%3E");
    assert.equal(relative.status, 400);
    assert.match(
      relative.html,
      /role="alert"[^>]*>The folder &quot;photos\/&lt;b&gt;&quot; is no absolute path, such as/,
    );
    assert.match(relative.html, /value="photos\/&lt;b&gt;"[^>]*aria-invalid="true"/);
    assert.doesNotMatch(relative.html, /Nothing in the library|Export as/);
    const long = await test.page(`/duplicates?folder=/${"x".repeat(5000)}`);
    assert.match(long.html, /The folder [^<]* is too long \(5001 characters\)/);
    for (const path of ["total?", "export?format=csv&"]) {
      assert.equal((await test.page(`/duplicates/${path}folder=photos`)).status, 400, path);
    }
  });

  await t.step("exports: exact as JSON, harmless in a spreadsheet as CSV", async () => {
    const all = await lines();
    assert.deepEqual(all.map(({ path }) => path), [...SORTED, "/mail/<b>small</b>.jpg"]);
    assert.deepEqual(all.at(-1)!.differs, ["pixels", "bytes", "takenAt"]);
    assert.equal(all[0].changedAt, "2020-09-13T12:26:40.000Z");
    assert.equal((await lines("&kind=exact")).length, 6);
    assert.deepEqual(await lines("&kind=near"), []);
    const reply = await test.app.request("/duplicates/export?format=csv&kind=exact&folder=");
    assert.match(reply.headers.get("content-type")!, /^text\/csv/);
    assert.equal(
      reply.headers.get("content-disposition"),
      'attachment; filename="safelight-duplicates-exact.csv"',
    );
    const csv = await reply.text();
    assert.match(csv, /^group,likeness,differs,path,/);
    assert.ok(csv.includes(',"/p/a ""quoted"".jpg",'));
    assert.ok(csv.includes(',"/p/two\nlines.jpg",'));
    for (const path of ["=cmd()/x.jpg", "+1.jpg", "-1.jpg", "@a.jpg"]) {
      assert.ok(csv.includes(`,'${path},`), path);
    }
    assert.equal((await test.app.request("/duplicates/export?format=xml")).status, 400);
  });

  await t.step("an export has all of a group, though a page does not", async () => {
    const looks = Array.from(
      { length: 150 },
      (_, n) => n === 140 ? { camera: "Canon EOS R6" } : {},
    );
    const ids = await addLargeGroup(db, [{ files: 5000 }, ...looks]);
    const large = (await lines()).filter(({ group }) => group === ids[0]);
    assert.equal(large.length, 5000 + 150);
    assert.equal(new Set(large.map(({ path }) => path)).size, 5000 + 150);
    assert.deepEqual([...new Set(large.map(({ photoId }) => photoId))], ids);
    assert.deepEqual(
      large.filter(({ likeness }) => likeness === "near").map((line) => line.photoId),
      [ids[141]],
    );
    assert.equal((await lines("&kind=near")).length, 5000 + 150);
    assert.equal((await lines("&kind=exact")).filter(({ group }) => group === ids[0]).length, 5000);
    const csv = await (await test.app.request("/duplicates/export?format=csv&kind=near")).text();
    assert.equal(csv.trimEnd().split("\r\n").length, 1 + 5000 + 150);
    const { html } = await test.page("/duplicates?kind=near");
    assert.match(html, /at least 199 files/);
    await removeGroup(db, ids);
  });

  await t.step("many: an export reads on as it is taken, a page costs the same", async () => {
    const page = () => test.page("/duplicates");
    const few = await test.counting(page);
    await db.execute(sql`
      insert into photos (sha256, byte_size, width, height, format, dhash, flat, first_mtime_ms,
        first_path, preview_width, preview_height)
      select 'many' || n, 10, 4, 3, 'jpeg', 'many' || n, false, 1, '/lib/' || n, 4, 3
      from generate_series(1, 20000) n`);
    await db.execute(sql`
      insert into files (path, size, mtime_ms, photo_id)
      select place || first_path, 10, 1, id from photos, (values (''), ('/backup')) as of (place)
      where sha256 like 'many%'`);
    assert.ok(await test.counting(page) <= few);
    assert.equal((await lines("&kind=exact")).length, 6 + 40_000);
    const taken = await test.counting(async () => {
      const reply = await test.app.request("/duplicates/export?format=csv");
      const reader = reply.body!.getReader();
      await reader.read();
      await reader.read();
      await reader.cancel();
    });
    assert.ok(taken <= 8, `${taken} statements`);
    const head = await test.counting(async () => {
      await test.app.request("/duplicates/export?format=csv", { method: "HEAD" });
    });
    assert.equal(head, 0);
  });

  await test.close();
});
