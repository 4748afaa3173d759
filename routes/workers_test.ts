import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { eq } from "drizzle-orm";
import type { Db } from "../db/client.ts";
import { events, jobs, workers } from "../db/schema.ts";
import { createSession } from "../jobs/lifecycle.ts";
import { WorkerList } from "./api_schemas.ts";
import { addFile, addPhoto, testApp } from "./testing.ts";

/** A worker's row as its beats leave it; `silent` are the seconds since the last. */
async function addWorker(
  db: Db,
  { silent = 1, ...worker }: Partial<typeof workers.$inferInsert> & { silent?: number },
): Promise<string> {
  const id = crypto.randomUUID();
  await db.insert(workers).values({
    id,
    host: "darkroom",
    pid: 100,
    device: "cpu on darkroom",
    clipModel: "clip",
    faceModel: "faces",
    ...worker,
  });
  await db.execute(sql`
    update workers set beat_at = now() - ${`${silent} seconds`}::interval where id = ${id}`);
  return id;
}

Deno.test("workers and what they have in hand", async (t) => {
  const test = await testApp();
  const { db, dataDir } = test;
  const list = async () => {
    const { status, body } = await test.get("/workers");
    assert.equal(status, 200, JSON.stringify(body));
    return WorkerList.parse(body);
  };

  await t.step("none: the page says so, what starts one, and goes on asking", async () => {
    assert.deepEqual(await list(), { items: [], total: 0, events: [] });
    const { status, html } = await test.page("/workers");
    assert.equal(status, 200);
    assert.match(html, /No worker is running/);
    assert.match(html, /deno task worker/);
    assert.match(html, /hx-get="\/workers\/list" hx-trigger="every 3s"/);
    assert.match(html, /http-equiv="refresh"/);
    assert.match(html, /<a href="\/workers" aria-current="page">Workers<\/a>/);
  });

  const session = await createSession(db, {
    name: "<i>Anna</i>",
    rootPath: "/p",
    subdirectories: [""],
  });
  const idle = await addWorker(db, { pid: 1, patienceSeconds: 0 });
  const working = await addWorker(db, { pid: 2, inHand: 7, rate: 2.5, memoryMb: 812 });
  const stalled = await addWorker(db, {
    pid: 3,
    inHand: 1,
    stillSeconds: 200,
    patienceSeconds: 60,
  });
  const silent = await addWorker(db, {
    host: "<b>attic</b>",
    pid: 4,
    silent: 45,
    inHand: 1,
    stillSeconds: 200,
    patienceSeconds: 60,
  });
  const photo = await addPhoto(db, dataDir, { colour: "red", path: "/p/red.jpg" });
  for (let n = 0; n < 7; n++) {
    const path = n === 0 ? '/p/<b>"odd"\n🎞️.jpg' : `/p/${n}.jpg`;
    const photoId = n === 1 ? photo.id : undefined;
    await hold(await addFile(db, { path, photoId, sessionId: session, state: "running" }), working);
  }
  for (
    const [worker, phase, subject] of [
      [stalled, "face_detection", photo.id],
      [silent, "discovery", session],
    ] as const
  ) {
    const claim = {
      state: "running",
      claimId: crypto.randomUUID(),
      startedAt: new Date(),
    } as const;
    await db.insert(jobs).values({
      sessionId: session,
      phase,
      subject,
      workerId: worker,
      ...claim,
    });
  }
  async function hold({ jobId }: { jobId: number }, workerId: string) {
    await db.update(jobs).set({ workerId, startedAt: new Date() }).where(eq(jobs.id, jobId));
  }

  await t.step("states, silent ones last", async () => {
    const { items, total } = await list();
    assert.equal(total, 4);
    assert.deepEqual(items.map(({ id, state }) => [id, state]), [
      [idle, "idle"],
      [working, "working"],
      [stalled, "stalled"],
      [silent, "silent"],
    ]);
    assert.ok(items[3].silentSeconds >= 45 && items[3].silentSeconds < 105);
    assert.equal(items[1].itemsPerMinute, 150);
    assert.equal(items[1].memoryBytes, 812 * 2 ** 20);
  });

  await t.step("what they have in hand: session, phase, the first files", async () => {
    const { items } = await list();
    assert.deepEqual(items[0].inHand, []);
    const [held] = items[1].inHand;
    assert.deepEqual([held.sessionId, held.sessionName, held.phase, held.items], [
      session,
      "<i>Anna</i>",
      "training",
      7,
    ]);
    assert.deepEqual(held.files.map(({ path, photoId }) => [path, photoId]), [
      ['/p/<b>"odd"\n🎞️.jpg', null],
      ["/p/1.jpg", photo.id],
      ["/p/2.jpg", null],
      ["/p/3.jpg", null],
      ["/p/4.jpg", null],
    ]);
    assert.deepEqual(items[2].inHand[0].files, [{ path: "/p/red.jpg", photoId: photo.id }]);
    assert.deepEqual([items[3].inHand[0].phase, items[3].inHand[0].files], ["discovery", []]);
  });

  await t.step("the page tells it in words and escapes what others named", async () => {
    const { html } = await test.page("/workers/list");
    assert.match(html, /&lt;b&gt;attic&lt;\/b&gt;, process 4/);
    assert.match(html, /&lt;i&gt;Anna&lt;\/i&gt;/);
    assert.match(html, /\/p\/&lt;b&gt;&quot;odd&quot;\n🎞️\.jpg/);
    assert.doesNotMatch(html, /<[bi]>(attic|"odd"|Anna)/);
    assert.match(html, new RegExp(`Training of <a href="/sessions/${session}">`));
    assert.match(html, /and 2 more/);
    assert.match(html, /150 items a minute/);
    assert.match(html, /nothing has moved for 3 min/);
    assert.match(html, /Not heard of for \d+ s/);
    assert.doesNotMatch(html, /No worker is running/);
  });

  await t.step(
    "work that has just been taken counts before the next beat tells of it",
    async () => {
      const file = await addFile(db, { path: "/p/new.jpg", sessionId: session, state: "running" });
      await hold(file, idle);
      assert.equal((await list()).items[0].state, "working");
    },
  );

  await t.step(
    "what lately happened to workers, newest first, and no session's events",
    async () => {
      await db.insert(events).values({ sessionId: session, kind: "started" });
      for (let n = 1; n <= 22; n++) {
        const at = new Date(Date.UTC(2030, 0, 1, 0, n));
        await db.insert(events).values({ at, kind: "worker_died", message: `<b>${n}</b>` });
      }
      const { events: happened } = await list();
      assert.deepEqual(happened.map(({ message }) => message).slice(0, 2), [
        "<b>22</b>",
        "<b>21</b>",
      ]);
      assert.equal(happened.length, 20);
      assert.ok(happened.every(({ kind }) => kind === "worker_died"));
      const { html } = await test.page("/workers");
      assert.match(html, /Died<\/b> &lt;b&gt;22&lt;\/b&gt;/);
    },
  );

  await t.step(
    "as many statements for many workers as for few, and a list with an end",
    async () => {
      const few = await test.counting(() => test.get("/workers"));
      for (let n = 0; n < 60; n++) {
        await addWorker(db, {
          host: "farm",
          pid: 1000 + n,
          silent: 900,
        });
      }
      const many = await test.counting(() => test.get("/workers"));
      assert.equal(many, few);
      const { items, total } = await list();
      assert.deepEqual([items.length, total], [50, 64]);
      assert.deepEqual(items.slice(0, 3).map(({ id }) => id), [idle, working, stalled]);
      assert.match((await test.page("/workers")).html, /and 14 more/);
    },
  );

  await test.close();
});
