import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { createSession } from "../jobs/lifecycle.ts";
import { ItemPage } from "./api_schemas.ts";
import { addFile, addPhoto, testApp } from "./testing.ts";

Deno.test("the files behind a figure of the ledger", async (t) => {
  const test = await testApp();
  const { db, dataDir } = test;
  const id = await createSession(db, { name: "t", rootPath: "/p", subdirectories: [""] });
  const items = async (query: string) => {
    const { status, body } = await test.get(`/sessions/${id}/items?${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    return ItemPage.parse(body);
  };
  const paths = (page: Awaited<ReturnType<typeof items>>) =>
    page.items.map((item) => item.files[0].path);

  const photo = await addPhoto(db, dataDir, { colour: "red", path: "/p/red.jpg" });
  await addFile(db, { path: "/p/red.jpg", sessionId: id, state: "done", photoId: photo.id });
  await addFile(db, { path: "/p/copy.jpg", sessionId: id, state: "skipped", photoId: photo.id });
  const odd = '/p/<b>"odd"\n🎞️.jpg';
  await addFile(db, { path: odd, sessionId: id, state: "failed", message: "ends too early" });
  for (let n = 0; n < 5; n++) {
    const state = n % 2 ? "running" : "queued";
    await addFile(db, { path: `/p/open-${n}.jpg`, sessionId: id, state });
  }

  await t.step("a failed file with its reason, for programs and for people", async () => {
    const { items: [item], nextCursor } = await items("phase=training&state=failed");
    assert.deepEqual([item.reason, item.message], ["corrupt", "ends too early"]);
    assert.equal(item.files[0].path, odd);
    assert.equal(nextCursor, null);
  });

  await t.step("done and skipped name their photo", async () => {
    const [done] = (await items("phase=training&state=done")).items;
    assert.equal(done.photoId, photo.id);
    assert.deepEqual(paths(await items("phase=training&state=skipped")), ["/p/copy.jpg"]);
  });

  await t.step("pending is queued and in work, page by page and each once", async () => {
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page = await items(`phase=training&state=pending&limit=2&cursor=${cursor}`);
      assert.ok(page.items.length <= 2);
      seen.push(...paths(page));
      cursor = page.nextCursor;
    }
    assert.deepEqual(seen, [0, 1, 2, 3, 4].map((n) => `/p/open-${n}.jpg`));
  });

  await t.step("a face job lists every file that holds the photo", async () => {
    await db.execute(sql`insert into jobs (session_id, phase, subject, state)
      values (${id}, 'face_detection', ${photo.id}, 'done')`);
    const { items: [item] } = await items("phase=face_detection&state=done");
    assert.equal(item.photoId, photo.id);
    assert.deepEqual(item.files.map((file) => file.path), ["/p/copy.jpg", "/p/red.jpg"]);
  });

  await t.step("discovery lists the places it could not read, and nothing else", async () => {
    await db.execute(sql`insert into walk_faults values
      (${id}, '/p/<i>private', 'Permission denied'), (${id}, '/p/other', 'Permission denied')`);
    const first = await items("phase=discovery&state=failed&limit=1");
    assert.deepEqual(
      first.items.map(({ path, jobId, reason }) => [path, jobId, reason]),
      [["/p/<i>private", null, "unreadable"]],
    );
    const next = encodeURIComponent(first.nextCursor!);
    const second = await items(`phase=discovery&state=failed&limit=1&cursor=${next}`);
    assert.deepEqual([second.items[0].path, second.nextCursor], ["/p/other", null]);
    assert.deepEqual((await items("phase=discovery&state=done")).items, []);
    const { status, html } = await test.page(`/sessions/${id}/items?phase=discovery&state=done`);
    assert.equal(status, 200);
    assert.match(html, /lists only places that it could not read/);
  });

  await t.step(
    "phases without files, unknown states, cursors and sessions are refused",
    async () => {
      const clustering = await test.get(`/sessions/${id}/items?phase=clustering&state=done`);
      assert.equal(clustering.status, 400);
      assert.match(clustering.body.error.message, /phase/);
      assert.equal((await test.get(`/sessions/${id}/items?phase=training`)).status, 400);
      const at = `/sessions/${id}/items?phase=training&state=done`;
      for (const wrong of ["cursor=/p", "cursor=-1", "cursor=1e3", "limit=0", "reason="]) {
        assert.equal((await test.get(`${at}&${wrong}`)).status, 400, wrong);
      }
      assert.equal((await test.get("/sessions/999/items?phase=training&state=done")).status, 404);
    },
  );

  await t.step("the page escapes odd names; what failed has a page of its own", async () => {
    await db.execute(sql`update files set path = ${odd + "2"} where path = '/p/copy.jpg'`);
    const { status, html } = await test.page(`/sessions/${id}/items?phase=training&state=skipped`);
    assert.equal(status, 200);
    assert.match(html, /\/p\/&lt;b&gt;&quot;odd&quot;\n🎞️\.jpg2/);
    assert.doesNotMatch(html, /<b>"odd/);
    const failed = await test.app.request(`/sessions/${id}/items?phase=training&state=failed`);
    assert.deepEqual(
      [failed.status, failed.headers.get("location")],
      [302, `/sessions/${id}/failures?phase=training`],
    );
  });

  await t.step(
    "what is ignored can be filtered, and tried after all once the run is over",
    async () => {
      const ignored = await addFile(db, {
        path: "/p/ignored.jpg",
        sessionId: id,
        state: "skipped",
      });
      await db.execute(sql`update jobs set reason = 'ignored' where id = ${ignored.jobId}`);
      const at = `/sessions/${id}/items?phase=training&state=skipped`;
      const all = await test.page(at);
      assert.match(all.html, /reason=ignored"[^>]*>Ignored <b>1<\/b>/);
      assert.doesNotMatch(all.html, /after all/, "the run goes on");
      await db.execute(sql`update sessions set status = 'completed' where id = ${id}`);
      await db.execute(sql`update phases set status = 'completed' where session_id = ${id}`);
      const filtered = await test.page(`${at}&reason=ignored`);
      assert.deepEqual(
        [...filtered.html.matchAll(/name="only" value="(\d+)"/g)].map(([, n]) => n),
        [
          String(ignored.jobId),
        ],
      );
      assert.doesNotMatch(filtered.html, /odd/);
      const fields: [string, string][] = [["back", "items"], ["phase", "training"], [
        "reason",
        "ignored",
      ]];
      const nothing = await test.form(`/sessions/${id}/retry`, fields);
      const told = await test.page(nothing.headers.get("location")!);
      assert.match(told.html, /Nothing was chosen/);
      const retried = await test.form(`/sessions/${id}/retry`, [
        ...fields,
        ["jobId", String(ignored.jobId)],
      ]);
      assert.equal(retried.status, 303);
      assert.match(
        (await test.page(retried.headers.get("location")!)).html,
        /Retry asked for 1 item\./,
      );
      const asked = await db.execute(sql`select job_ids from requests where session_id = ${id}`);
      assert.deepEqual(asked.map((row) => row.job_ids), [[String(ignored.jobId)]]);
    },
  );

  await test.close();
});
