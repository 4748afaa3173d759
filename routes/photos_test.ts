import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import sharp from "sharp";
import { previewPath } from "../db/photo_store.ts";
import { bytesOfVector } from "../db/vectors.ts";
import { addLargeGroup, removeGroup } from "../db/large_groups_testing.ts";
import { createSession } from "../jobs/lifecycle.ts";
import { Photo } from "./api_schemas.ts";
import { PhotoWithCopies } from "./duplicate_schemas.ts";
import { addFile, addPhoto, testApp } from "./testing.ts";

/** Of the vectors of the built-in models. */
const DIMENSION = 52;

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

  await t.step("copies, neighbours in time and the way back", async () => {
    const [before, after] = await Promise.all([
      addPhoto(db, dataDir, { colour: "green", path: "/p/before.jpg" }),
      addPhoto(db, dataDir, { colour: "navy", path: "/p/after.jpg" }),
    ]);
    await db.execute(
      sql`update photos set taken_at = '2019-07-21T18:04:08', session_id = ${sessionId}
      where id = ${before.id}`,
    );
    await db.execute(
      sql`update photos set taken_at = '2019-07-21T18:04:10' where id = ${after.id}`,
    );
    for (
      const { id, path } of [{ ...before, path: "/p/before.jpg" }, {
        ...after,
        path: "/p/after.jpg",
      }]
    ) {
      await addFile(db, { path, sessionId, state: "done", photoId: id });
    }
    const shape = PhotoWithCopies.parse((await test.get(`/photos/${copy.id}`)).body);
    assert.deepEqual([shape.earlier, shape.later], [[before.id], [after.id]]);
    assert.deepEqual(shape.copies.map(({ id, files }) => [id, files.length]), [
      [copy.id, 0],
      [photo.id, 2],
    ]);

    const from = "/search?q=%3Cb%3E&like=3";
    const { html } = await test.page(`/photos/${photo.id}?from=${encodeURIComponent(from)}`);
    assert.match(html, /<a href="\/search\?q=%3Cb%3E&amp;like=3" id="back">Back to results/);
    const carried = `?from=${encodeURIComponent(from)}`;
    assert.ok(html.includes(`href="/photos/${before.id}${carried}" rel="prev"`));
    assert.ok(html.includes(`href="/photos/${after.id}${carried}" rel="next"`));
    assert.match(html, /\/p\/b\/red\.jpg[^]*same bytes, in another folder/);
    assert.match(html, /1 duplicate: the same look in other bytes/);
    const plain = await test.page(`/photos/${photo.id}?from=//evil.example/search`);
    assert.doesNotMatch(plain.html, /evil\.example\/search" id="back"|id="back"/);
    const duplicate = await test.page(`/photos/${copy.id}`);
    assert.match(duplicate.html, new RegExp(`A duplicate of <a href="/photos/${photo.id}"`));
    const found = await test.page(`/photos/${before.id}`);
    assert.match(found.html, new RegExp(`by <a href="/sessions/${sessionId}">t</a>`));

    const copies = await test.page(`/photos/${photo.id}/copies`);
    assert.match(copies.html, /^<ul class="photos copies" aria-label="Duplicates of red\.jpg">/);
    assert.match(copies.html, /\/p\/b\/red\.jpg/);
    const none = await test.page(`/photos/${before.id}/copies`);
    assert.match(none.html, /There are no copies of this photo/);
    for (const part of ["copies", "similar"]) {
      assert.equal((await test.page(`/photos/999/${part}`)).status, 404);
    }
  });

  await t.step("one of many duplicates shows its own files first", async () => {
    const ids = await addLargeGroup(db, Array.from({ length: 160 }, () => ({})));
    const { body } = await test.get(`/photos/${ids[150]}`);
    const { copies } = PhotoWithCopies.parse(body);
    assert.equal(copies.length, 100);
    assert.deepEqual([copies[0].id, copies[0].likeness], [ids[150], "exact"]);
    assert.match(copies[0].files[0].path, /\/150\/0\.jpg$/);
    assert.ok(copies.some(({ id }) => id === ids[0]));
    const { html } = await test.page(`/photos/${ids[150]}`);
    const own = html.slice(html.indexOf('id="copies"'), html.indexOf('id="duplicates"'));
    assert.match(own, /<p class="path">[^<]*\/150\/0\.jpg<\/p>/);
    assert.match(
      html,
      new RegExp(`A duplicate of <a href="/photos/${ids[0]}">0.jpg</a>, which is`),
    );
    await removeGroup(db, ids);
  });

  await t.step("more like it, or why there is none", async () => {
    const ids = [photo.id];
    for (let n = 0; n < 4; n++) {
      const path = `/p/like ${n}.jpg`;
      const { id } = await addPhoto(db, dataDir, { colour: `hsl(${n}, 50%, 50%)`, path });
      await addFile(db, { path, sessionId, state: "done", photoId: id });
      ids.push(id);
    }
    const unread = await test.page(`/photos/${photo.id}/similar`);
    assert.equal(unread.status, 200);
    assert.match(unread.html, /^<p class="muted">[^<]*was not read with the models[^<]*\.<\/p>$/);
    const { body: { model } } = await test.get("/search?q=red");
    for (const [index, id] of ids.entries()) {
      const vector = new Float32Array(DIMENSION);
      vector[0] = Math.cos(index / 100);
      vector[1] = Math.sin(index / 100);
      await db.execute(sql`insert into embeddings (photo_id, model, vector)
        values (${id}, ${model}, ${bytesOfVector(vector)})`);
    }
    const shown = async (id: number) => {
      const { html } = await test.page(`/photos/${id}/similar`);
      return [...html.matchAll(/href="\/photos\/(\d+)"/g)].map(([, found]) => Number(found));
    };
    // The index follows within half a second.
    for (let tries = 0; tries < 50 && (await shown(photo.id)).length < 4; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.deepEqual(await shown(photo.id), ids.slice(1));
    // A duplicate has its representative's vector.
    assert.deepEqual(await shown(copy.id), ids.slice(1));
    await db.execute(sql`delete from embeddings`);
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
