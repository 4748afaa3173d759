import assert from "node:assert/strict";
import sharp from "sharp";
import { eq } from "drizzle-orm";
import { embeddings, files, photos } from "../db/schema.ts";
import { bytesOfVector } from "../db/vectors.ts";
import { createSession } from "../jobs/lifecycle.ts";
import { openEngine } from "../models/engine.ts";
import { decodePhoto } from "../models/image.ts";
import { Found } from "./search_schemas.ts";
import { addFile, addPhoto, testApp } from "./testing.ts";

// A search within half a second of another sees what that one saw.
const later = () => new Promise((resolve) => setTimeout(resolve, 550));

Deno.test("search", async (t) => {
  const test = await testApp();
  const { db, dataDir } = test;
  const engine = await openEngine({ modelsDir: null, roles: ["images"], threads: 1 });
  const model = engine.models.clip.key;
  const sessionId = await createSession(db, { name: "t", rootPath: "/p", subdirectories: [""] });

  /** A picture of one colour as training leaves it: photo, file and vector, by the real model. */
  async function addPicture(colour: string, path: string) {
    const photo = await addPhoto(db, dataDir, { colour, path });
    const { fileId } = await addFile(db, { path, sessionId, state: "done", photoId: photo.id });
    const size = { width: 300, height: 300, channels: 3 as const };
    const picture = await sharp({ create: { ...size, background: colour } }).png().toBuffer();
    const { clipPixels } = await decodePhoto(picture, engine);
    const [vector] = await engine.embedImages([clipPixels]);
    await db.insert(embeddings).values({ photoId: photo.id, model, vector: bytesOfVector(vector) });
    return { ...photo, fileId };
  }
  const search = async (query: string, limit?: number) => {
    const q = encodeURIComponent(query);
    const { status, body } = await test.get(`/search?q=${q}${limit ? `&limit=${limit}` : ""}`);
    assert.equal(status, 200);
    return Found.parse(body);
  };
  const ids = (found: Awaited<ReturnType<typeof search>>) =>
    found.results.map((photo) => photo.photoId);

  await t.step("an empty library says what to do", async () => {
    const found = await search("red");
    assert.deepEqual(found.results, []);
    assert.match(found.message!, /start a session/);
    await later();
  });

  const red = await addPicture("#e01010", "/p/a <b>red</b>.png");
  const blue = await addPicture("#1030e0", "/p/blue.png");
  const green = await addPicture("#108020", "/p/green.png");

  await t.step("words rank the pictures they describe first", async () => {
    for (const [word, photo] of [["red", red], ["blue", blue], ["green", green]] as const) {
      const found = await search(word);
      assert.equal(found.results[0].photoId, photo.id, word);
      assert.ok(found.results.every(({ score }) => score > 0 && score <= 1.0001));
      assert.equal(found.message, null);
    }
    const [first] = (await search("red", 1)).results;
    assert.equal(first.path, "/p/a <b>red</b>.png");
    assert.equal(first.thumbnailUrl, `/api/v1/photos/${red.id}/thumbnail`);
    assert.deepEqual([first.width, first.height, first.duplicates], [1200, 800, 0]);
    const found = await search("red blue", 1);
    assert.equal(found.results.length, 1);
    assert.ok(found.builtinModels);
    assert.equal(found.model, model);
  });

  await t.step("a vector stored since is found without a restart", async () => {
    await later();
    const yellow = await addPicture("#f0d010", "/p/yellow.png");
    assert.equal(ids(await search("yellow"))[0], yellow.id);
  });

  await t.step(
    "a photo whose files are gone is not shown, and another takes its place",
    async () => {
      const second = await addPicture("#c80808", "/p/second red.png");
      await later();
      assert.deepEqual(new Set(ids(await search("red", 2))), new Set([red.id, second.id]));
      const missing = (at: Date | null) =>
        db.update(files).set({ missingAt: at }).where(eq(files.id, second.fileId));
      await missing(new Date());
      assert.equal(ids(await search("red", 1))[0], red.id);
      assert.ok(!ids(await search("red")).includes(second.id));
      await missing(null);
      assert.ok(ids(await search("red")).includes(second.id));
    },
  );

  await t.step("duplicates are counted, and found when theirs is the last file", async () => {
    const copy = await addPhoto(db, dataDir, {
      colour: "#1030e1",
      path: "/p/copy of blue.jpg",
      representativeId: blue.id,
    });
    await addFile(db, { path: "/p/copy of blue.jpg", sessionId, state: "done", photoId: copy.id });
    const [before] = (await search("blue")).results;
    assert.deepEqual([before.photoId, before.duplicates], [blue.id, 1]);
    assert.equal(before.path, "/p/blue.png");
    await db.update(files).set({ missingAt: new Date() }).where(eq(files.id, blue.fileId));
    const [after] = (await search("blue")).results;
    assert.deepEqual([after.photoId, after.path], [blue.id, "/p/copy of blue.jpg"]);
  });

  await t.step("a photo that became a duplicate is not shown at once", async () => {
    await db.update(photos).set({ representativeId: red.id }).where(eq(photos.id, green.id));
    assert.ok(!ids(await search("green")).includes(green.id));
  });

  await t.step("words the models do not know find nothing, and it is said why", async () => {
    const found = await search("unicorn 🦄 '; drop table photos; --");
    assert.deepEqual(found.results, []);
    assert.match(found.message!, /demonstration models know only colours/);
    assert.equal((await search("red 🦄 %00 \0 \u202e <i>")).results[0].photoId, red.id);
  });

  await t.step("a query of no or too many characters is a 400 in the one shape", async () => {
    for (const path of ["", "?q=", "?q=%20%20", `?q=${"x".repeat(10_000)}`, "?q=red&limit=0"]) {
      const { status, body } = await test.get(`/search${path}`);
      assert.equal(status, 400, path.slice(0, 20));
      assert.equal(body.error.code, "invalid_request");
    }
    assert.equal((await search("red ".repeat(250))).results[0].photoId, red.id);
    assert.equal((await test.page(`/search?q=${"x".repeat(10_000)}`)).status, 400);
  });

  await t.step("a search costs two statements, however many photos it shows", async () => {
    assert.equal(await test.counting(() => search("red", 1)), 2);
    assert.equal(await test.counting(() => search("red", 100)), 2);
  });

  await t.step("the page shows the photos, and where they come from", async () => {
    const { status, html } = await test.page("/search?q=red");
    assert.equal(status, 200);
    assert.match(html, new RegExp(`href="/photos/${red.id}"`));
    assert.match(html, /built-in demonstration models/);
    assert.match(html, /aria-current="page">Search</);
    assert.ok(!html.includes("<b>red</b>"));
  });

  await t.step("HTML in the query stays text", async () => {
    const query = `"><script>alert(1)</script><img src=x onerror=alert(1)> red`;
    const { status, html } = await test.page(`/search?q=${encodeURIComponent(query)}`);
    assert.equal(status, 200);
    assert.ok(!html.includes("<script>alert") && !html.includes("<img src=x"));
    assert.match(html, /value="&quot;&gt;&lt;script&gt;alert\(1\)/);
    assert.match(html, new RegExp(`href="/photos/${red.id}"`));
  });

  await t.step("without a query the page is a field to type in", async () => {
    const { status, html } = await test.page("/search");
    assert.equal(status, 200);
    assert.match(html, /<input type="search"/);
    assert.ok(!html.includes('role="status"'));
  });

  await engine.close();
  await test.close();
});
