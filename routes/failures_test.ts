import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { checkLedgers } from "../jobs/check_ledgers.ts";
import { createSession, deleteSession } from "../jobs/lifecycle.ts";
import { carryOutRequests } from "../jobs/requests.ts";
import { endSession, failedSession, ODD } from "./failure_fixtures.ts";
import { FailurePage } from "./failure_schemas.ts";
import { addFile, addPhoto, testApp } from "./testing.ts";

Deno.test("the failures of a session", async (t) => {
  const test = await testApp();
  const { db } = test;

  const failed = () => failedSession(db);
  const over = (id: number) => endSession(db, id);
  const at = (id: number) => `/sessions/${id}/failures`;
  const states = (id: number) =>
    db.execute<{ state: string; reason: string | null; count: number }>(sql`
      select state, reason, count(*)::int as count from jobs where session_id = ${id}
      and phase = 'training' group by 1, 2 order by 1, 2`);
  const carryOut = async () => {
    while (await carryOutRequests(db));
    assert.deepEqual(await checkLedgers(db), []);
  };
  const press = (id: number, action: string, fields: [string, string][]) =>
    test.form(`/sessions/${id}/${action}`, [["back", "failures"], ...fields]);

  await t.step("a session without failures says so; one that is not there is a 404", async () => {
    const id = await createSession(db, { name: "t", rootPath: "/p", subdirectories: [""] });
    assert.match((await test.page(at(id))).html, /Nothing failed/);
    assert.deepEqual((await test.get(at(id))).body, {
      items: [],
      phases: [],
      nextCursor: null,
      limit: 100,
    });
    assert.equal(await (await test.app.request(`/api/v1${at(id)}?format=json`)).text(), "[\n]\n");
    await deleteSession(db, id);
    for (const gone of [id, 999_999]) {
      assert.equal((await test.page(at(gone))).status, 404);
      for (const query of ["", "?format=csv", "?format=json"]) {
        assert.equal((await test.get(at(gone) + query)).status, 404, query);
      }
      assert.equal((await press(gone, "ignore", [["all", "yes"]])).status, 404);
    }
    for (const wrong of ["phase=clustering", "cursor=x", "cursor=training:x", "format=xml"]) {
      assert.equal((await test.get(`${at(id)}?${wrong}`)).status, 400, wrong);
    }
    const foreign = await test.get(`${at(id)}?phase=training&cursor=discovery:/p`);
    assert.match(foreign.body.error.message, /another phase/);
  });

  await t.step("names are text, each with reason, attempts and buttons", async () => {
    const { id } = await failed();
    const { html } = await test.page(at(id));
    assert.match(html, /\/p\/&lt;script&gt;alert/);
    assert.doesNotMatch(html, /<script>alert|<b>message/);
    assert.match(html, /Damaged\.<\/b> The picture inside the file is damaged/);
    assert.match(html, /host, process 7: for good/);
    assert.match(html, /the details/);
    assert.match(html, /\/p\/private/);
    assert.equal(html.match(/formaction="[^"]*retry" aria-label="Retry /g)?.length, ODD.length);
    assert.match(html, />Retry all 7</);
    assert.match(html, />Ignore all 6</);
    const discovery = await test.page(`${at(id)}?phase=discovery`);
    assert.match(discovery.html, />Look through the folders again</);
    assert.doesNotMatch(discovery.html, />(Ignore|Retry)/);
    assert.doesNotMatch((await test.page(`${at(id)}?reason=corrupt`)).html, /\/p\/private/);
  });

  await t.step("programs get pages with every attempt", async () => {
    const { id, jobs } = await failed();
    const paths: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query = `limit=2&cursor=${encodeURIComponent(cursor)}`;
      const { status, body } = await test.get(`${at(id)}?${query}`);
      assert.equal(status, 200);
      const page = FailurePage.parse(body);
      paths.push(...page.items.map((item) => item.path!));
      cursor = page.nextCursor;
      const item = page.items.find((item) => item.jobId === jobs[0]);
      if (!item) continue;
      assert.equal(item.tries, 1);
      assert.deepEqual([item.attempts[0].kind, item.attempts[0].worker], [
        "permanent",
        "host, process 7",
      ]);
    }
    assert.deepEqual(paths, ["/p/private", ...ODD.map((path) => `${path}.${id}`)]);
  });

  await t.step("while it runs: ignore, but no retry", async () => {
    const { id, jobs } = await failed();
    await db.execute(sql`update phases set status = 'running', total = total + 1
      where session_id = ${id} and name = 'training'`);
    await addFile(db, { path: `/p/open-${id}`, sessionId: id, state: "queued" });
    await db.execute(sql`update sessions set status = 'running' where id = ${id}`);
    const { html } = await test.page(at(id));
    assert.doesNotMatch(html, />Retry/);
    assert.match(html, /can be retried when the run has ended/);
    const late = await press(id, "retry", [["only", String(jobs[0])]]);
    const told = await test.page(late.headers.get("location")!);
    assert.match(told.html, /The run is going on again already/);
    assert.equal((await test.form(`/sessions/${id}/retry`, [])).status, 303);
    const api = await test.post(`/training/sessions/${id}/retry`, { jobIds: [jobs[0]] });
    assert.deepEqual([api.status, api.body.changed, api.body.taken], [200, false, 0]);
    const ignored = await test.post(`/training/sessions/${id}/ignore`, { jobIds: [jobs[0]] });
    assert.deepEqual(ignored.body, {
      sessionId: id,
      changed: true,
      status: "running",
      named: 1,
      taken: 1,
    });
    await carryOut();
    assert.deepEqual([...await states(id)], [
      { state: "failed", reason: "corrupt", count: 5 },
      { state: "queued", reason: null, count: 1 },
      { state: "skipped", reason: "ignored", count: 1 },
    ]);
  });

  await t.step("ignored, the page waits for a worker and then loads itself again", async () => {
    const { id, jobs } = await failed();
    const reply = await press(id, "ignore", [
      ["phase", "training"],
      ["jobId", String(jobs[0])],
      ["jobId", String(jobs[1])],
    ]);
    const location = reply.headers.get("location")!;
    assert.deepEqual([reply.status, location], [
      303,
      `${at(id)}?phase=training&asked=ignore&named=2&taken=2`,
    ]);
    const { html } = await test.page(location);
    assert.match(html, /Ignoring asked for 2 items\./);
    assert.match(html, /<noscript><meta http-equiv="refresh"/);
    const [, news] = html.match(/hx-get="([^"]*)"/)!;
    const waiting = await test.app.request(news.replaceAll("&amp;", "&"));
    assert.equal(waiting.headers.get("hx-refresh"), null);
    assert.match(await waiting.text(), /asked for by browser at .*none is running/);
    await carryOut();
    const done = await test.app.request(news.replaceAll("&amp;", "&"));
    assert.equal(done.headers.get("hx-refresh"), "true");
    const after = await test.page(location);
    assert.doesNotMatch(after.html, /hx-get|http-equiv="refresh"/);
    assert.match(after.html, />Ignore all 4 of training</);
    // The same once more, as from the page that was left open.
    const again = await press(id, "ignore", [["only", String(jobs[0])]]);
    assert.match(
      (await test.page(again.headers.get("location")!)).html,
      /The item chosen cannot be ignored/,
    );
  });

  await t.step("a retry of some opens a round for these; a double click is one", async () => {
    const { id, jobs } = await failed();
    const chosen: [string, string][] = [["jobId", String(jobs[2])], ["jobId", String(jobs[3])]];
    for (const reply of await Promise.all([1, 2].map(() => press(id, "retry", chosen)))) {
      assert.equal(reply.status, 303);
    }
    await carryOut();
    const [{ round, status }] = await db.execute(sql`
      select round, status from sessions where id = ${id}`);
    assert.deepEqual([round, status], [2, "running"]);
    assert.deepEqual([...await states(id)], [
      { state: "failed", reason: "corrupt", count: 4 },
      { state: "queued", reason: null, count: 2 },
    ]);
  });

  await t.step("nothing ticked is nothing asked for", async () => {
    const { id } = await failed();
    for (const action of ["retry", "ignore"]) {
      const reply = await press(id, action, [["phase", "training"]]);
      assert.match((await test.page(reply.headers.get("location")!)).html, /Nothing was chosen/);
    }
    const asked = await db.execute(sql`select from requests where session_id = ${id}`);
    assert.equal(asked.length, 0);
  });

  await t.step("all of a reason, all of a phase, all with the folders", async () => {
    const { id, jobs } = await failed();
    await db.execute(sql`update jobs set reason = 'vanished' where id = ${jobs[0]}`);
    await press(id, "ignore", [["all", "yes"], ["reason", "vanished"]]);
    await carryOut();
    assert.deepEqual([...await states(id)], [
      { state: "failed", reason: "corrupt", count: 5 },
      { state: "skipped", reason: "ignored", count: 1 },
    ]);
    // What happens to be ticked is not what "all" is about.
    await press(id, "ignore", [
      ["all", "yes"],
      ["phase", "face_detection"],
      ["jobId", String(jobs[1])],
    ]);
    await carryOut();
    assert.equal((await states(id))[0].count, 5);
    assert.equal((await press(id, "ignore", [["all", "yes"], ["phase", "discovery"]])).status, 400);
    const everything = await press(id, "retry", [["all", "yes"]]);
    assert.match(everything.headers.get("location")!, /taken=6/);
    await press(id, "retry", [["again", "yes"], ["jobId", String(jobs[1])]]);
    const asked = await db.execute(sql`
      select phase, job_ids from requests where session_id = ${id} order by id`);
    assert.deepEqual(asked.map((row) => [row.phase, row.job_ids]), [["discovery", null], [
      null,
      null,
    ], ["discovery", null]]);
    await carryOut();
    const [{ status }] = await db.execute(sql`select status from sessions where id = ${id}`);
    assert.equal(status, "discovering");
  });

  await t.step("ids of others are told apart; ten thousand at once, no more", async () => {
    const [mine, other] = [await failed(), await failed()];
    const ids = Array.from({ length: 9_998 }, (_, n) => 5_000_000 + n);
    const retry = `/training/sessions/${mine.id}/retry`;
    const jobIds = [mine.jobs[0], mine.jobs[0], other.jobs[0], ...ids.slice(1)];
    const { body } = await test.post(retry, { jobIds, phase: "training" });
    assert.deepEqual([body.named, body.taken, body.changed], [9_999, 1, true]);
    const tooMany = await test.post(retry, { jobIds: [...jobIds, 1] });
    assert.equal(tooMany.status, 400);
    const fields = [...ids, other.jobs[0], mine.jobs[1]].map((n): [string, string] => [
      "jobId",
      String(n),
    ]);
    const reply = await press(mine.id, "ignore", fields);
    assert.match(reply.headers.get("location")!, /named=10000&taken=1$/);
    assert.equal((await press(mine.id, "ignore", [...fields, ["jobId", "1"]])).status, 400);
    assert.equal((await press(mine.id, "ignore", [["only", "99999999999999999999"]])).status, 400);
    await carryOut();
    assert.equal((await states(other.id))[0].count, ODD.length);
  });

  await t.step("a phase that failed as a whole stands on top and can be tried again", async () => {
    const id = await createSession(db, { name: "t", rootPath: "/p", subdirectories: [""] });
    await over(id);
    await db.execute(sql`update phases set status = 'failed', error = 'The disk <is> full'
      where session_id = ${id} and name = 'clustering'`);
    await db.execute(sql`update sessions set status = 'failed' where id = ${id}`);
    const { html } = await test.page(at(id));
    assert.match(html, /Clustering failed as a whole\.<\/strong> The disk &lt;is&gt; full/);
    assert.equal((await test.get(at(id))).body.phases[0].message, "The disk <is> full");
    const [line] = (await test.get(`${at(id)}?format=json`)).body;
    assert.deepEqual([line.phase, line.reason, line.path], ["clustering", "phase_failed", null]);
    const reply = await press(id, "retry", [["all", "yes"], ["phase", "clustering"]]);
    assert.equal(reply.status, 303);
    assert.equal((await test.page(reply.headers.get("location")!)).status, 200);
    await carryOut();
    const [{ status }] = await db.execute(sql`select status from sessions where id = ${id}`);
    assert.equal(status, "running");
  });

  await t.step("a photo whose faces failed shows itself and all its files", async () => {
    const id = await createSession(db, { name: "t", rootPath: "/p", subdirectories: [""] });
    const photo = await addPhoto(db, test.dataDir, { colour: "red", path: "/p/red.jpg" });
    await addFile(db, { path: "/p/red.jpg", sessionId: id, state: "done", photoId: photo.id });
    await addFile(db, { path: "/p/red copy.jpg", sessionId: id, state: "done", photoId: photo.id });
    await db.execute(sql`insert into jobs (session_id, phase, subject, state, reason, message)
      values (${id}, 'face_detection', ${photo.id}, 'failed', 'preview_lost', 'lost')`);
    await over(id);
    const { html } = await test.page(`${at(id)}?phase=face_detection`);
    assert.match(html, new RegExp(`src="/api/v1/photos/${photo.id}/thumbnail"`));
    assert.match(html, /1 more file of the same content/);
    assert.match(html, /Preview lost/);
  });

  await test.close();
});
