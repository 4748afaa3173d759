import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import {
  insertCluster,
  insertFace,
  insertPerson,
  insertPhoto,
  insertSuggestion,
  showModel,
} from "../db/people_testing.ts";
import { faces, people, rejections } from "../db/schema.ts";
import { send } from "./forms_testing.ts";
import { testApp } from "./testing.ts";

Deno.test("the page of a person and its forms", async (t) => {
  const test = await testApp();
  const { db } = test;
  await showModel(db);
  const taken = (year: number) => insertPhoto(db, { takenAt: `${year}-05-01T12:00:00` });
  const anna = await insertPerson(db, { name: "Anna", like: 1 });
  const ben = await insertPerson(db, { name: "Ben", like: 2 });
  const [old, late] = [await taken(2009), await taken(2024)];
  const theirs = { personId: anna.id, like: 1 };
  const first = await insertFace(db, { ...theirs, photoId: old, confirmed: true });
  const last = await insertFace(db, { ...theirs, photoId: late, similarity: 0.63 });
  await insertFace(db, { personId: ben.id, confirmed: true, like: 2, photoId: late });
  await insertSuggestion(db, { personId: anna.id, similarity: 0.5, like: 1 });
  const path = `/people/${anna.id}`;
  const back = path;
  const row = async (id: number) => (await db.select().from(faces).where(eq(faces.id, id)))[0];

  await t.step("tells who they are: years, company, confidence, questions", async () => {
    const { status, html } = await test.page(path);
    assert.equal(status, 200);
    assert.match(html, /2009 – 2024, 15 years of pictures/);
    assert.match(html, /Most often with[^]*Ben[^]*1 photo/);
    assert.match(html, /1 face confirmed[^]*1 found by Safelight/);
    assert.match(html, /automatic: much alike, 63/);
    assert.match(html, new RegExp(`/review\\?person=${anna.id}"[^]*1 face to be asked about`));
    assert.ok(html.indexOf(`face-${last}"`) < html.indexOf(`face-${first}"`), "not in time order");
    assert.doesNotMatch(html, / style=| onclick=|<script>/);
    assert.equal((await test.page("/people/999999")).status, 404);
    assert.equal((await test.page("/people/0")).status, 400);
  });

  await t.step("goes on page by page", async () => {
    const many = await insertPerson(db, { name: "Many", count: 100, like: 3 });
    const one = await test.page(`/people/${many.id}`);
    const shown = (html: string): string[] => html.match(/id="face-\d+"/g) ?? [];
    assert.equal(shown(one.html).length, 96);
    const [, next] = one.html.match(/href="([^"]*before=[^"]*)"/)!;
    const two = await test.page(next.replaceAll("&amp;", "&"));
    assert.equal(shown(two.html).length, 4);
    assert.deepEqual(shown(one.html).filter((id) => shown(two.html).includes(id)), []);
  });

  await t.step("wrong ones are removed in place, right ones confirmed", async () => {
    const confirmed = await send(test, "/faces/confirm", { back, owner: anna.id, only: last });
    assert.match(confirmed.location!, /changed=/);
    assert.equal((await row(last)).confirmed, true);
    await send(test, "/faces/release", { back, faceId: [last] });
    assert.equal((await row(last)).personId, null);
    const [no] = await db.select().from(rejections).where(eq(rejections.faceId, last));
    assert.equal(no.personId, anna.id);
    const again = await send(test, "/faces/release", { back, only: 999_999 });
    assert.equal(again.status, 404);
  });

  await t.step("the name and the cover are exchanged", async () => {
    const same = await send(test, `${path}/name`, { back, name: "anna" });
    assert.match(same.html, /<h1>anna<\/h1>/, "asked whether Anna is Anna");
    await send(test, `${path}/name`, { back, name: "Anna Alm" });
    await send(test, `${path}/cover`, { back, only: first });
    const [person] = await db.select().from(people).where(eq(people.id, anna.id));
    assert.deepEqual([person.name, person.coverFaceId], ["Anna Alm", first]);
    const none = await send(test, `${path}/cover`, { back });
    assert.equal(none.status, 422);
    assert.match(none.html, /Pick the face that is to be the cover/);
    const several = await send(test, `${path}/cover`, { back, faceId: [first, last] });
    assert.equal(several.status, 422);
    assert.match(several.html, /2 faces are picked, but only one can be the cover; pick one face/);
    const foreign = await send(test, `${path}/cover`, { back, only: last });
    assert.ok(foreign.status === 409 || foreign.status === 404, `${foreign.status}`);
  });

  await t.step("joins somebody else after a look at both, and goes to their page", async () => {
    const nobody = await send(test, `${path}/merge`, { back, name: "Nobody Else" });
    assert.equal(nobody.status, 404);
    assert.match(nobody.html, /Nobody is called “Nobody Else”/);
    const herself = await send(test, `${path}/merge`, { back, name: "anna alm" });
    assert.equal(herself.status, 422);
    assert.match(herself.html, /cannot be merged with themselves/);
    const asked = await send(test, `${path}/merge`, { back, name: "ben" });
    assert.match(asked.html, /Is this the Ben you know\?/);
    assert.doesNotMatch(asked.html, /No, another/);
    const joined = await send(test, `${path}/merge`, { back, personId: ben.id });
    assert.match(joined.location!, new RegExp(`^/people/${ben.id}\\?changed=`));
    assert.match(joined.html, /<h1>Ben<\/h1>/);
    const itself = await send(test, `/people/${ben.id}/merge`, { back, personId: ben.id });
    assert.ok(itself.status === 422 || itself.status === 409, `${itself.status}`);
  });

  await t.step("a name that somebody hidden has is a question as well", async () => {
    const hidden = await insertPerson(db, { name: "Secret", hidden: true, count: 1, like: 6 });
    await insertSuggestion(db, { personId: hidden.id, similarity: 0.5, like: 6 });
    const { html } = await test.page(`/people/${hidden.id}`);
    assert.doesNotMatch(html, /to be asked about/);
    const cluster = await insertCluster(db, { count: 2, like: 7 });
    const asked = await send(test, `/clusters/${cluster.id}/name`, {
      back: "/people",
      name: "secret",
    });
    assert.match(asked.html, /Is this the Secret you know\?/);
    assert.match(asked.html, /Secret, 1 photo, hidden/);
  });

  await t.step("a browser with scripts is told to go where the person went", async () => {
    const one = await insertPerson(db, { name: "One", count: 1, like: 4 });
    const response = await test.app.request(`/people/${one.id}/delete`, {
      method: "POST",
      body: new URLSearchParams({ back: `/people/${one.id}` }),
      headers: { origin: "http://localhost", "hx-request": "true" },
    });
    assert.equal(response.status, 200);
    assert.match(response.headers.get("hx-redirect")!, /^\/people\?changed=\d+$/);
  });

  await t.step("the page of a cluster leads to the person it became", async () => {
    const { id, faceIds } = await insertCluster(db, { count: 130, like: 5 });
    const at = `/clusters/${id}`;
    const { html } = await test.page(at);
    assert.equal(html.match(/id="face-\d+"/g)!.length, 120);
    assert.equal((await test.page(`${at}?page=2`)).html.match(/id="face-\d+"/g)!.length, 10);
    const named = await send(test, `${at}/name`, { back: at, name: "Dora" });
    const { personId } = await row(faceIds[0]);
    assert.match(named.location!, new RegExp(`^/people/${personId}\\?changed=`));
    assert.equal((await test.page(at)).status, 404);
  });

  await test.close();
});
