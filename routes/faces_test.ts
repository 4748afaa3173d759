import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import sharp from "sharp";
import { insertCluster, insertFace, insertPerson, showModel } from "../db/people_testing.ts";
import { faces, rejections } from "../db/schema.ts";
import { Change, Cluster, ClusterFaces, Clusters, Face, Photo } from "./api_schemas.ts";
import { addPhoto, testApp } from "./testing.ts";

Deno.test("the API of faces and clusters", async (t) => {
  const test = await testApp();
  const { db } = test;
  await showModel(db);
  const face = async (id: number) => Face.parse((await test.get(`/faces/${id}`)).body);
  const owners = (ids: number[]) => Promise.all(ids.map(async (id) => (await face(id)).personId));
  const undo = async (changeId: number | null) =>
    assert.equal((await test.post("/changes/undo", { changeId })).status, 200);

  await t.step("clusters by size, each with its faces", async () => {
    const small = await insertCluster(db, { count: 3 });
    const large = await insertCluster(db, { count: 5, like: 1 });
    const page = Clusters.parse((await test.get("/clusters?faces=2&limit=1")).body);
    assert.deepEqual([page.total, page.items[0].id, page.items[0].faces.length], [2, large.id, 2]);
    const one = Cluster.parse((await test.get(`/clusters/${small.id}`)).body);
    assert.deepEqual(one.faces.map((face) => face.id), small.faceIds);
    const { body } = await test.get(`/clusters/${large.id}/faces?limit=2&offset=4`);
    assert.deepEqual(ClusterFaces.parse(body).items.map((face) => face.id), [large.faceIds[4]]);
    const cover = { coverFaceId: body.items.at(-1).id };
    assert.equal((await test.patch(`/clusters/${large.id}`, cover)).status, 200);
    const chosen = Cluster.parse((await test.get(`/clusters/${large.id}`)).body);
    assert.equal(chosen.faces[0].id, cover.coverFaceId);
    assert.equal((await test.patch(`/clusters/${small.id}`, cover)).status, 409);
    for (const path of ["/clusters/999999", "/clusters/999999/faces"]) {
      const { status, body } = await test.get(path);
      assert.deepEqual([status, body.error.code], [404, "cluster_not_found"]);
    }
  });

  await t.step("a cluster is named, by a new name or after somebody there is", async () => {
    const [one, other] = [
      await insertCluster(db, { count: 3, like: 2 }),
      await insertCluster(db, { count: 2, like: 2 }),
    ];
    const named = await test.post(`/clusters/${one.id}/name`, { name: "Cy" });
    assert.equal(named.status, 201, JSON.stringify(named.body));
    const { personId } = Change.parse(named.body);
    assert.deepEqual(await owners(one.faceIds), [personId, personId, personId]);
    const joined = await test.post(`/clusters/${other.id}/name`, { personId });
    assert.deepEqual([joined.status, joined.body.personId], [200, personId]);
    assert.deepEqual(await owners(other.faceIds), [personId, personId]);
    const twice = await test.post(`/clusters/${one.id}/name`, { name: "Cy" });
    assert.deepEqual([twice.status, twice.body.changeId, twice.body.personId], [
      200,
      null,
      personId,
    ]);
    assert.equal((await test.post(`/clusters/${one.id}/name`, { name: "Other" })).status, 404);
    const nobody = await insertCluster(db, { count: 2 });
    const wrong = await test.post(`/clusters/${nobody.id}/name`, { personId: 999_999 });
    assert.equal(wrong.status, 404);
    for (const body of [{}, { name: "a", personId }, { personId: "a" }, { name: " " }]) {
      const { status } = await test.post(`/clusters/${nobody.id}/name`, body);
      assert.equal(status, 400, JSON.stringify(body));
    }
    assert.deepEqual(await owners(nobody.faceIds), [null, null]);
  });

  await t.step("split, merge and hide", async () => {
    const { id, faceIds } = await insertCluster(db, { count: 4, like: 3 });
    const split = await test.post(`/clusters/${id}/split`, { faceIds: faceIds.slice(0, 2) });
    assert.equal(split.status, 201, JSON.stringify(split.body));
    const part = Change.parse(split.body).clusterId!;
    assert.notEqual(part, id);
    assert.deepEqual((await face(faceIds[0])).clusterId, part);
    assert.deepEqual((await face(faceIds[3])).clusterId, id);
    const foreign = await test.post(`/clusters/${id}/split`, { faceIds: [faceIds[0]] });
    assert.equal(foreign.status, 409, "it is in the other one by now");
    await undo(split.body.changeId);
    assert.deepEqual((await face(faceIds[0])).clusterId, id);

    const other = await insertCluster(db, { count: 2, like: 4 });
    const merged = await test.post("/clusters/merge", { clusterIds: [id, other.id] });
    assert.equal(merged.status, 201, JSON.stringify(merged.body));
    const { personId } = Change.parse(merged.body);
    assert.deepEqual((await test.get(`/people/${personId}`)).body.name, null);
    assert.equal((await test.get(`/people/${personId}`)).body.faces, 6);
    await undo(merged.body.changeId);
    for (const clusterIds of [[id], [], [id, 999_999]]) {
      const { status } = await test.post("/clusters/merge", { clusterIds });
      assert.equal(status, clusterIds.length < 2 ? 400 : 404, JSON.stringify(clusterIds));
    }

    const stranger = await test.post(`/clusters/${id}/hide`, { as: "stranger" });
    assert.equal(stranger.status, 200);
    assert.equal((await test.get(`/people/${stranger.body.personId}`)).body.hidden, true);
    const none = await test.post(`/clusters/${other.id}/hide`, { as: "not_a_face" });
    assert.equal(none.status, 200);
    assert.equal((await face(other.faceIds[0])).notAFace, true);
    assert.equal((await test.get(`/clusters/${other.id}`)).status, 404);
    assert.equal((await test.post(`/clusters/${id}/hide`, { as: "friend" })).status, 400);
  });

  await t.step("assign, move, release, reject and hide faces", async () => {
    const [one, two, three] = [
      await insertFace(db, { like: 5 }),
      await insertFace(db, { like: 5 }),
      await insertFace(db, { like: 6 }),
    ];
    const faceIds = [one, two];
    const made = await test.post("/faces/assign", { faceIds, name: "Di" });
    assert.equal(made.status, 201);
    const di = made.body.personId as number;
    const { confirmed, personName, personId } = await face(one);
    assert.deepEqual([confirmed, personName, personId], [true, "Di", di]);
    const same = await test.post("/faces/assign", { faceIds, personId: di });
    assert.deepEqual([same.status, same.body.changeId], [200, null]);

    const { id: eve } = await insertPerson(db, { name: "Eve", count: 1, like: 6 });
    const moved = await test.post("/faces/move", { faceIds: [two], personId: eve });
    assert.deepEqual([moved.status, moved.body.personId], [200, eve]);
    const cluster = await insertCluster(db, { count: 2, like: 5 });
    const back = await test.post("/faces/move", { faceIds: [two], clusterId: cluster.id });
    // What somebody puts together outlasts the next grouping: it is a person without a name.
    assert.equal(back.status, 201, JSON.stringify(back.body));
    const unnamed = Change.parse(back.body).personId;
    assert.deepEqual(await owners([two, ...cluster.faceIds]), [unnamed, unnamed, unnamed]);
    assert.equal((await test.get(`/people/${unnamed}`)).body.name, null);

    const another = await test.post("/faces/release", { faceIds: [one], personId: eve });
    assert.equal(another.status, 409, "it is Di's");
    assert.deepEqual(await owners([one]), [di]);
    const released = await test.post("/faces/release", { faceIds: [one] });
    assert.equal(released.status, 200);
    // Whose else it may be, the program decides anew.
    assert.notEqual((await face(one)).personId, di);
    const remembered = await db.select().from(rejections).where(eq(rejections.faceId, one));
    assert.deepEqual(remembered.map((row) => row.personId), [di]);

    const wrong = { faceIds: [three], personId: di };
    assert.equal((await test.post("/faces/reject", wrong)).status, 200);
    const again = await test.post("/faces/reject", wrong);
    assert.deepEqual([again.status, again.body.changeId], [200, null]);
    const refused = await db.select().from(rejections).where(eq(rejections.faceId, three));
    assert.deepEqual(refused.map((row) => row.personId), [di]);
    const late = await test.post("/suggestions/answer", { ...wrong, answer: "yes" });
    assert.deepEqual([late.status, late.body.error.code], [409, "already_answered"]);

    const stranger = await test.post("/faces/hide", { faceIds: [three], as: "stranger" });
    assert.equal(stranger.status, 200);
    assert.equal((await test.get(`/people/${(await face(three)).personId}`)).body.hidden, true);
    assert.equal(
      (await test.post("/faces/hide", { faceIds: [one], as: "not_a_face" })).status,
      200,
    );
    assert.equal((await face(one)).notAFace, true);
  });

  await t.step("a box that somebody drew is a face with a picture; a false one goes", async () => {
    const photo = await addPhoto(db, test.dataDir, { colour: "red", path: "/p/red.jpg" });
    const found = await insertFace(db, { photoId: photo.id });
    const box = [0.1, 0.2, 0.3, 0.4];
    const drawn = await test.post("/faces", { photoId: photo.id, box, name: "Flo" });
    assert.equal(drawn.status, 201, JSON.stringify(drawn.body));
    const shown = Photo.parse((await test.get(`/photos/${photo.id}`)).body);
    assert.deepEqual(shown.faces.map((one) => [one.model === "drawn", one.personName]), [
      [false, null],
      [true, "Flo"],
    ]);
    const { id } = shown.faces[1];
    assert.deepEqual((await face(id)).box.map((value) => Math.round(value * 100)), [
      10,
      20,
      30,
      40,
    ]);
    const crop = await test.app.request(`/api/v1/faces/${id}/crop`);
    const { data, info } = await sharp(await crop.arrayBuffer()).raw().toBuffer({
      resolveWithObject: true,
    });
    assert.equal(info.width, info.height);
    assert.ok(data[0] > 240 && data[1] < 20, `red, not ${data[0]} ${data[1]} ${data[2]}`);

    const gone = await test.delete(`/faces/${found}`);
    assert.equal(gone.status, 200, JSON.stringify(gone.body));
    const after = Photo.parse((await test.get(`/photos/${photo.id}`)).body);
    assert.deepEqual(after.faces.map((one) => one.id), [id]);
    await undo(gone.body.changeId);
    assert.equal(Photo.parse((await test.get(`/photos/${photo.id}`)).body).faces.length, 2);
  });

  await t.step(
    "boxes outside the picture, or of no size, are refused; at its edge they are cut",
    async () => {
      const photo = await addPhoto(db, test.dataDir, { colour: "blue", path: "/p/blue.jpg" });
      const wrong = [
        [-0.5, 0, 0.5, 0.5],
        [0.2, 1, 0.5, 0.5],
        [0, 0, 0, 0.5],
        [0, 0, 0.5, -0.5],
        [2, 2, 0.1, 0.1],
        [0, 0, 1e-9, 1e-9],
        [NaN, 0, 1, 1],
        [0, 0, 1],
        ["0", "0", "1", "1"],
        null,
      ];
      for (const box of wrong) {
        const { status, body } = await test.post("/faces", { photoId: photo.id, box, name: "x" });
        assert.equal(status, 400, JSON.stringify([box, body]));
      }
      const huge = await test.app.request("/api/v1/faces", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: `{"photoId": ${photo.id}, "name": "x", "box": [1e999, 0, 0.1, 0.1]}`,
      });
      assert.equal(huge.status, 400);
      const box = [0, 0, 1, 1];
      assert.equal((await test.post("/faces", { photoId: 999_999, box, name: "x" })).status, 404);
      assert.equal((await test.post("/faces", { photoId: photo.id, box })).status, 400);
      assert.deepEqual(Photo.parse((await test.get(`/photos/${photo.id}`)).body).faces, []);
      const edge = { photoId: photo.id, box: [0.75, 0.5, 0.5, 0.25], name: "Edge" };
      assert.equal((await test.post("/faces", edge)).status, 201);
      const [cut] = Photo.parse((await test.get(`/photos/${photo.id}`)).body).faces;
      assert.deepEqual(cut.box, [0.75, 0.5, 0.25, 0.25]);
    },
  );

  await t.step("ids that do not exist, and more than 5,000 of them", async () => {
    const { id: personId } = await insertPerson(db, { name: "Gil", count: 1 });
    const there = await insertFace(db);
    const bodies: [string, Record<string, unknown>][] = [
      ["/faces/assign", { personId }],
      ["/faces/move", { personId }],
      ["/faces/release", {}],
      ["/faces/release", { personId }],
      ["/faces/reject", {}],
      ["/faces/hide", { as: "stranger" }],
      ["/people", { name: "Many" }],
    ];
    const many = Array.from({ length: 5001 }, (_, n) => 5_000_000 + n);
    for (const [path, fields] of bodies) {
      const post = (faceIds: unknown) => test.post(path, { ...fields, faceIds });
      const missing = await post([there, 999_999]);
      assert.equal(missing.status, 404, `${path} ${JSON.stringify(missing.body)}`);
      assert.match(missing.body.error.message, /999999/);
      for (const faceIds of [many, [], [0], [1.5], ["1"], "1", undefined, [2 ** 60]]) {
        assert.equal((await post(faceIds)).status, 400, `${path} ${String(faceIds).slice(0, 20)}`);
      }
    }
    assert.deepEqual(await owners([there]), [null]);
    assert.equal(
      (await test.post("/faces/assign", { faceIds: [there], personId: 999_999 })).status,
      404,
    );
    assert.equal((await test.get("/faces/999999")).body.error.code, "face_not_found");
    assert.equal((await test.delete("/faces/999999")).status, 404);
    const all = await db.select({ id: faces.id }).from(faces);
    const known = all.map((row) => row.id).concat(many).slice(0, 5000);
    assert.equal((await test.post("/faces/assign", { faceIds: known, personId })).status, 404);
  });

  await test.close();
});
