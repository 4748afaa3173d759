import { sql } from "drizzle-orm";
import assert from "node:assert/strict";
import { recordEvent } from "../jobs/events.ts";
import { createSession, deleteSession } from "../jobs/lifecycle.ts";
import { Timeline } from "./api_schemas.ts";
import { testApp } from "./testing.ts";

const BROWSER = "browser at 127.0.0.1";

Deno.test("the timeline of a session", async (t) => {
  const test = await testApp();
  const { db } = test;
  const create = (name = "t") =>
    createSession(db, { name, rootPath: "/p", subdirectories: [""], by: BROWSER });
  const start = "2020-05-01T20:00:00Z";
  const after = (minutes: number) => new Date(Date.parse(start) + minutes * 60_000).toISOString();

  /** A run of an hour: two minutes of discovery, training with a pause and a hold, and the rest. */
  async function run(status: "completed" | "running" = "completed"): Promise<number> {
    const id = await create();
    const over = status === "completed";
    await db.execute(sql`update sessions set status = ${status}, started_at = ${start}::timestamptz,
      completed_at = ${over ? after(60) : null}::timestamptz where id = ${id}`);
    const parts = [["discovery", 0, 2], ["training", 2, 40], ["face_detection", 40, 58], [
      "clustering",
      58,
      60,
    ]] as const;
    for (const [name, from, to] of parts) {
      const ended = over || name === "discovery";
      const begun = over || name === "discovery" || name === "training";
      await db.execute(
        sql`update phases set total = 380, done = 380, active_seconds = ${
          (to - from) * 60
        }, status = ${ended ? "completed" : begun ? "running" : "pending"},
        started_at = ${begun ? after(from) : null}::timestamptz,
        completed_at = ${ended ? after(to) : null}::timestamptz,
        expected_seconds = ${name === "training" ? 1200 : null}::float8
        where session_id = ${id} and name = ${name}`,
      );
      if (begun) await tell(id, from, "phase_started", name);
      if (ended) await tell(id, to, "phase_completed", name);
    }
    for (const minute of [7, 12, 30, 35, 40]) {
      await db.execute(sql`insert into samples values
        (${id}, 'training', ${after(minute)}::timestamptz, ${minute * 9})`);
    }
    return id;
  }
  // By hand, so that it has its own time; the trail of ids is kept in the order of time.
  async function tell(
    id: number | null,
    minute: number,
    kind: string,
    phase?: string,
    by = "Safelight",
  ) {
    await db.execute(sql`insert into events (session_id, at, kind, phase, by)
      values (${id}, ${after(minute)}::timestamptz, ${kind}, ${phase ?? null}, ${by})`);
  }

  await t.step("has the shape that is documented, and says who did what", async () => {
    const id = await create();
    await db.execute(sql`update sessions set status = 'running', started_at = ${start}::timestamptz
      where id = ${id}`);
    await db.execute(sql`update phases set status = 'running', started_at = ${start}::timestamptz
      where session_id = ${id} and name = 'discovery'`);
    await tell(id, 0, "phase_started", "discovery");
    await tell(id, 5, "paused", "discovery", BROWSER);
    await tell(id, 9, "resumed", "discovery", "root at the terminal");
    await tell(null, 3, "worker_died");
    await tell(null, -90, "worker_died");
    const { status, body } = await test.get(`/sessions/${id}/timeline`);
    assert.equal(status, 200);
    const told = Timeline.strict().parse(body);
    const [discovery] = told.phases;
    assert.deepEqual(discovery.segments.map(({ state }) => state), [
      "running",
      "paused",
      "running",
    ]);
    assert.deepEqual(
      [discovery.segments[1].from, discovery.segments[1].to, discovery.segments[1].by],
      [after(5), after(9), BROWSER],
    );
    assert.deepEqual(told.marks.map(({ kind, at }) => [kind, at]), [["worker_died", after(3)]]);
    const { html } = await test.page(`/sessions/${id}/timeline`);
    assert.match(html, /<b>Paused in Discovery<\/b> by browser at 127\.0\.0\.1/);
    assert.match(html, /<b>Resumed in Discovery<\/b> by root at the terminal/);
    assert.match(html, /<b>A worker died<\/b>/);
  });

  await t.step("polls until the session is over", async () => {
    const live = await run("running");
    const section = `/sessions/${live}/timeline/section`;
    const { html } = await test.page(section);
    assert.match(html, new RegExp(`^<section id="timeline-${live}"[^>]* hx-trigger="every 5s"`));
    assert.ok(html.includes(`hx-get="${section}"`));
    const over = await run();
    assert.doesNotMatch((await test.page(`/sessions/${over}/timeline`)).html, /<[^>]* hx-/);
    await deleteSession(db, over);
    const gone = await test.page(`/sessions/${over}/timeline/section`);
    assert.equal(gone.status, 200);
    assert.match(gone.html, /has been deleted/);
    assert.equal((await test.page(`/sessions/${over}/timeline`)).status, 404);
    assert.equal((await test.get(`/sessions/${over}/timeline`)).status, 404);
  });

  await t.step("compares what was expected with what it took", async () => {
    const id = await run();
    const { html } = await test.page(`/sessions/${id}/timeline`);
    assert.match(html, /Training<\/th><td>20 min<\/td><td>38 min<small>90\u00A0% longer<\/small>/);
    assert.match(html, /Face detection<\/th><td><span class="none">no history yet<\/span>/);
    const { body } = await test.get(`/sessions/${id}/timeline`);
    const training = Timeline.parse(body).phases[1];
    const counted = training.throughput.reduce(
      (sum, { from, to, perMinute }) =>
        sum + perMinute * (Date.parse(to) - Date.parse(from)) / 60_000,
      0,
    );
    assert.equal(Math.round(counted), 380);
  });

  await t.step("a session that never started has no plot, and a failed one has", async () => {
    const never = await create();
    const pending = await test.page(`/sessions/${never}/timeline`);
    assert.match(pending.html, /not started yet/);
    assert.doesNotMatch(pending.html, /class="plot"/);
    const failed = await create();
    await db.execute(sql`update sessions set status = 'failed', started_at = ${start}::timestamptz,
      completed_at = ${after(-1)}::timestamptz where id = ${failed}`);
    await db.execute(sql`update phases set status = case name when 'discovery' then 'failed'
      else 'cancelled' end, completed_at = ${after(-1)}::timestamptz where session_id = ${failed}`);
    const { status, html } = await test.page(`/sessions/${failed}/timeline`);
    assert.equal(status, 200);
    assert.doesNotMatch(html, /NaN|Infinity|width="-/);
  });

  await t.step("counts errors along the time, of this session alone", async () => {
    const id = await run();
    const other = await run();
    for (const [session, minutes] of [[id, [3, 3, 30]], [other, [3, 50]]] as const) {
      for (const [subject, minute] of minutes.entries()) {
        await db.execute(sql`with job as (
          insert into jobs (session_id, phase, subject) values (${session}, 'training', ${subject})
          returning id)
          insert into attempts (job_id, kind, ended_at)
          select id, ${minute === 30 ? "permanent" : "transient"}, ${after(minute)}::timestamptz
          from job`);
      }
    }
    const { errors } = Timeline.parse((await test.get(`/sessions/${id}/timeline`)).body);
    assert.deepEqual(errors.map(({ permanent, transient }) => [permanent, transient]), [[0, 2], [
      1,
      0,
    ]]);
    assert.ok(errors[0].from <= after(3) && errors[0].to >= after(3));
    assert.match((await test.page(`/sessions/${id}/timeline`)).html, /3 tries went wrong/);
  });

  await t.step("lists its events by the page, and reads no more than it shows", async () => {
    const id = await run();
    const few = await test.counting(() => test.page(`/sessions/${id}/timeline`));
    await db.execute(sql`insert into events (session_id, at, kind, message)
      select ${id}, ${after(3)}::timestamptz + i * interval '0.1 seconds', 'recovered', i::text
      from generate_series(1, 5000) i`);
    assert.equal(await test.counting(() => test.page(`/sessions/${id}/timeline`)), few);
    const seen: number[] = [];
    let cursor: number | null = null;
    do {
      const path: string = `/sessions/${id}/timeline${cursor === null ? "" : `?cursor=${cursor}`}`;
      const { events, truncated, marks } = Timeline.parse((await test.get(path)).body);
      assert.ok(truncated);
      assert.ok(marks.length <= 1000);
      seen.push(
        ...events.items.filter(({ kind }) => kind === "recovered").map((event) => event.id),
      );
      cursor = events.nextCursor;
    } while (cursor !== null);
    assert.equal(seen.length, 5000);
    assert.deepEqual(seen, [...new Set(seen)].sort((a, b) => b - a));
    const { html } = await test.page(`/sessions/${id}/timeline`);
    assert.match(html, /only the newest of it is drawn/);
    assert.match(html, new RegExp(`href="/sessions/${id}/timeline\\?cursor=\\d+">Older`));
    assert.equal((await test.page(`/sessions/${id}/timeline?cursor=x`)).status, 400);
    assert.match(
      (await test.page(`/sessions/${id}/timeline?cursor=9999999`)).html,
      /Nothing was noted before/,
    );
  });

  await t.step("names and messages are text", async () => {
    const id = await create("<img src=x>\n🎞️");
    await recordEvent(db, { sessionId: id, kind: "held", message: "</p><script>x</script>" });
    const { html } = await test.page(`/sessions/${id}/timeline`);
    assert.doesNotMatch(html, /<script>x|<img src=x/);
    assert.match(html, /&lt;script&gt;x/);
  });

  await test.close();
});
