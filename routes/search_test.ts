import assert from "node:assert/strict";
import sharp from "sharp";
import { eq, sql } from "drizzle-orm";
import { embeddings, files, photos } from "../db/schema.ts";
import { bytesOfVector } from "../db/vectors.ts";
import { createSession } from "../jobs/lifecycle.ts";
import { openEngine } from "../models/engine.ts";
import { decodePhoto } from "../models/image.ts";
import { Found, IndexState } from "./search_schemas.ts";
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
      assert.ok(found.results.every(({ score }) => score! > 0 && score! <= 1.0001));
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

  await t.step("a query of too many characters is a 400 in the one shape", async () => {
    const long = "x".repeat(10_000);
    for (const path of [`?q=${long}`, "?q=red&limit=0", "?like=x", "?facets=maybe", "?faces=x"]) {
      const { status, body } = await test.get(`/search${path}`);
      assert.equal(status, 400, path.slice(0, 20));
      assert.equal(body.error.code, "invalid_request");
    }
    assert.equal((await search("red ".repeat(250))).results[0].photoId, red.id);
  });

  await t.step("a parameter that there is not is named, rather than everything found", async () => {
    const { status, body } = await test.get("/search?q=red&person=3");
    assert.equal(status, 400);
    assert.match(body.error.message, /no parameter "person"/);
  });

  await t.step("a search costs four statements, however many photos it shows", async () => {
    // Which model serves; those that it shows; and how many there are, with its limit of time, which
    // is not counted again within moments.
    for (const limit of [1, 100, 1]) {
      assert.ok([2, 4].includes(await test.counting(() => search("red", limit))));
    }
  });

  await t.step("nothing asked for is all there is, newest first, page by page", async () => {
    const { body } = await test.get("/search?q=%20%20&limit=2&type=jpeg");
    const first = Found.parse(body);
    assert.equal(first.results.length, 2);
    assert.ok(first.results.every(({ score, relevance }) => score === null && relevance === null));
    const rest = Found.parse((await test.get(`/search?type=jpeg&cursor=${first.nextCursor}`)).body);
    const all = [...ids(first), ...ids(rest)];
    assert.equal(new Set(all).size, all.length);
    assert.equal(all.length, first.total);
    assert.equal(rest.nextCursor, null);
    const foreign = await test.get(`/search?q=red&type=jpeg&cursor=${first.nextCursor}`);
    assert.deepEqual([foreign.status, foreign.body.error.code], [400, "foreign_cursor"]);
  });

  await t.step("how far the index is, is told", async () => {
    const { body } = await test.get("/search/index");
    const { size } = await test.db.execute(sql`select from embeddings`).then((rows) => ({
      size: rows.length,
    }));
    assert.deepEqual(IndexState.parse(body), { state: "ready", done: size, total: size });
  });

  await t.step("filters and facets", async () => {
    const found = Found.parse((await test.get("/search?q=red&camera=Leica+M6&facets=1")).body);
    assert.equal(found.results[0].photoId, red.id);
    assert.equal(found.facets!.cameras[0].value, "Leica M6");
    const none = Found.parse((await test.get("/search?q=red&camera=Zorki")).body);
    assert.deepEqual([none.results, none.total], [[], 0]);
    const like = Found.parse((await test.get(`/search?like=${red.id}`)).body);
    assert.ok(!ids(like).includes(red.id));
    const { status, body } = await test.get("/search?like=999999");
    assert.deepEqual([status, body.error.code], [404, "photo_not_found"]);
  });

  await engine.close();
  await test.close();
});
