import assert from "node:assert/strict";
import { join } from "node:path";
import { testDirectory } from "../db/testing.ts";
import { findSession } from "../db/session_queries.ts";
import { testApp } from "./testing.ts";

Deno.test("making a session with a form", async (t) => {
  const test = await testApp();
  const root = await testDirectory();
  const odd = `a <b>&"quoted" 🎞️`;
  await Deno.mkdir(join(root, odd));
  await Deno.mkdir(join(root, "plain"));
  await Deno.writeTextFile(join(root, "plain", "1.jpg"), "");
  const at = (path: string) => `/sessions/new?path=${encodeURIComponent(path)}`;

  await t.step("the chooser lists the folder itself and the folders in it", async () => {
    const { status, html } = await test.page(at(root));
    assert.equal(status, 200);
    assert.match(html, /name="folder" value="\."/);
    assert.match(html, /name="folder" value="plain"/);
    assert.match(html, /value="a &lt;b&gt;&amp;&quot;quoted&quot; 🎞️"/);
    assert.doesNotMatch(html, /a <b>/);
    assert.ok(html.includes(at(join(root, "plain")).replaceAll("&", "&amp;")));
    assert.equal((await test.page("/sessions/new")).status, 200);
  });

  await t.step("counts come on their own and stop when all are known", async () => {
    const counts = `/sessions/new/counts?path=${encodeURIComponent(root)}`;
    let html = "";
    for (let round = 0; round < 500; round++) {
      html = (await test.page(counts)).html;
      if (!html.includes("hx-get")) break;
      assert.match(html, /^<p id="counting"[^>]*hx-trigger="every 1s"/);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.doesNotMatch(html, /hx-get/);
    const shown = [...html.matchAll(/hx-swap-oob="true">([\d,]+)/g)].map(([, count]) => count);
    assert.deepEqual(shown, ["1", "0", "1"]);
  });

  await t.step("Start now makes and starts it", async () => {
    const reply = await test.form("/sessions", [
      ["rootPath", root],
      ["folder", odd],
      ["folder", "."],
      ["name", ""],
      ["recursive", "yes"],
      ["skipClustering", "yes"],
      ["then", "start"],
    ]);
    assert.equal(reply.status, 303);
    const id = Number(reply.headers.get("location")!.split("/").at(-1));
    const session = (await findSession(test.db, id))!;
    assert.deepEqual(session.subdirectories, [odd, ""]);
    assert.equal(session.name, root.split("/").at(-1));
    assert.deepEqual(
      [session.status, session.recursive, session.skipClustering, session.skipFaceDetection],
      ["discovering", true, true, false],
    );
  });

  await t.step("Keep for later makes it only", async () => {
    const fields: [string, string][] = [["rootPath", root], ["folder", "plain"], ["name", "Mine"]];
    const reply = await test.form("/sessions", [...fields, ["then", "keep"]]);
    const id = Number(reply.headers.get("location")!.split("/").at(-1));
    const session = (await findSession(test.db, id))!;
    assert.deepEqual([session.name, session.status, session.recursive], ["Mine", "pending", false]);
  });

  await t.step("a mistake comes back with its reason and nothing lost", async () => {
    const none = await test.form("/sessions", [["rootPath", root], ["name", "My <name>"]]);
    assert.equal(none.status, 400);
    const html = await none.text();
    assert.match(html, /role="alert">Choose at least one folder/);
    assert.match(html, /name="name" value="My &lt;name&gt;"/);

    const gone = await test.form("/sessions", [
      ["rootPath", root],
      ["folder", "plain"],
      ["folder", "gone"],
      ["skipFaceDetection", "yes"],
    ]);
    assert.equal(gone.status, 400);
    const text = await gone.text();
    assert.match(text, /role="alert">There is no folder/);
    assert.match(text, /value="plain" checked/);
    assert.match(text, /name="skipFaceDetection" value="yes" checked/);

    const nowhere = await test.form("/sessions", [["rootPath", "/no/where"], ["folder", "."]]);
    assert.equal(nowhere.status, 400);
    assert.match(await nowhere.text(), /There is no folder &quot;\/no\/where/);
  });

  await t.step("a wrong path is answered with its reason and a chooser", async () => {
    for (const path of [join(root, "nowhere"), join(root, "plain", "1.jpg"), "relative"]) {
      const { status, html } = await test.page(at(path));
      assert.equal(status, 400);
      assert.match(html, /role="alert"/);
      assert.match(html, /Folders to include/);
    }
  });

  await Deno.remove(root, { recursive: true });
  await test.close();
});
