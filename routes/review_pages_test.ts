import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import {
  insertCluster,
  insertFace,
  insertPerson,
  insertProposal,
  insertSuggestion,
  showModel,
} from "../db/people_testing.ts";
import { faces, rejections, suggestions } from "../db/schema.ts";
import { send } from "./forms_testing.ts";
import { testApp } from "./testing.ts";

const back = "/review";

Deno.test("the page of questions and its forms", async (t) => {
  const test = await testApp();
  const { db } = test;
  await showModel(db);
  const row = async (id: number) => (await db.select().from(faces).where(eq(faces.id, id)))[0];
  const isOpen = async (id: number) =>
    (await db.select().from(suggestions).where(eq(suggestions.faceId, id))).length === 1;

  await t.step("says when nothing is left to ask", async () => {
    const { html } = await test.page("/review");
    assert.match(html, /Nothing is left to ask/);
    assert.doesNotMatch(html, /open question/);
  });

  const anna = await insertPerson(db, { name: "Anna", count: 2, like: 1 });
  const ask = (similarity: number, like = 1) =>
    insertSuggestion(db, { personId: anna.id, similarity, like });

  await t.step("groups faces by person, the best first, with words for likeness", async () => {
    const [low, high] = [await ask(0.41), await ask(0.62)];
    const { html } = await test.page("/review");
    assert.match(html, /Is this Anna\?/);
    assert.match(html, /2 faces to answer/);
    assert.match(html, /aria-label="Review 2 open questions"[^>]*>Review 2</);
    assert.ok(html.indexOf(`suggestion-${high}"`) < html.indexOf(`suggestion-${low}"`));
    assert.match(html, /Is face 1 Anna\? much alike, 62/);
    assert.doesNotMatch(html, / style=| onclick=|<script>/);
  });

  await t.step("a no is remembered, a skip comes last, a yes confirms", async () => {
    const [one, two, three] = [await ask(0.55, 5), await ask(0.54, 6), await ask(0.53)];
    const answer = (only: string) =>
      send(test, "/review/answer", { back, personId: anna.id, only });
    await answer(`skip-${two}`);
    await answer(`no-${one}`);
    const [no] = await db.select().from(rejections).where(eq(rejections.faceId, one));
    assert.equal(no.personId, anna.id);
    assert.equal(await isOpen(one), false);
    const yes = await answer(`yes-${three}`);
    const { personId, confirmed } = await row(three);
    assert.deepEqual([personId, confirmed], [anna.id, true]);
    assert.match(yes.html, /role="status"[^]*Undo/);
    const same = await answer(`yes-${three}`);
    assert.match(same.html, /It was so already/);
    const other = await answer(`no-${three}`);
    assert.equal(other.status, 409);
    assert.match(other.html, /data-fault/);
  });

  await t.step("what a yes decides is gone from the page", async () => {
    const { html } = await test.page("/review");
    const left = await db.select().from(suggestions);
    assert.equal(html.match(/id="suggestion-\d+"/g)?.length ?? 0, left.length);
    // The two of the first step look like Anna beyond doubt.
    const theirs = await db.select().from(faces).where(eq(faces.personId, anna.id));
    assert.ok(theirs.some((face) => !face.confirmed), "nothing was decided");
  });

  await t.step("all that are shown, and one person's alone", async () => {
    const bea = await insertPerson(db, { name: "Bea", count: 1, like: 9 });
    const ids = [];
    for (let n = 0; n < 15; n++) {
      ids.push(await insertSuggestion(db, { personId: bea.id, similarity: 0.5, like: 10 }));
    }
    const all = await test.page("/review");
    assert.match(all.html, /All 15 of Bea/);
    const hers = await test.page(`/review?person=${bea.id}`);
    assert.equal(hers.html.match(/id="suggestion-\d+"/g)!.length, 15);
    assert.doesNotMatch(hers.html, /Is this Anna/);
    const sent = await send(test, "/review/answer", {
      back: `/review?person=${bea.id}`,
      personId: bea.id,
      faceId: ids,
      answer: "no",
    });
    assert.match(sent.location!, new RegExp(`^/review\\?person=${bea.id}&changed=`));
    for (const id of ids) assert.equal(await isOpen(id), false);
    assert.equal((await test.form("/review/answer", [["personId", "1"]])).status, 400);
  });

  await t.step("proposals say what they would change, and do it after a yes only", async () => {
    const cleo = await insertPerson(db, { name: "Cleo", count: 2, like: 12 });
    const dora = await insertPerson(db, { name: "Dora", count: 2, like: 13 });
    const cluster = await insertCluster(db, { count: 3, like: 12 });
    const given = { personId: cleo.id, similarity: 0.7 };
    const [wrong, moved] = [
      await insertFace(db, { ...given, like: 14 }),
      await insertFace(db, { ...given, like: 13 }),
    ];
    const joined = await insertProposal(db, { personId: cleo.id, faceIds: cluster.faceIds });
    const split = await insertProposal(db, { personId: cleo.id, faceIds: [wrong], kind: "split" });
    const move = await insertProposal(db, {
      personId: cleo.id,
      toPersonId: dora.id,
      faceIds: [moved],
      kind: "moved",
    });
    const { html } = await test.page("/review");
    assert.match(html, /Do these 3 faces belong to Cleo\?/);
    assert.match(html, /Take this face from Cleo, as somebody else\?/);
    assert.match(html, /Move this face from Cleo to Dora\?/);
    const answer = (id: number, answer: string) =>
      send(test, `/review/proposals/${id}`, { back, answer });
    await answer(split, "no");
    assert.equal((await row(wrong)).personId, cleo.id);
    await answer(joined, "yes");
    assert.deepEqual(
      [(await row(cluster.faceIds[0])).personId, (await row(cluster.faceIds[0])).confirmed],
      [cleo.id, true],
    );
    await answer(move, "yes");
    assert.equal((await row(moved)).personId, dora.id);
    assert.equal((await answer(999_999, "yes")).status, 404);
  });

  await test.close();
});
