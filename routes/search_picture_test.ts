import assert from "node:assert/strict";
import sharp from "sharp";
import { embeddings } from "../db/schema.ts";
import { bytesOfVector } from "../db/vectors.ts";
import { createSession } from "../jobs/lifecycle.ts";
import { openEngine } from "../models/engine.ts";
import { decodePhoto } from "../models/image.ts";
import { Found, FoundByPicture, PICTURE_LIMIT } from "./search_schemas.ts";
import { addFile, addPhoto, testApp } from "./testing.ts";

const paint = (colour: string) =>
  sharp({ create: { width: 300, height: 200, channels: 3, background: colour } }).png().toBuffer();

Deno.test("search with a picture", async (t) => {
  const test = await testApp();
  const { db, dataDir, app } = test;
  const engine = await openEngine({ modelsDir: null, roles: ["images"], threads: 1 });
  const sessionId = await createSession(db, { name: "t", rootPath: "/p", subdirectories: [""] });
  const photos = new Map<string, number>();
  for (const colour of ["#e01010", "#1030e0", "#108020"]) {
    const path = `/p/${colour}.png`;
    const { id } = await addPhoto(db, dataDir, { colour, path });
    await addFile(db, { path, sessionId, state: "done", photoId: id });
    const { clipPixels } = await decodePhoto(await paint(colour), engine);
    const [vector] = await engine.embedImages([clipPixels]);
    const model = engine.models.clip.key;
    await db.insert(embeddings).values({ photoId: id, model, vector: bytesOfVector(vector) });
    photos.set(colour, id);
  }
  await engine.close();
  const blue = new Uint8Array(await paint("#1032dd"));

  async function send(
    body: BodyInit | null,
    { type, query = "" }: { type?: string; query?: string } = {},
  ) {
    const response = await app.request(`/api/v1/search${query}`, {
      method: "POST",
      ...(body === null ? {} : { body }),
      ...(type === undefined ? {} : { headers: { "content-type": type } }),
    });
    return { status: response.status, body: await response.json() };
  }
  function form(fields: Record<string, string | Blob>): FormData {
    const data = new FormData();
    for (const [name, value] of Object.entries(fields)) data.append(name, value);
    return data;
  }

  await t.step("a form with the file and fields beside it", async () => {
    const { status, body } = await send(form({ picture: new Blob([blue]), limit: "1" }));
    assert.equal(status, 200);
    const found = FoundByPicture.parse(body);
    assert.equal(found.results[0].photoId, photos.get("#1030e0"));
    assert.equal(found.results.length, 1);
    // The next page needs no picture any more.
    const query = `picture=${found.picture}&limit=1`;
    const again = Found.parse((await test.get(`/search?${query}`)).body);
    assert.deepEqual(again.results, found.results);
    if (found.nextCursor) {
      const next = await test.get(`/search?${query}&cursor=${found.nextCursor}`);
      assert.notEqual(Found.parse(next.body).results[0].photoId, photos.get("#1030e0"));
    }
  });

  await t.step("the bare file, and the address beside it", async () => {
    const { status, body } = await send(blue, {
      type: "image/png",
      query: "?limit=1&everything=1",
    });
    assert.equal(status, 200);
    assert.equal(FoundByPicture.parse(body).results[0].photoId, photos.get("#1030e0"));
    assert.ok(body.nextCursor);
  });

  await t.step("a picture and words", async () => {
    const { body } = await send(
      form({ picture: new Blob([blue]), q: "red - blue", everything: "1" }),
    );
    const found = FoundByPicture.parse(body);
    assert.equal(found.query, "red - blue");
    assert.equal(found.results[0].photoId, photos.get("#e01010"));
  });

  await t.step("what is no picture is told as what it is", async () => {
    const cases: [BodyInit | null, { type?: string; query?: string }, number, string][] = [
      [form({ picture: new Blob(["<script>alert(1)</script>"]) }), {}, 415, "unusable_picture"],
      [form({ picture: new Blob([]) }), {}, 422, "unusable_picture"],
      [form({ picture: new Blob([blue.subarray(0, 80)]) }), {}, 422, "unusable_picture"],
      [form({ picture: "words" }), {}, 400, "invalid_request"],
      [form({ other: new Blob([blue]) }), {}, 400, "invalid_request"],
      [form({ picture: new Blob([blue]), limit: "0" }), {}, 400, "invalid_request"],
      [form({ picture: new Blob([blue]), faces: "many" }), {}, 400, "invalid_request"],
      [form({ picture: new Blob([blue]), person: "3" }), {}, 400, "invalid_request"],
      ["{}", { type: "application/json" }, 415, "unsupported_media_type"],
      [null, {}, 415, "unsupported_media_type"],
      ["x", { type: "multipart/form-data; boundary=b" }, 400, "malformed_request"],
      [blue, { type: "image/png", query: "?cursor=x" }, 400, "foreign_cursor"],
    ];
    for (const [body, options, status, code] of cases) {
      const answer = await send(body, options);
      assert.deepEqual([answer.status, answer.body.error?.code], [status, code]);
    }
    const { status, body } = await test.get("/search?picture=xyz");
    assert.deepEqual([status, body.error.code], [400, "foreign_picture"]);
  });

  await t.step("so many at a time, by whichever way they come, and others are told", async () => {
    const held: ReadableStreamDefaultController<Uint8Array>[] = [];
    const begin = () =>
      app.request("/api/v1/search", {
        method: "POST",
        headers: { "content-type": "image/png" },
        body: new ReadableStream<Uint8Array>({ start: (controller) => void held.push(controller) }),
      });
    const begun = Array.from({ length: 10 }, begin);
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const path of ["/api/v1/search", "/search"]) {
      const body = new Blob([blue]).stream();
      const refused = await app.request(path, { method: "POST", body });
      assert.equal(refused.status, 503, path);
      assert.ok(refused.headers.has("retry-after"));
      assert.match(await refused.text(), /10 pictures are being searched with already/);
    }
    for (const controller of held) {
      controller.enqueue(blue);
      controller.close();
    }
    const answers = await Promise.all(begun);
    assert.ok(answers.every(({ status }) => status === 200));
  });

  await t.step("200 MB are refused before they are read, whether they say so or not", async () => {
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, app.fetch);
    const { port } = server.addr as Deno.NetAddr;
    let sent = 0;
    const piece = new Uint8Array(1024 * 1024);
    const stream = () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          if (sent >= 200) return controller.close();
          sent++;
          controller.enqueue(piece);
        },
      });
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/search`, {
      method: "POST",
      headers: { "content-type": "image/jpeg" },
      body: stream(),
    });
    assert.equal(response.status, 413);
    assert.equal((await response.json()).error.code, "body_too_large");
    assert.ok(sent < 150, `${sent} MB were taken`);

    // By its length alone: of the body nothing is sent.
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode(
      `POST /api/v1/search HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: image/jpeg\r\n` +
        `Content-Length: 209715200\r\n\r\n`,
    ));
    const answer = new Uint8Array(1000);
    const read = await connection.read(answer);
    assert.match(new TextDecoder().decode(answer.subarray(0, read!)), /^HTTP\/1.1 413 /);
    connection.close();
    await server.shutdown();

    // Everything else keeps its smaller limit.
    const other = await app.request("/api/v1/sessions", {
      method: "POST",
      headers: { "content-length": String(PICTURE_LIMIT), "content-type": "application/json" },
      body: "{}",
    });
    assert.equal(other.status, 413);
  });

  await test.close();
});
