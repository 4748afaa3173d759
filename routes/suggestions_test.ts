import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import { learnPeople } from "../jobs/people/learn.ts";
import {
  insertCluster,
  insertFace,
  insertPerson,
  insertProposal,
  insertSuggestion,
  lookingLike,
  showModel,
} from "../db/people_testing.ts";
import { faces, rejections } from "../db/schema.ts";
import { bytesOfVector } from "../db/vectors.ts";
import { Changes, Proposals, Review, Suggestions } from "./api_schemas.ts";
import { testApp } from "./testing.ts";

Deno.test("the API of suggestions, proposals and changes", async (t) => {
  const test = await testApp();
  const { db } = test;
  await showModel(db);
  const open = async (personId: number) =>
    Suggestions.parse((await test.get(`/suggestions?personId=${personId}`)).body);
  const answer = (faceIds: number[], answer: string, personId?: number) =>
    test.post("/suggestions/answer", { faceIds, answer, personId });
  let next = 0;
  const face = async (id: number) => (await test.get(`/faces/${id}`)).body;
  /** Somebody with three suggestions, which are not like each other: an answer decides one only. */
  async function suggested(name: string) {
    const look = next++;
    const { id } = await insertPerson(db, { name, count: 2, like: look });
    await db.transaction((tx) => learnPeople(tx, [id]));
    const faceIds = [];
    for (const similarity of [0.55, 0.5, 0.45]) {
      const vector = lookingLike(look, { likeness: similarity, else: next++ });
      const embedding = bytesOfVector(vector);
      faceIds.push(await insertSuggestion(db, { personId: id, similarity, embedding }));
    }
    return { id, faceIds };
  }

  await t.step("yes, no and skip", async () => {
    const { id, faceIds: [yes, no, skip] } = await suggested("Ada");
    assert.deepEqual((await open(id)).items.map((item) => item.faceId), [yes, no, skip]);
    assert.deepEqual((await face(no)).suggestion, {
      personId: id,
      personName: "Ada",
      similarity: 0.5,
    });
    const skipped = await answer([yes], "skip");
    assert.equal(skipped.status, 200, JSON.stringify(skipped.body));
    assert.deepEqual((await open(id)).items.map((item) => [item.faceId, item.skipped]), [
      [no, false],
      [skip, false],
      [yes, true],
    ]);
    const given = await answer([yes], "yes");
    assert.deepEqual([given.status, given.body.personId, given.body.faces], [200, id, 1]);
    const { personId, confirmed, suggestion } = await face(yes);
    assert.deepEqual([personId, confirmed, suggestion], [id, true, null]);
    // The yes may have made the program think otherwise of the rest; the page still asks about Ada.
    const refused = await answer([no], "no", id);
    assert.equal(refused.status, 200);
    const kept = await db.select().from(rejections).where(eq(rejections.faceId, no));
    assert.deepEqual(kept.map((row) => row.personId), [id]);
    assert.ok(!(await open(id)).items.some((item) => [yes, no].includes(item.faceId)));
    for (const body of [{ faceIds: [skip] }, { faceIds: [skip], answer: "maybe" }]) {
      assert.equal((await test.post("/suggestions/answer", body)).status, 400);
    }
    assert.equal((await answer([999_999], "yes")).status, 404);
  });

  await t.step("two tabs that answer the same suggestion", async () => {
    const { id, faceIds: [one] } = await suggested("Bea");
    const twice = await Promise.all([answer([one], "yes"), answer([one], "yes")]);
    assert.deepEqual(twice.map(({ status }) => status), [200, 200]);
    assert.equal(twice.filter(({ body }) => body.changeId !== null).length, 1, "one did it");
    assert.equal((await face(one)).personId, id);
    // Of a yes and a no at once the later one is told what the first one did.
    const { id: dot, faceIds: [other] } = await suggested("Dot");
    const both = await Promise.all([answer([other], "yes"), answer([other], "no")]);
    const { personId } = await face(other);
    const refusals = await db.select().from(rejections).where(eq(rejections.faceId, other));
    assert.equal(personId === dot, refusals.length === 0, JSON.stringify(both.map((r) => r.body)));
    assert.ok(both.some(({ status }) => status === 200));
    for (const { status } of both) assert.ok([200, 409].includes(status), `${status}`);
  });

  await t.step("suggestions by person", async () => {
    const { id } = await suggested("Cy");
    const review = Review.parse((await test.get("/suggestions/people?faces=2&limit=1")).body);
    assert.deepEqual([review.items[0].person.id, review.items[0].open], [id, 3]);
    assert.equal(review.items[0].best.length, 2);
    assert.ok(review.total >= 1);
    const few = await test.counting(() => test.get("/suggestions/people?limit=1"));
    assert.equal(await test.counting(() => test.get("/suggestions/people?limit=50")), few);
    assert.equal(few, 3);
    assert.equal(await test.counting(() => test.get("/suggestions?limit=50")), 1);
  });

  await t.step("a proposal is answered once", async () => {
    const { id } = await insertPerson(db, { name: "Di", count: 2, like: 13 });
    const { faceIds } = await insertCluster(db, { count: 3, like: 13 });
    const first = await insertProposal(db, { personId: id, faceIds });
    const listed = Proposals.parse((await test.get("/proposals")).body);
    assert.deepEqual(listed.items.map((item) => [item.id, item.faceIds]), [[first, faceIds]]);
    const yes = await test.post(`/proposals/${first}/answer`, { answer: "yes" });
    assert.equal(yes.status, 200, JSON.stringify(yes.body));
    for (const faceId of faceIds) assert.equal((await face(faceId)).personId, id);
    assert.equal(Proposals.parse((await test.get("/proposals")).body).total, 0);
    const again = await test.post(`/proposals/${first}/answer`, { answer: "yes" });
    assert.deepEqual([again.status, again.body.changeId], [200, null]);
    const late = await test.post(`/proposals/${first}/answer`, { answer: "no" });
    assert.equal(late.status, 409, JSON.stringify(late.body));
    await test.post("/changes/undo", { changeId: yes.body.changeId });
    assert.equal(Proposals.parse((await test.get("/proposals")).body).total, 1);
    assert.equal((await test.post(`/proposals/${first}/answer`, { answer: "no" })).status, 200);
    assert.equal((await face(faceIds[0])).personId, null);
    assert.equal((await test.post("/proposals/999999/answer", { answer: "no" })).status, 404);
    assert.equal((await test.post(`/proposals/${first}/answer`, { answer: "skip" })).status, 400);
  });

  await t.step("changes, newest first, and undoing them", async () => {
    const faceIds = [await insertFace(db, { like: 14 })];
    const made = await test.post("/people", { name: "Eve", faceIds });
    const renamed = await test.patch(`/people/${made.body.personId}`, { name: "Eva" });
    const page = Changes.parse((await test.get("/changes?limit=2")).body);
    assert.deepEqual(page.items.map((item) => [item.id, item.undoneAt]), [
      [renamed.body.changeId, null],
      [made.body.changeId, null],
    ]);
    assert.match(page.items[0].by, /^API client/);
    const next = Changes.parse((await test.get(`/changes?limit=1&cursor=${page.nextCursor}`)).body);
    assert.ok(next.items[0].id < page.items[1].id);

    for (const name of ["Eve", null]) {
      const undone = await test.post("/changes/undo", name === null ? undefined : {});
      assert.equal(undone.status, 200, JSON.stringify(undone.body));
      const { status, body } = await test.get(`/people/${made.body.personId}`);
      assert.deepEqual([status, body.name ?? null], name === null ? [404, null] : [200, name]);
    }
    const undone = Changes.parse((await test.get("/changes?limit=1")).body);
    assert.ok(undone.items[0].undoneAt);
    const twice = await test.post("/changes/undo", { changeId: made.body.changeId });
    assert.ok([200, 409].includes(twice.status), JSON.stringify(twice.body));
    assert.equal(twice.body.changeId ?? null, null);
    assert.equal((await test.post("/changes/undo", { changeId: 999_999 })).status, 404);
    assert.equal((await test.post("/changes/undo", { changeId: "x" })).status, 400);
  });

  await t.step("undo after the person is gone says so", async () => {
    const faceIds = [await insertFace(db, { like: 15 })];
    const made = await test.post("/people", { name: "Flo", faceIds });
    const id = made.body.personId as number;
    const moved = await test.post("/faces/assign", {
      faceIds: [await insertFace(db, { like: 15 })],
      personId: id,
    });
    const renamed = await test.patch(`/people/${id}`, { name: "Florence" });
    assert.equal((await test.delete(`/people/${id}`)).status, 200);
    for (const { body } of [renamed, moved, made]) {
      const undo = await test.post("/changes/undo", { changeId: body.changeId });
      assert.equal(undo.status, 409, JSON.stringify(undo.body));
      assert.ok(undo.body.error.message.length > 20);
    }
    const [{ personId }] = await db.select().from(faces).where(eq(faces.id, faceIds[0]));
    assert.equal(personId, null);
  });

  await test.close();
});
