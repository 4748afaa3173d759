import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { holdSession } from "../jobs/holds.ts";
import { createSession, pauseSession, startSession } from "../jobs/lifecycle.ts";
import { testApp } from "./testing.ts";

const MESSAGE = "The folder /mnt/<i>photos is empty or cannot be read any more";

/** The link is in the page and not hidden. */
const OFFERED = /accept-missing"\s*>\s*They are really gone…/;

Deno.test("they are really gone", async (t) => {
  const app = await testApp();
  const { db } = app;
  const make = () => createSession(db, { name: "t", rootPath: "/nowhere", subdirectories: [""] });
  const at = (id: number) => `/training/sessions/${id}/accept-missing`;

  await t.step("a held session says why it waits, and what can be done", async () => {
    const id = await make();
    await startSession(db, id);
    await holdSession(db, id, { hold: "photos_gone", message: MESSAGE, path: "/mnt/x.jpg" });
    const { body } = await app.get(`/training/sessions/${id}/progress-unified`);
    assert.deepEqual(body.hold, { reason: "photos_gone", message: MESSAGE });
    assert.equal(body.overallStatus, "paused");
    const { html } = await app.page(`/sessions/${id}`);
    assert.match(html, /Waiting/);
    assert.match(html, /The folder \/mnt\/&lt;i&gt;photos is empty/);
    assert.match(html, OFFERED);
    assert.match(html, /Try again now/);
    const asked = await app.page(`/sessions/${id}/accept-missing`);
    assert.equal(asked.status, 200);
    assert.match(asked.html, /Nothing is deleted on any disk/);

    // The folder need not be there for it, nor does a second click hurt.
    assert.deepEqual((await app.post(at(id))).body, {
      sessionId: id,
      status: "discovering",
      changed: true,
    });
    const again = await app.post(at(id));
    assert.equal(again.status, 200);
    assert.equal(again.body.changed, false);
  });

  await t.step("so does a walk that was not believed", async () => {
    const id = await make();
    await startSession(db, id);
    await db.execute(sql`
      update phases set status = case when name = 'discovery' then 'failed' else 'cancelled' end
      where session_id = ${id}`);
    await db.execute(sql`update sessions set status = 'failed', error = 'gone' where id = ${id}`);
    assert.equal((await app.post(at(id))).status, 409, "failed for another reason");
    await db.execute(sql`
      update jobs set state = 'failed', reason = 'files_gone' where session_id = ${id}`);
    assert.match((await app.page(`/sessions/${id}`)).html, OFFERED);
    const answer = await app.form(`/sessions/${id}/accept-missing`, []);
    assert.equal(answer.status, 303);
    const [{ accepted, status }] = await db.execute<{ accepted: boolean; status: string }>(sql`
      select accept_missing as accepted, status from sessions where id = ${id}`);
    assert.deepEqual({ accepted, status }, { accepted: true, status: "discovering" });
  });

  await t.step("elsewhere it is refused, with the state", async () => {
    const id = await make();
    await startSession(db, id);
    await pauseSession(db, id);
    const answer = await app.post(at(id));
    assert.equal(answer.status, 409);
    assert.equal(answer.body.error.details.status, "paused");
    assert.equal((await app.page(`/sessions/${id}/accept-missing`)).status, 409);
    assert.equal((await app.post(at(999_999))).status, 404);
  });

  await t.step("a session that waits for its hours can be run now", async () => {
    const id = await make();
    await startSession(db, id);
    await holdSession(db, id, { hold: "outside_hours", message: "Waits until 22:00 (UTC)" });
    const { html } = await app.page(`/sessions/${id}`);
    assert.match(html, /Run now/);
    assert.match(html, /Waits until 22:00 \(UTC\)/);
    assert.doesNotMatch(html, OFFERED);
    await app.post(`/training/sessions/${id}/resume`);
    const [{ ignores }] = await db.execute<{ ignores: boolean }>(sql`
      select ignore_hours as ignores from sessions where id = ${id}`);
    assert.equal(ignores, true);
  });

  await app.close();
});
