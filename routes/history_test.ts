import { sql } from "drizzle-orm";
import assert from "node:assert/strict";
import { createSession } from "../jobs/lifecycle.ts";
import { History } from "./api_schemas.ts";
import { testApp } from "./testing.ts";

Deno.test("the history of sessions", async (t) => {
  const test = await testApp();
  const { db } = test;

  /** A session that trained `items` in `seconds`. */
  async function ended(
    name: string,
    { items = 100, seconds = 60, device = "cpu on here", status = "completed", failed = 0 } = {},
  ): Promise<number> {
    const id = await createSession(db, { name, rootPath: "/p", subdirectories: [""], by: "t" });
    await db.execute(sql`update sessions set status = ${status}, device = ${device},
      clip_model = 'clip@1', face_model = 'face@1', started_at = now() - interval '10 minutes',
      completed_at = now() where id = ${id}`);
    await db.execute(sql`update phases set status = 'completed', total = ${items},
      done = ${items - failed}, failed = case name when 'training' then ${failed}::int else 0 end,
      active_seconds = ${seconds}, started_at = now() where session_id = ${id}`);
    return id;
  }
  const first = async () => History.parse((await test.get("/history")).body).items[0];
  const training = async () => (await first()).phases[1];

  await t.step("is empty at first, and leaves out what goes on", async () => {
    assert.match((await test.page("/history")).html, /No session has ended yet/);
    await ended("running", { status: "running" });
    assert.match((await test.page("/history")).html, /No session has ended yet/);
  });

  await t.step("tells how fast each phase was, beside what is usual", async () => {
    const id = await ended("the first");
    assert.equal((await first()).sessionId, id);
    assert.equal((await training()).ratePerMinute, 100);
    assert.equal((await training()).usual, null);
    await ended("the second", { seconds: 50 });
    await ended("another device", { seconds: 1, device: "cuda on there" });
    assert.equal((await training()).usual, null);
    await ended("a handful", { items: 5 });
    assert.equal((await training()).usual, null);
    await ended("last night", { seconds: 120 });
    assert.deepEqual((await training()).usual, {
      ratePerMinute: 110,
      sessions: 2,
      differencePercent: -55,
    });
    const { html } = await test.page("/history");
    assert.match(html, /<dd class="slower">55\u00A0% slower<\/dd>/);
    assert.match(html, /<dd class="faster">20\u00A0% faster than the one before<\/dd>/);
    assert.match(html, /cuda on there/);
    const [, , , clustering] = (await first()).phases;
    assert.deepEqual([clustering.ratePerMinute, clustering.seconds], [null, 120]);
  });

  await t.step("says how a session ended", async () => {
    await ended("with errors", { failed: 3 });
    assert.equal((await first()).outcome, "with_errors");
    await ended("<b>cancelled</b>", { status: "cancelled" });
    assert.equal((await first()).outcome, "cancelled");
    const { html } = await test.page("/history");
    assert.match(html, /Completed with errors/);
    assert.match(html, /&lt;b&gt;cancelled&lt;\/b&gt;/);
  });

  await t.step("goes by the page, in a constant number of statements", async () => {
    const few = await test.counting(() => test.page("/history"));
    for (let index = 0; index < 45; index++) await ended(`run ${index}`);
    assert.equal(await test.counting(() => test.page("/history")), few);
    const names: string[] = [];
    let cursor: number | null = null;
    do {
      const page = History.strict().parse(
        (await test.get(`/history?limit=20${cursor === null ? "" : `&cursor=${cursor}`}`)).body,
      );
      names.push(...page.items.map(({ name }) => name));
      cursor = page.nextCursor;
    } while (cursor !== null);
    assert.equal(names.length, 52);
    assert.deepEqual([names[0], names.at(-1)], ["run 44", "the first"]);
    assert.match((await test.page("/history")).html, /href="\/history\?cursor=\d+">Older/);
    assert.equal((await test.get("/history?limit=0")).status, 400);
  });

  await test.close();
});
