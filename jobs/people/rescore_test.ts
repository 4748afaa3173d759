import assert from "node:assert/strict";
import { asc, eq } from "drizzle-orm";
import {
  insertCluster,
  insertFace,
  insertPerson,
  insertSuggestion,
  lookingLike,
  MODEL,
  showModel,
} from "../../db/people_testing.ts";
import { clusters, faces, people, rejections, suggestions } from "../../db/schema.ts";
import { testDatabase } from "../../db/testing.ts";
import { bytesOfVector } from "../../db/vectors.ts";
import { answerSuggestions } from "./actions.ts";
import { readGallery } from "./gallery.ts";
import { rescore } from "./rescore.ts";
import { undoChange } from "./undo.ts";

const ANNA = 0, BEA = 1, OLD = 5;

/** Like somebody to so many hundredths, otherwise like the second. */
const between = (whom: number, likeness: number, other: number) =>
  bytesOfVector(lookingLike(whom, { likeness, else: other }));

Deno.test("after an answer the remaining questions are decided anew", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  await showModel(db);
  const anna = await insertPerson(db, { name: "Anna", count: 3, like: ANNA });
  const bea = await insertPerson(db, { name: "Bea", count: 3, like: BEA });
  await db.transaction((tx) => rescore(tx, [anna.id, bea.id]));
  const ask = (embedding: Uint8Array, personId = anna.id) =>
    insertSuggestion(db, { embedding, personId, similarity: 0.5 });
  const answer = (faceIds: number[], answer: "yes" | "no") =>
    answerSuggestions(db, { faceIds, answer }, "test");
  const stateOf = async (id: number) => {
    const [face] = await db.select().from(faces).where(eq(faces.id, id));
    const [about] = await db.select().from(suggestions).where(eq(suggestions.faceId, id));
    if (face.personId !== null) return `${face.personId}${face.confirmed ? "!" : ""}`;
    return about ? `${about.personId}?` : "nobody";
  };

  // As an old woman she looks half like herself.
  const old = [0, 1, 2].map(() => between(ANNA, 0.55, OLD));
  const [first, second, third] = await Promise.all(old.map((embedding) => ask(embedding)));

  await t.step("a yes decides those like it, and undoing opens them again", async () => {
    const change = await answer([first], "yes");
    assert.equal(change.faces, 1);
    assert.deepEqual(await Promise.all([first, second, third].map(stateOf)), [
      `${anna.id}!`,
      `${anna.id}`,
      `${anna.id}`,
    ]);
    const [row] = await db.select().from(faces).where(eq(faces.id, second));
    assert(row.similarity! > 0.9);
    const [person] = await db.select().from(people).where(eq(people.id, anna.id));
    assert(person.stale, "a worker has still to look through the rest");
    await undoChange(db, {}, "test");
    assert.deepEqual(
      await Promise.all([first, second, third].map(stateOf)),
      Array(3).fill(`${anna.id}?`),
    );
    assert.equal((await readGallery(db, MODEL))!.byId.get(anna.id)!.certain.toFixed(2), "0.60");
  });

  await t.step("a no is remembered, and asks about the next likely one", async () => {
    const face = await ask(between(ANNA, 0.72, BEA));
    await answer([face], "no");
    // Nearer to Bea than the pack's certain, and Anna is ruled out.
    assert.equal(await stateOf(face), `${bea.id}`);
    const [no] = await db.select().from(rejections).where(eq(rejections.faceId, face));
    assert.equal(no.personId, anna.id);
  });

  await t.step("a no makes questions go that are about faces like it", async () => {
    await db.delete(suggestions);
    const asked = [];
    for (const likeness of [0.52, 0.5, 0.48, 0.42]) {
      asked.push(await ask(between(BEA, likeness, 9), bea.id));
    }
    await answer(asked.slice(0, 3), "no");
    assert.equal(await stateOf(asked[3]), "nobody");
  });

  await t.step("a face that becomes certain leaves its cluster", async () => {
    const cluster = await insertCluster(db, { count: 3, like: 11 });
    const embedding = between(ANNA, 0.75, 12);
    const face = await insertFace(db, { embedding, clusterId: cluster.id });
    await db.insert(suggestions).values({ faceId: face, personId: anna.id, similarity: 0.5 });
    await db.transaction((tx) => rescore(tx, [anna.id]));
    assert.equal(await stateOf(face), `${anna.id}`);
    const [row] = await db.select().from(clusters).where(eq(clusters.id, cluster.id));
    assert.deepEqual([row.size, row.coverFaceId !== null], [3, true]);
  });

  await t.step("questions about faces that have an answer go", async () => {
    const face = await ask(between(ANNA, 0.5, 13));
    await db.update(faces).set({ notAFace: true }).where(eq(faces.id, face));
    await db.transaction((tx) => rescore(tx, [anna.id]));
    assert.equal(await stateOf(face), "nobody");
  });

  await t.step("nobody at all, and somebody without faces", async () => {
    await db.transaction((tx) => rescore(tx, []));
    const { id } = await insertPerson(db, { name: "Nobody yet" });
    const face = await ask(between(ANNA, 0.5, 14), id);
    await db.transaction((tx) => rescore(tx, [id]));
    assert.equal(await stateOf(face), `${anna.id}?`, "asked about somebody who is known instead");
    const rows = await db.select().from(people).orderBy(asc(people.id));
    assert(rows.every(({ stale }) => stale));
  });

  await database.drop();
});
