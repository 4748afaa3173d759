import assert from "node:assert/strict";
import { findSession } from "../db/session_queries.ts";
import { createSession } from "../jobs/lifecycle.ts";
import { createClusteringRun, createFaceRun } from "../jobs/rerun.ts";
import { testApp } from "./testing.ts";

Deno.test("the forms for one phase again", async (t) => {
  const test = await testApp({ SAFELIGHT_MIN_FACE_SCORE: "0.45" });
  const { db } = test;
  const source = await createSession(db, {
    name: "Été <b>",
    rootPath: "/photos",
    subdirectories: [""],
  });
  const idOf = (reply: Response) => Number(reply.headers.get("location")!.split("/").at(-1));

  await t.step("the forms show the defaults; a session's pictures can be chosen", async () => {
    const { html } = await test.page("/runs/faces");
    assert.match(html, /name="minConfidence" value="0.45"/);
    assert.match(html, /name="minFaceSize" value="20"/);
    assert.match(html, /type="radio" name="over" value="" checked/);
    assert.equal(html.match(/type="radio"/g)!.length, 1);
    const over = (await test.page(`/runs/faces?session=${source}`)).html;
    assert.match(over, new RegExp(`name="over" value="${source}" checked`));
    assert.match(over, /“Été &lt;b&gt;”/);
    const grouping = (await test.page("/runs/clustering")).html;
    assert.match(grouping, /name="minClusterSize" value="3"/);
    assert.match(grouping, /name="similarityFloor" value=""/);
    assert.match(grouping, /name="minQuality" value="0.3"/);
    assert.equal((await test.page("/runs/faces?session=999999")).status, 404);
    assert.equal((await test.page("/runs/clustering?session=x")).status, 400);
  });

  await t.step("sending one makes and starts the run; sending it twice makes one", async () => {
    const fields: [string, string][] = [
      ["over", String(source)],
      ["minConfidence", "0.3"],
      ["minFaceSize", ""],
      ["group", "yes"],
    ];
    const replies = await Promise.all([1, 2, 3].map(() => test.form("/runs/faces", fields)));
    assert.deepEqual(replies.map(({ status }) => status), [303, 303, 303]);
    const ids = new Set(replies.map(idOf));
    assert.equal(ids.size, 1);
    const session = (await findSession(db, [...ids][0]))!;
    assert.deepEqual([session.kind, session.status, session.sourceSessionId], [
      "faces",
      "running",
      source,
    ]);
    assert.deepEqual([session.settings, session.skipClustering], [{ minFaceScore: 0.3 }, false]);
    const other = await test.form("/runs/faces", fields.slice(0, 3));
    assert(!ids.has(idOf(other)), "other wishes are another run");
    assert.equal((await findSession(db, idOf(other)))!.skipClustering, true);
  });

  await t.step("grouping again likewise", async () => {
    const fields: [string, string][] = [["minClusterSize", "2"], ["minQuality", "0.5"]];
    const [one, two] = await Promise.all([1, 2].map(() => test.form("/runs/clustering", fields)));
    assert.equal(idOf(one), idOf(two));
    const { settings, kind } = (await findSession(db, idOf(one)))!;
    assert.deepEqual([kind, settings], ["clustering", { minClusterSize: 2, minQuality: 0.5 }]);
  });

  await t.step("a mistake comes back with its reason and nothing lost", async () => {
    const reply = await test.form(`/runs/faces?session=${source}`, [
      ["over", ""],
      ["minConfidence", '7"<b>'],
      ["minFaceSize", "0"],
    ]);
    assert.equal(reply.status, 400);
    const html = await reply.text();
    assert.match(html, /role="alert">Minimum confidence is “7&quot;&lt;b&gt;”; it must be a num/);
    assert.match(html, /Smallest face, in pixels is “0”; it must be a number from 1 to 1440/);
    assert.match(html, /name="minConfidence" value="7&quot;&lt;b&gt;"/);
    assert.match(html, /name="over" value="" checked/);
    assert.doesNotMatch(html, /name="group" value="yes" checked/);
    const grouping = await test.form("/runs/clustering", [["minClusterSize", "2.5"]]);
    assert.equal(grouping.status, 400);
    assert.match(await grouping.text(), /must be a whole number from 2 to 10000/);
    const gone = await test.form("/runs/faces", [["over", "999999"]]);
    assert.equal(gone.status, 404);
    assert.match(await gone.text(), /role="alert">There is no session 999999/);
    const odd = await test.form("/runs/faces", [["over", "x"]]);
    assert.match(await odd.text(), /role="alert">Choose where to look/);
  });

  await t.step("the page of a run says what it is about", async () => {
    const settings = { minFaceScore: 0.3, minFaceSize: 64 };
    const faces = await createFaceRun(db, {
      trainingSessionId: source,
      settings,
      skipClustering: true,
    });
    const { html } = await test.page(`/sessions/${faces}`);
    assert.match(html, /<h1>Faces again over Été &lt;b&gt;<\/h1>/);
    assert.match(html, /confidence 0.3 or more/);
    assert.match(html, /faces from 64 pixels/);
    assert.match(html, new RegExp(`href="/sessions/${source}"`));
    assert.equal(html.match(/Not part of this session/g)!.length, 3);
    assert.doesNotMatch(html, /Looking for pictures|Pictures found/);
    const grouping = await createClusteringRun(db, { settings: { similarityFloor: 0.6 } });
    const grouped = (await test.page(`/sessions/${grouping}`)).html;
    assert.match(grouped, /<h1>Grouping again over the whole library<\/h1>/);
    assert.match(grouped, /similarity 0.6 or more/);
    assert.doesNotMatch(grouped, /Faces found/);
    assert.equal((await test.page("/sessions")).status, 200);
  });

  await t.step("ended sessions and the people lead to the forms", async () => {
    const links = /href="\/runs\/(faces|clustering)[^"]*"(?! hidden)/g;
    assert.equal((await test.page("/people")).html.match(links)!.length, 2);
    assert.equal((await test.page(`/sessions/${source}`)).html.match(links), null);
  });

  await test.close();
});
