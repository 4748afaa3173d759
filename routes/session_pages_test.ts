import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { join } from "node:path";
import type { SessionStatus } from "../db/schema.ts";
import { testDirectory } from "../db/testing.ts";
import { createSession, deleteSession, startSession } from "../jobs/lifecycle.ts";
import { addFile, addPhoto, testApp } from "./testing.ts";

/** The buttons a person can press: those not inside a hidden form. */
const buttons = (html: string) =>
  [...html.matchAll(/<form method="post" action="[^"]*"([^>]*)><button[^>]*>([^<]*)</g)]
    .filter(([, attributes]) => !attributes.includes("hidden")).map(([, , title]) => title);

Deno.test("the pages of a session", async (t) => {
  const test = await testApp();
  const { db } = test;
  const folder = await testDirectory();
  await Deno.mkdir(join(folder, "summer"));
  const create = (name = "Summer") =>
    createSession(db, { name, rootPath: folder, subdirectories: ["summer"] });

  /** Puts all phases of a session into the state a run has when it is there. */
  async function put(id: number, status: SessionStatus): Promise<void> {
    const phases = {
      pending: ["pending", "pending", "pending", "pending"],
      discovering: ["running", "pending", "pending", "pending"],
      running: ["completed", "running", "pending", "pending"],
      paused: ["completed", "paused", "pending", "pending"],
      completed: ["completed", "completed", "completed", "completed"],
      failed: ["failed", "cancelled", "cancelled", "cancelled"],
      cancelled: ["completed", "cancelled", "cancelled", "cancelled"],
    }[status];
    for (
      const [index, name] of ["discovery", "training", "face_detection", "clustering"].entries()
    ) {
      await db.execute(sql`update phases set status = ${phases[index]},
        total = case when ${status} in ('pending', 'discovering') then null else 10 end,
        done = case when ${phases[index]} = 'completed' then 9 else 3 end, failed = 1,
        opened_round = 1
        where session_id = ${id} and name = ${name}`);
    }
    await db.execute(sql`update sessions set status = ${status} where id = ${id}`);
  }

  await t.step("the fragment asks again until the run is over, and then never", async () => {
    const id = await create();
    for (const status of ["pending", "discovering", "running", "paused"] as const) {
      await put(id, status);
      const { html } = await test.page(`/sessions/${id}/progress`);
      assert.match(
        html,
        new RegExp(`^<section id="session-${id}"[^>]* hx-trigger="every 2s"`),
        status,
      );
      assert.match(html, new RegExp(`hx-get="/sessions/${id}/progress"`));
      assert.match(html, /hx-swap="outerMorph" hx-sync="this:drop" hx-config="timeout:10s"/);
    }
    for (const status of ["completed", "failed", "cancelled"] as const) {
      await put(id, status);
      const { html } = await test.page(`/sessions/${id}/progress`);
      assert.match(html, new RegExp(`^<section id="session-${id}"`));
      assert.doesNotMatch(html, /hx-/, status);
      assert.doesNotMatch((await test.page(`/sessions/${id}`)).html, /<[^>]* hx-/, status);
    }
  });

  await t.step("a retry that waits for a worker keeps the page asking", async () => {
    const id = await create();
    await put(id, "completed");
    assert.deepEqual(buttons((await test.page(`/sessions/${id}`)).html), ["Retry failed"]);
    assert.equal((await test.form(`/sessions/${id}/retry`, [])).status, 303);
    const { html } = await test.page(`/sessions/${id}/progress`);
    assert.match(html, /hx-trigger="every 2s"/);
    assert.match(html, /Retry asked for; waiting for a worker/);
    assert.deepEqual(buttons(html), []);
  });

  await t.step("a deleted session ends the polling with a 200", async () => {
    const id = await create();
    await deleteSession(db, id);
    for (const gone of [id, 999_999]) {
      const { status, html } = await test.page(`/sessions/${gone}/progress`);
      assert.equal(status, 200);
      assert.match(html, new RegExp(`^<section id="session-${gone}"`));
      assert.doesNotMatch(html, /hx-/);
      assert.match(html, /has been deleted/);
      assert.equal((await test.page(`/sessions/${gone}`)).status, 404);
    }
  });

  await t.step("each state shows the buttons that make sense", async () => {
    const id = await create();
    const shown: [SessionStatus, string[]][] = [
      ["pending", ["Start"]],
      ["discovering", ["Pause", "Cancel"]],
      ["running", ["Pause", "Cancel"]],
      ["paused", ["Resume", "Cancel"]],
      ["completed", ["Retry failed"]],
      ["failed", ["Start again", "Retry failed"]],
      ["cancelled", ["Retry failed"]],
    ];
    const now = ["Stop this phase"], later = ["Hold back", "Leave out"];
    const ofPhases: Partial<Record<SessionStatus, string[][]>> = {
      discovering: [now, later, later, later],
      running: [now, later, later],
      paused: [now, later, later],
    };
    for (const [status, titles] of shown) {
      await put(id, status);
      const { html } = await test.page(`/sessions/${id}`);
      const [above, phases] = html.split("<h2>Phases</h2>");
      assert.deepEqual(buttons(above), titles, status);
      assert.deepEqual(buttons(phases), (ofPhases[status] ?? []).flat(), status);
      assert.match(html, new RegExp(`href="/sessions/${id}/delete"`));
    }
  });

  await t.step("figures lead to their files; an unknown total is no percentage", async () => {
    const id = await create();
    await put(id, "discovering");
    const discovering = (await test.page(`/sessions/${id}`)).html;
    assert.match(discovering, /<p class="percent">–<\/p>/);
    assert.match(discovering, /<progress max="100"[^>]*aria-label="Overall progress"/);
    assert.doesNotMatch(discovering.match(/<progress[^>]*Overall[^>]*>/)![0], /value=/);
    await put(id, "running");
    const { html } = await test.page(`/sessions/${id}`);
    for (const state of ["done", "pending"]) {
      const link = `href="/sessions/${id}/items?phase=training&amp;state=${state}"`;
      assert.ok(html.includes(link), link);
    }
    for (const phase of ["discovery", "training"]) {
      const link = `href="/sessions/${id}/failures?phase=${phase}"`;
      assert.ok(html.includes(link), link);
    }
    assert.match(html.match(/<progress[^>]*Overall[^>]*>/)![0], /value="12"/);
    assert.match(html, /No worker is running/);
    await db.execute(sql`insert into workers (id, host, pid, device, clip_model, face_model)
      values (gen_random_uuid(), 'here', 1, 'cpu', 'c', 'f')`);
    assert.match((await test.page(`/sessions/${id}`)).html, /Worker on cpu, last seen \d+ s ago/);
  });

  await t.step("only a live page reloads itself without JavaScript", async () => {
    const id = await create();
    const refresh = /<noscript><meta http-equiv="refresh" content="5"\/?><\/noscript>/;
    await put(id, "running");
    assert.match((await test.page(`/sessions/${id}`)).html, refresh);
    assert.match((await test.page("/sessions")).html, refresh);
    await db.execute(sql`update phases set status = 'completed' where status = 'running'`);
    await db.execute(sql`update sessions set status = 'completed'`);
    await put(id, "completed");
    assert.doesNotMatch((await test.page(`/sessions/${id}`)).html, refresh);
  });

  await t.step("the list polls once for all, and only while something moves", async () => {
    await db.execute(sql`delete from sessions`);
    assert.match((await test.page("/sessions")).html, /Choose a folder/);
    const ids = [await create(), await create(), await create()];
    assert.doesNotMatch((await test.page("/sessions")).html, /hx-get/);
    await put(ids[0], "running");
    await put(ids[1], "discovering");
    const { html } = await test.page("/sessions");
    assert.equal(html.match(/hx-get=/g)?.length, 1);
    assert.match(html, /hx-get="\/sessions\/list\?page=1"/);
    assert.match((await test.page("/sessions/list?page=1")).html, /^<section id="sessions"/);
  });

  await t.step("names are text, whatever they contain", async () => {
    const name = `<img src=x onerror=alert(1)> "quoted"\n🎞️`;
    const id = await create(name);
    for (const path of ["/sessions", `/sessions/${id}`, `/sessions/${id}/delete`]) {
      const { html } = await test.page(path);
      assert.match(html, /&lt;img src=x onerror=alert\(1\)&gt; &quot;quoted&quot;\n🎞️/);
      assert.doesNotMatch(html, /<img src=x/);
    }
  });

  await t.step("results with their note, and what could not be read", async () => {
    const id = await create();
    const photo = await addPhoto(db, test.dataDir, { colour: "red", path: "/p/red.jpg" });
    await addFile(db, { path: "/p/red.jpg", sessionId: id, state: "done", photoId: photo.id });
    await db.execute(sql`
      update phases set failed = 1 where session_id = ${id} and name = 'discovery'`);
    await put(id, "completed");
    const own = (await test.page(`/sessions/${id}`)).html;
    assert.match(own, new RegExp(`href="/photos/${photo.id}"`));
    const unreadable = `href="/sessions/${id}/failures?phase=discovery">1 place could not be read`;
    assert.ok(own.includes(unreadable), own);
    assert.doesNotMatch(own, /demonstration models/);
    await db.execute(sql`update sessions set clip_model = 'builtin@0123456789ab' where id = ${id}`);
    assert.match((await test.page(`/sessions/${id}`)).html, /built-in demonstration models/);
  });

  await t.step("forms act and lead back to the page", async () => {
    const id = await create();
    const start = await test.form(`/sessions/${id}/start`, []);
    assert.deepEqual([start.status, start.headers.get("location")], [303, `/sessions/${id}`]);
    assert.equal((await test.form(`/sessions/${id}/pause`, [])).status, 303);
    const wrong = await test.form(`/sessions/${id}/retry`, []);
    assert.equal(wrong.status, 409);
    assert.match(await wrong.text(), /Cannot retry this session: it is paused/);
    const gone = await test.form(`/sessions/${id}/delete`, []);
    assert.deepEqual([gone.status, gone.headers.get("location")], [303, "/sessions"]);
    assert.equal((await test.page(`/sessions/${id}`)).status, 404);
  });

  await t.step("a folder that vanished before the start is named on the page", async () => {
    const id = await createSession(db, { name: "t", rootPath: folder, subdirectories: ["gone"] });
    const reply = await test.form(`/sessions/${id}/start`, []);
    assert.equal(reply.status, 400);
    assert.match(await reply.text(), /There is no folder &quot;[^"]*gone&quot;/);
    await assert.doesNotReject(startSession(db, id));
  });

  await Deno.remove(folder, { recursive: true });
  await test.close();
});
