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
    let cursor: number | null = 0;
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

  await t.step("phases without files, unknown states and sessions are refused", async () => {
    const clustering = await test.get(`/sessions/${id}/items?phase=clustering&state=done`);
    assert.equal(clustering.status, 400);
    assert.match(clustering.body.error.message, /phase/);
    assert.equal((await test.get(`/sessions/${id}/items?phase=training`)).status, 400);
    assert.equal((await test.get("/sessions/999/items?phase=training&state=done")).status, 404);
  });

  await t.step("the page escapes odd names and offers a retry once the run is over", async () => {
    const at = `/sessions/${id}/items?phase=training&state=failed`;
    const running = await test.page(at);
    assert.equal(running.status, 200);
    assert.match(running.html, /\/p\/&lt;b&gt;&quot;odd&quot;\n🎞️\.jpg/);
    assert.doesNotMatch(running.html, /<b>"odd/);
    assert.match(running.html, /ends too early/);
    assert.doesNotMatch(running.html, /Retry/);
    await db.execute(sql`update sessions set status = 'completed' where id = ${id}`);
    const over = await test.page(at);
    assert.match(over.html, /Retry all/);
    const [, jobId] = over.html.match(/name="jobId" value="(\d+)"/)!;
    const retried = await test.form(`/sessions/${id}/retry`, [["jobId", jobId]]);
    assert.equal(retried.status, 303);
    const [asked] = await db.execute(sql`select job_ids from requests where session_id = ${id}`);
    assert.deepEqual(asked.job_ids, [jobId]);
  });

  await test.close();
});
