import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import sharp from "sharp";
import { previewPath } from "../db/photo_store.ts";
import { createSession } from "../jobs/lifecycle.ts";
import { Photo } from "./api_schemas.ts";
import { addFile, addPhoto, testApp } from "./testing.ts";

Deno.test("photos, faces and clusters", async (t) => {
  const test = await testApp();
  const { app, db, dataDir } = test;
  const sessionId = await createSession(db, { name: "t", rootPath: "/p", subdirectories: [""] });
  const photo = await addPhoto(db, dataDir, { colour: "red", path: "/p/red.jpg" });
  const copy = await addPhoto(db, dataDir, {
    colour: "#f00001",
    path: "/p/small.jpg",
    representativeId: photo.id,
  });
  await addFile(db, { path: "/p/red.jpg", sessionId, state: "done", photoId: photo.id });
  await addFile(db, { path: "/p/b/red.jpg", sessionId, state: "skipped", photoId: photo.id });
  const [cluster] = await db.execute<{ id: string }>(sql`
    insert into clusters (model, size) values ('builtin@0123456789ab', 1) returning id`);
  await db.execute(
    sql`insert into clusterings (session_id, model, faces, clusters, noise, loaded_at)
    values (${sessionId}, 'builtin@0123456789ab', 1, 1, 0, now())`,
  );
  const [face] = await db.execute<{ id: string }>(sql`
    insert into faces (photo_id, model, box, landmarks, score, quality, embedding, cluster_id)
    values (${photo.id}, 'builtin@0123456789ab', '{0.5,0.25,0.1,0.2}', '{}', 0.9, 0.5, '\\x00',
      ${cluster.id}) returning id`);

  await t.step("a photo with its files, faces and duplicates", async () => {
    const found = Photo.parse((await test.get(`/photos/${photo.id}`)).body);
    assert.deepEqual(found.files.map((file) => file.path), ["/p/b/red.jpg", "/p/red.jpg"]);
    assert.deepEqual(found.faces.map((one) => [one.id, one.clusterId]), [
      [Number(face.id), Number(cluster.id)],
    ]);
    assert.deepEqual(found.duplicates.map((one) => one.id), [copy.id]);
    assert.equal(found.takenAt, "2019-07-21T18:04:09");
  });

  await t.step("a duplicate shares the faces of its representative", async () => {
    const found = Photo.parse((await test.get(`/photos/${copy.id}`)).body);
    assert.equal(found.representativeId, photo.id);
    assert.deepEqual(found.faces.map((one) => one.id), [Number(face.id)]);
    assert.deepEqual(found.duplicates.map((one) => one.id), [photo.id]);
  });

  await t.step("when, where and with what it was taken, as far as known", async () => {
    const before = await test.page(`/photos/${photo.id}`);
    for (const term of ["Lens", "Place", "Rating"]) assert.ok(!before.html.includes(`<dt>${term}`));
    await db.execute(sql`
      update photos set taken_offset_minutes = -210, lens = 'Summicron 35', latitude = 47.3769,
        longitude = -8.5417, rating = 4 where id = ${photo.id}`);
    const known = Photo.parse((await test.get(`/photos/${photo.id}`)).body);
    assert.deepEqual(
      [known.takenOffsetMinutes, known.lens, known.latitude, known.longitude, known.rating],
      [-210, "Summicron 35", 47.3769, -8.5417, 4],
    );
    const { html } = await test.page(`/photos/${photo.id}`);
    assert.match(html, /21 July 2019, 18:04 \(UTC−03:30\)/);
    assert.match(html, /Summicron 35/);
    assert.match(html, /47\.37690° N, 8\.54170° W/);
    assert.match(html, /4 stars of 5/);
  });

  await t.step("pictures are sent once and then known", async () => {
    for (
      const [path, type] of [
        [`/api/v1/photos/${photo.id}/thumbnail`, "image/webp"],
        [`/api/v1/photos/${photo.id}/preview`, "image/jpeg"],
        [`/api/v1/faces/${face.id}/crop`, "image/webp"],
      ]
    ) {
      const first = await app.request(path);
      assert.equal(first.status, 200, path);
      assert.equal(first.headers.get("content-type"), type);
      assert.match(first.headers.get("cache-control")!, /immutable/);
      const { format } = await sharp(await first.arrayBuffer()).metadata();
      assert.equal(`image/${format}`, type);
      const etag = first.headers.get("etag")!;
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
        const again = await app.request(path, { headers: { "if-none-match": known } });
        assert.deepEqual([again.status, (await again.arrayBuffer()).byteLength], [304, 0]);
        assert.equal(again.headers.get("etag"), etag);
      }
      const other = await app.request(path, { headers: { "if-none-match": '"other"' } });
      assert.equal(other.status, 200);
      await other.body?.cancel();
    }
  });

  await t.step("a face crop is a square of the picture", async () => {
    const crop = await app.request(`/api/v1/faces/${face.id}/crop`);
    const { data, info } = await sharp(await crop.arrayBuffer()).raw().toBuffer({
      resolveWithObject: true,
    });
    assert.equal(info.width, info.height);
    assert.ok(data[0] > 240 && data[1] < 20, `red, not ${data[0]} ${data[1]} ${data[2]}`);
  });

  await t.step("what is not there is a 404 that says so", async () => {
    for (const path of ["/photos/999", "/photos/999/thumbnail", "/photos/999/preview"]) {
      const { status, body } = await test.get(path);
      assert.deepEqual([status, body.error.code], [404, "photo_not_found"]);
    }
    assert.equal((await test.get("/faces/999/crop")).body.error.code, "face_not_found");
    const lost = await addPhoto(db, dataDir, { colour: "blue", path: "/p/blue.jpg" });
    await Deno.remove(previewPath(dataDir, lost.sha256));
    const { status, body } = await test.get(`/photos/${lost.id}/preview`);
    assert.deepEqual([status, body.error.code], [404, "picture_missing"]);
  });

  await t.step("the pages: library, photo with boxes, people", async () => {
    const library = await test.page("/photos");
    assert.match(library.html, new RegExp(`href="/photos/${photo.id}"`));
    assert.doesNotMatch(library.html, new RegExp(`href="/photos/${copy.id}"`));

    const one = await test.page(`/photos/${photo.id}`);
    assert.match(one.html, /<rect x="60" y="20" width="12(\.\d+)?" height="16(\.\d+)?"/);
    assert.match(one.html, /built-in demonstration models/);
    assert.match(one.html, /21 July 2019, 18:04/);
    assert.doesNotMatch(one.html, / style=/);

    const people = await test.page("/people");
    assert.match(people.html, new RegExp(`/api/v1/faces/${face.id}/crop`));
    assert.match(people.html, /built-in demonstration models/);
    const person = await test.page(`/clusters/${cluster.id}`);
    assert.match(person.html, new RegExp(`href="/photos/${photo.id}"`));
    assert.equal((await test.page("/clusters/999")).status, 404);
    assert.equal((await test.page("/photos/999")).status, 404);
  });

  await test.close();
});
