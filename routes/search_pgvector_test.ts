import assert from "node:assert/strict";
import sharp from "sharp";
import { eq } from "drizzle-orm";
import { embeddings, files, photos } from "../db/schema.ts";
import { pgliteDatabase } from "../db/vector_index/pgvector_testing.ts";
import { bytesOfVector } from "../db/vectors.ts";
import { createSession } from "../jobs/lifecycle.ts";
import { openEngine } from "../models/engine.ts";
import { decodePhoto } from "../models/image.ts";
import { Found } from "./search_schemas.ts";
import { addFile, addPhoto, testApp } from "./testing.ts";

const COLOURS = { red: "#e01010", blue: "#1030e0", green: "#108020" };

Deno.test("the whole application searches inside a database with pgvector", async (t) => {
  const test = await testApp({ SAFELIGHT_VECTORS: "pgvector" }, { on: await pgliteDatabase() });
  const { db, dataDir } = test;
  const engine = await openEngine({ modelsDir: null, roles: ["images"], threads: 1 });
  const sessionId = await createSession(db, { name: "t", rootPath: "/p", subdirectories: [""] });

  async function addPicture(colour: string, path: string): Promise<number> {
    const photo = await addPhoto(db, dataDir, { colour, path });
    await addFile(db, { path, sessionId, state: "done", photoId: photo.id });
    const size = { width: 300, height: 300, channels: 3 as const };
    const picture = await sharp({ create: { ...size, background: colour } }).png().toBuffer();
    const { clipPixels } = await decodePhoto(picture, engine);
    const [vector] = await engine.embedImages([clipPixels]);
    await db.insert(embeddings).values({
      photoId: photo.id,
      model: engine.models.clip.key,
      vector: bytesOfVector(vector),
    });
    return photo.id;
  }
  const found = async (query: string) => {
    const { status, body } = await test.get(`/search?${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    return Found.parse(body);
  };
  const first = async (query: string) => (await found(query)).results[0]?.photoId;

  await t.step("an empty library says what to do", async () => {
    assert.match((await found("q=red")).message!, /start a session/);
  });

  const ids: Record<string, number> = {};
  for (const [word, colour] of Object.entries(COLOURS)) {
    ids[word] = await addPicture(colour, `/p/${word}.png`);
  }

  await t.step("words find the pictures they describe", async () => {
    for (const word of Object.keys(COLOURS)) assert.equal(await first(`q=${word}`), ids[word]);
  });

  await t.step("a filter holds, and the page is shown", async () => {
    await db.update(photos).set({ camera: "Agfa Box" }).where(eq(photos.id, ids.blue));
    const { results } = await found("q=red&everything=1&camera=Agfa+Box");
    assert.deepEqual(results.map((photo) => photo.photoId), [ids.blue]);
    const { status, html } = await test.page("/search?q=red");
    assert.equal(status, 200);
    assert.match(html, new RegExp(`/photos/${ids.red}`));
  });

  await t.step("what comes and what goes is followed", async () => {
    const another = await addPicture("#e81010", "/p/another red.png");
    const { results } = await found("q=red&everything=1");
    assert(results.some((photo) => photo.photoId === another));
    await db.delete(files).where(eq(files.photoId, ids.red));
    await db.delete(photos).where(eq(photos.id, ids.red));
    assert.equal(await first("q=red"), another);
  });

  await engine.close();
  await test.close();
});
