import assert from "node:assert/strict";
import { writeServing } from "../db/serving_queries.ts";
import { findModels } from "../jobs/chosen_models.ts";
import { withSource } from "../models/pull_testing.ts";
import { behaving, renamed } from "./pulls_testing.ts";
import { addPhoto, settled, testApp } from "./testing.ts";

/** The part of a page that is about one pack. */
const card = (html: string, name: string) =>
  html.match(new RegExp(`<section id="pack-${name}".*?</section>`, "s"))![0];

/** The buttons a person can press in it. */
const buttons = (html: string) =>
  [...html.matchAll(/<button[^>]*>([^<]*)</g)].map(([, title]) => title);

Deno.test("the page of model packs", (t) =>
  withSource(async (source) => {
    const { behave, goOn } = behaving(source);
    const packs = [
      renamed(source.manifest, "tiny"),
      renamed(source.manifest, "guarded", { nonCommercial: true }),
    ];
    const test = await testApp({}, { packs });
    const { app, page, form } = test;
    const find = async (name: string) => {
      const { body } = await test.get("/models");
      return body.items.find((pack: { name: string }) => pack.name === name);
    };
    const send = (path: string, fields: [string, string][] = []) => form(`/models/${path}`, fields);

    await t.step("shows what there is, what it costs and what it may be used for", async () => {
      const { status, html } = await page("/models");
      assert.equal(status, 200);
      assert.doesNotMatch(html, /<[^>]* hx-/, "nothing moves, so nothing asks");
      assert.doesNotMatch(html, /http-equiv="refresh"/);
      assert.match(card(html, "builtin"), /In use<.*Demonstration models.*2\d\d kB.*MIT/s);
      assert.deepEqual(buttons(card(html, "builtin")), []);
      assert.match(card(html, "tiny"), /Not installed<.*Pictures and words.*Faces/s);
      assert.doesNotMatch(card(html, "tiny"), /acceptLicence/);
      const guarded = card(html, "guarded");
      assert.match(guarded, /type="checkbox" name="acceptLicence" value="yes" required/);
      assert.match(
        guarded,
        /the licence <a href="https:\/\/example.org\/licence">Tiny Licence<\/a>/,
      );
      assert.deepEqual(buttons(guarded), ["Download"]);
      assert.match(html, /No worker is running/);
      assert.match(html, /<a href="\/models" aria-current="page">Models<\/a>/);
    });

    await t.step("says what models run on", async () => {
      await test.db.execute(`insert into workers
        (id, host, pid, device, device_reason, clip_model, face_model, beat_at)
        values (gen_random_uuid(), 'a', 1, 'cpu', 'no <GPU> was found', 'x', 'y', now())`);
      const { html } = await page("/models");
      assert.match(html, /Models run on <b>cpu<\/b>.*no &lt;GPU&gt; was found/);
    });

    await t.step("without the tick the page comes back and says why", async () => {
      const refused = await send("guarded/pull");
      assert.equal(refused.status, 422);
      const html = await refused.text();
      assert.match(card(html, "guarded"), /role="alert">Without your agreement to its licence/);
      assert.doesNotMatch(card(html, "tiny"), /role="alert"/);
      assert.deepEqual(source.requests, []);
    });

    await t.step("a card asks again while its pack is fetched, and then never", async () => {
      behave("halting");
      const begun = await send("guarded/pull", [["acceptLicence", "yes"]]);
      assert.equal(begun.status, 303);
      assert.equal(begun.headers.get("location"), "/models#pack-guarded");
      assert.equal((await send("guarded/pull", [["acceptLicence", "yes"]])).status, 303);
      await settled(() => find("guarded"), ({ progress }) => progress?.bytes > 0);
      const { html } = await page("/models");
      assert.match(html, /<noscript><meta http-equiv="refresh"/);
      const live = /hx-get="\/models\/guarded\/card" hx-trigger="every 1s" hx-swap="outerMorph"/;
      assert.match(card(html, "guarded"), live);
      assert.doesNotMatch(card(html, "tiny"), /hx-/);
      const fragment = (await page("/models/guarded/card")).html;
      assert.match(fragment, live);
      assert.match(fragment, /Downloading<.*<progress max="100" value="[\d.]+".* of .* kB/s);
      assert.deepEqual(buttons(fragment), ["Stop"]);
      goOn();
      await settled(() => find("guarded"));
      const over = (await page("/models/guarded/card")).html;
      assert.doesNotMatch(over, /hx-/);
      assert.match(over, /Installed</);
      assert.deepEqual(buttons(over), ["Use it", "Check the files"]);
      assert.doesNotMatch((await page("/models")).html, /http-equiv="refresh"/);
      assert.equal(source.requests.length, 5, "each file once, however often it was asked for");
    });

    await t.step("a failure is told, and what was fetched is shown", async () => {
      behave(404);
      await send("tiny/pull");
      await settled(() => find("tiny"));
      const gone = card((await page("/models")).html, "tiny");
      assert.match(gone, /Failed<.*role="alert">.*does not have the file any more \(HTTP 404\)/s);
      assert.deepEqual(buttons(gone), ["Try again"]);
      behave("breaking");
      await send("tiny/pull");
      await settled(() => find("tiny"));
      const broken = card((await page("/models")).html, "tiny");
      assert.match(broken, /Interrupted at [\d.]+.%.*ended the transfer after/s);
      assert.deepEqual(buttons(broken), ["Resume"]);
      assert.doesNotMatch(broken, /hx-/);
    });

    await t.step("a stopped download waits to be resumed", async () => {
      behave("halting");
      await send("tiny/pull");
      await settled(() => find("tiny"), ({ progress }) => progress?.bytes > 0);
      assert.equal((await send("tiny/cancel")).status, 303);
      const stopped = card((await page("/models")).html, "tiny");
      assert.match(stopped, /Interrupted<.*Interrupted at [\d.]+.%.*it goes on from here/s);
      assert.deepEqual(buttons(stopped), ["Resume"]);
      goOn();
      await send("tiny/pull");
      await settled(() => find("tiny"));
    });

    await t.step("a check that finds something offers the download again", async () => {
      await send("tiny/verify");
      await settled(() => find("tiny"));
      assert.match((await page("/models/tiny/card")).html, /All files are what they should be/);
      const path = `${test.dataDir}/models/tiny/visual.onnx`;
      await Deno.writeTextFile(path, "damaged");
      await send("tiny/verify");
      await settled(() => find("tiny"));
      const damaged = (await page("/models/tiny/card")).html;
      assert.match(damaged, /role="alert">.*visual\.onnx: it has 7 bytes instead of/s);
      assert.deepEqual(buttons(damaged), ["Download again", "Check the files"]);
      behave(500);
      await send("tiny/pull");
      await settled(() => find("tiny"));
      const failed = (await page("/models/tiny/card")).html;
      assert.match(failed, /has a fault of its own \(HTTP 500\)/);
      assert.ok(buttons(failed).includes("Download again"), "and not only the check again");
      behave("well");
      await send("tiny/pull");
      await settled(() => find("tiny"));
      assert.deepEqual(buttons((await page("/models/tiny/card")).html), [
        "Use it",
        "Check the files",
      ]);
    });

    await t.step(
      "a used pack makes a run, and the page says what still goes by others",
      async () => {
        await addPhoto(test.db, test.dataDir, { colour: "red", path: "/photos/red.jpg" });
        const used = await send("tiny/use");
        assert.equal(used.status, 303);
        const run = used.headers.get("location")!;
        assert.match(run, /^\/sessions\/\d+$/);
        const { html } = await page("/models");
        assert.match(card(html, "tiny"), /In use</);
        assert.doesNotMatch(card(html, "tiny"), /Use it/);
        assert.match(card(html, "builtin"), /Installed<.*Use it/s);
        assert.match(html, /Search and people still go by the former models/);
        assert.match(html, new RegExp(`<a href="${run}">the run with the new ones</a>`));
        assert.doesNotMatch(html, /Finish the change/);
      },
    );

    await t.step("a change whose run was cancelled can be finished", async () => {
      await test.db.execute("update sessions set status = 'cancelled' where kind = 'models'");
      const { html } = await page("/models");
      assert.match(html, /Search and people still go by the former models/);
      const [, action] = html.match(/action="([^"]*)" ?><button[^>]*>Finish the change/)!;
      assert.equal(action, "/models/tiny/use");
      const again = await form(action, []);
      assert.equal(again.status, 303);
      const run = again.headers.get("location")!;
      const after = (await page("/models")).html;
      assert.match(after, new RegExp(`<a href="${run}">the run with the new ones</a>`));
      assert.doesNotMatch(after, /Finish the change/);
    });

    await t.step("the same name with other graphs is another model", async () => {
      await test.db.execute("update sessions set status = 'cancelled' where kind = 'models'");
      const { clip, faces } = await findModels(test.dataDir);
      await writeServing(test.db, { clip: clip.key, faces: faces.key });
      assert.doesNotMatch((await page("/models")).html, /former models<\/strong>/);
      await writeServing(test.db, { clip: "tiny@000000000000" });
      const { html } = await page("/models");
      assert.match(html, /Search still goes by the former models/);
      assert.match(html, /action="\/models\/tiny\/use" ?><button[^>]*>Finish the change/);
    });

    await t.step("a manifest that is broken is told, and the download mends it", async () => {
      const path = `${test.dataDir}/models/tiny/manifest.json`;
      const whole = await Deno.readTextFile(path);
      await Deno.writeTextFile(path, "{");
      for (const deed of ["verify", "use"]) {
        const refused = await send(`tiny/${deed}`);
        assert.equal(refused.status, 409);
        assert.match(await refused.text(), /manifest\.json.* it is not JSON/);
      }
      assert.equal((await send("tiny/pull")).status, 303);
      assert.equal((await settled(() => find("tiny"))).status, "installed");
      assert.equal(await Deno.readTextFile(path), whole);
      await Deno.mkdir(`${test.dataDir}/models/own`);
      await Deno.writeTextFile(`${test.dataDir}/models/own/manifest.json`, "{");
      for (const deed of ["pull", "cancel"]) assert.equal((await send(`own/${deed}`)).status, 409);
      await Deno.remove(`${test.dataDir}/models/own`, { recursive: true });
    });

    await t.step("what cannot be is told on a page", async () => {
      assert.equal((await send("nothing/pull")).status, 404);
      assert.equal((await send("nothing/use")).status, 404);
      const gone = await page("/models/nothing/card");
      assert.equal(gone.status, 200, "with 404 an open page would ask for ever");
      assert.match(gone.html, /There is no pack nothing any more/);
      assert.equal((await app.request("/models/%3Cb%3E/card")).status, 400);
      await Deno.writeTextFile(`${test.dataDir}/models/chosen.json`, "[");
      const { status, html } = await page("/models");
      assert.equal(status, 200);
      assert.match(html, /role="alert">Cannot read which models were chosen/);
      const refused = await send("tiny/use");
      assert.equal(refused.status, 409);
      assert.match(await refused.text(), /Cannot read which models were chosen/);
      assert.equal((await send("builtin/use")).status, 303);
    });

    await t.step("nothing begins while the program stops", async () => {
      await test.pulls.close();
      assert.equal((await send("tiny/verify")).status, 503);
    });

    await test.close();
  }));

Deno.test("the page of model packs where SAFELIGHT_MODELS decides", async () => {
  const test = await testApp({ SAFELIGHT_MODELS: "/models/of/<mine>" });
  const { html } = await test.page("/models");
  assert.match(html, /The models in \/models\/of\/&lt;mine&gt; are in use/);
  assert.doesNotMatch(html, /Use it|In use</);
  assert.ok(buttons(html).includes("Download"));
  assert.equal((await test.form("/models/builtin/use", [])).status, 409);
  await writeServing(test.db, { clip: "former@1", faces: "mine@2" });
  assert.doesNotMatch((await test.page("/models")).html, /former models/);
  await test.db.execute(`insert into workers
    (id, host, pid, device, clip_model, face_model, beat_at)
    values (gen_random_uuid(), 'a', 1, 'cpu', 'mine@1', 'mine@2', now())`);
  const differs = (await test.page("/models")).html;
  assert.match(differs, /Search still goes by the former models/);
  assert.doesNotMatch(differs, /Finish the change/);
  await test.close();
});
