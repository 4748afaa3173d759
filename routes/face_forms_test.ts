import assert from "node:assert/strict";
import { and, eq } from "drizzle-orm";
import { insertFace, insertPerson, insertPhoto, MODEL, showModel } from "../db/people_testing.ts";
import { faces } from "../db/schema.ts";
import { send } from "./forms_testing.ts";
import { testApp } from "./testing.ts";

Deno.test("faces of a photo and their forms", async (t) => {
  const test = await testApp();
  const { db } = test;
  await showModel(db);
  const photoId = await insertPhoto(db);
  const copy = await insertPhoto(db, { representativeId: photoId });
  const anna = await insertPerson(db, { name: "Anna", count: 1, like: 1 });
  const theirs = { photoId, personId: anna.id, similarity: 0.7, like: 1 };
  const left = await insertFace(db, { ...theirs, box: [0.1, 0.2, 0.1, 0.2] });
  const right = await insertFace(db, { photoId, like: 2, box: [0.7, 0.9, 0.1, 0.1] });
  const back = `/photos/${photoId}`;
  const drawn = () =>
    db.select().from(faces).where(and(eq(faces.photoId, photoId), eq(faces.model, "drawn")));

  await t.step("the photo shows boxes with names, from left to right", async () => {
    const { html } = await test.page(back);
    assert.match(html, /<text x="15%" y="40%"[^>]*>Anna<\/text>/);
    assert.match(html, /aria-label="Face 1: Anna"[^]*aria-label="Face 2: unknown"/);
    assert.match(html, new RegExp(`<a href="/people/${anna.id}" aria-label="Face 1: Anna">`));
    assert.match(html, /Yes, Anna[^]*Not Anna/);
    assert.doesNotMatch(html, / style=| onclick=|<script>/);
  });

  await t.step("a face gets a name where it is", async () => {
    await send(test, "/faces/name", { back, faceId: right, name: "Ben" });
    assert.match((await test.page(back)).html, /Face 2: Ben/);
    await send(test, "/faces/confirm", { back, owner: anna.id, faceId: left });
    assert.doesNotMatch((await test.page(back)).html, /Yes, Anna/);
  });

  await t.step("a page that is out of date takes nobody's face from somebody else", async () => {
    const ben = await insertPerson(db, { name: "Benno", count: 1, like: 4 });
    const taken = await insertFace(db, { personId: ben.id, confirmed: true, like: 4 });
    const given = { back, faceId: taken };
    const stale = [
      await send(test, "/faces/release", { ...given, owner: anna.id }),
      await send(test, "/faces/confirm", { ...given, owner: anna.id }),
      await send(test, "/faces/name", { ...given, owner: anna.id, name: "Somebody New" }),
      await send(test, "/faces/name", { ...given, owner: "", name: "Somebody New" }),
      await send(test, "/faces/name", { ...given, owner: "", name: "anna", personId: anna.id }),
      await send(test, "/faces/split", { ...given, personId: anna.id }),
      await send(test, `/people/${anna.id}/name`, { ...given, name: "Somebody New" }),
    ];
    assert.deepEqual(stale.map(({ status }) => status), stale.map(() => 409));
    for (const { html } of stale) assert.match(html, /data-fault/);
    const row = async () => (await db.select().from(faces).where(eq(faces.id, taken)))[0];
    assert.deepEqual([(await row()).personId, (await row()).confirmed], [ben.id, true]);
    await send(test, "/faces/release", { ...given, owner: ben.id });
    assert.equal((await row()).personId, null);
  });

  await t.step("a question keeps whose the face was", async () => {
    const asked = await send(test, "/faces/name", {
      back,
      faceId: right,
      owner: anna.id,
      name: "Benno",
    });
    assert.match(asked.html, new RegExp(`id="question"[^]*name="owner" value="${anna.id}"`));
    const nobodys = await send(test, "/faces/name", {
      back,
      faceId: right,
      owner: "",
      name: "anna",
    });
    assert.match(nobodys.html, /id="question"[^]*name="owner" value=""/);
  });

  await t.step("a box is drawn with a name, in per cent of the picture", async () => {
    const box = { x: 40, y: 35.5, width: 20, height: 30 };
    await send(test, "/faces/draw", { back, photoId, name: "Otto", ...box });
    const [face] = await drawn();
    [0.4, 0.355, 0.2, 0.3].forEach((side, index) =>
      assert.ok(Math.abs(face.box[index] - side) < 1e-6, `${face.box}`)
    );
    const asked = await send(test, "/faces/draw", { back, photoId, name: "anna", ...box, x: 1 });
    assert.match(asked.html, /Is this the Anna you know\?/);
    assert.match(asked.html, /name="box" value="1,35.5,20,30"/);
    assert.equal((await drawn()).length, 1);
    // Anna is on the photo already, and nobody is there twice without somebody saying so.
    await send(test, "/faces/draw", {
      back,
      photoId,
      name: "anna",
      box: "1,35.5,20,30",
      as: "new",
    });
    assert.equal((await drawn()).length, 2);
  });

  await t.step("a double click draws and names once", async () => {
    const fields = { back, photoId, name: "Twice", x: 2, y: 70, width: 9, height: 9 };
    await send(test, "/faces/draw", fields);
    const again = await send(test, "/faces/draw", fields);
    assert.match(again.html, /It was so already/);
    const face = await insertFace(db, { photoId: await insertPhoto(db), like: 6 });
    const name = { back, faceId: face, owner: "", name: "Only Once" };
    await send(test, "/faces/name", name);
    assert.match((await send(test, "/faces/name", name)).html, /It was so already/);
    const [added] = (await drawn()).slice(-1);
    await send(test, "/faces/remove", { back, faceId: added.id });
  });

  await t.step("a box without a size is refused, with what was typed", async () => {
    const none = { x: 95, y: 5, width: 0, height: 0 };
    const sent = await send(test, "/faces/draw", { back, photoId, name: "Pia", ...none });
    assert.equal(sent.status, 422);
    assert.match(sent.html, /name="x" value="95"/);
    assert.match(sent.html, /value="Pia"/);
    const beyond = await test.form("/faces/draw", [["photoId", String(photoId)], ["x", "101"]]);
    assert.equal(beyond.status, 400);
    assert.equal((await drawn()).length, 2);
  });

  await t.step("a false one is removed; a drawn one goes", async () => {
    await send(test, "/faces/remove", { back, faceId: right });
    const [gone] = await db.select().from(faces).where(eq(faces.id, right));
    assert.equal(gone.notAFace, true);
    const [face] = await drawn();
    await send(test, "/faces/remove", { back, faceId: face.id });
    assert.equal((await drawn()).length, 1);
    assert.doesNotMatch((await test.page(back)).html, /Face 4/);
  });

  await t.step("the page of a duplicate draws on the picture that has the faces", async () => {
    const { html } = await test.page(`/photos/${copy}`);
    assert.match(html, new RegExp(`name="photoId" value="${photoId}"`));
  });

  await t.step("moving takes one place to move to", async () => {
    const face = await insertFace(db, { model: MODEL, like: 3 });
    const sent = await send(test, "/faces/move", { back, faceId: face, personId: anna.id });
    assert.match(sent.location!, /changed=/);
    assert.equal((await test.form("/faces/move", [["faceId", String(face)]])).status, 400);
  });

  await test.close();
});
