import assert from "node:assert/strict";
import { eq, inArray } from "drizzle-orm";
import type { Db } from "../../db/client.ts";
import {
  insertFace,
  insertPerson,
  insertPhoto,
  lookingLike,
  MODEL,
  showModel,
} from "../../db/people_testing.ts";
import {
  faces,
  faceScans,
  people,
  rejections,
  type SessionKind,
  sessions,
  suggestions,
} from "../../db/schema.ts";
import { testDatabase } from "../../db/testing.ts";
import type { DetectedFace } from "../../models/types.ts";
import { createSession } from "../lifecycle.ts";
import { storeFaces } from "../store_faces.ts";
import { learnPeople } from "./learn.ts";

const ANNA = 0, BEA = 1, NOBODY = 2;

/** A face at the left end of the picture, or further right. */
const found = (embedding: Float32Array, place = 0, quality = 0.7): DetectedFace => ({
  box: [0.05 + 0.2 * place, 0.1, 0.1, 0.1],
  landmarks: [[0, 0], [0, 0], [0, 0], [0, 0], [0, 0]],
  score: 0.9,
  quality,
  embedding,
});
const perhaps = (whom: number) => lookingLike(whom, { likeness: 0.5, else: 8 });

Deno.test("new faces get the people they are", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  await showModel(db);
  const anna = await insertPerson(db, { name: "Anna", count: 4, like: ANNA });
  const bea = await insertPerson(db, { name: "Bea", count: 4, like: BEA });
  await db.transaction((tx) => learnPeople(tx, [anna.id, bea.id]));
  const session = (kind: SessionKind) =>
    createSession(db, { name: kind, rootPath: "/", subdirectories: [""], kind });
  const folders = await session("folders"), again = await session("faces");
  const store = async (photoId: number, all: DetectedFace[], kind: SessionKind = "folders") => {
    const sessionId = kind === "folders" ? folders : again;
    await db.transaction((tx) =>
      storeFaces(tx, [{ jobId: 1, photoId, faces: all }], { model: MODEL, sessionId, kind })
    );
    return await state(db, photoId);
  };
  const counted = async (id: number) => {
    const [row] = await db.select().from(sessions).where(eq(sessions.id, id));
    return [row.facesFound, row.facesAssigned, row.facesSuggested];
  };
  const photo = await insertPhoto(db);

  await t.step("certain, likely, and nobody known", async () => {
    const all = [found(lookingLike(ANNA)), found(perhaps(BEA), 1), found(lookingLike(NOBODY), 2)];
    assert.deepEqual(await store(photo, all), [
      `${anna.id} by the program`,
      `${bea.id}?`,
      "nobody",
    ]);
    assert.deepEqual(await counted(folders), [3, 1, 1]);
    const [row] = await db.select().from(faces).where(eq(faces.photoId, photo)).orderBy(faces.id);
    assert(!row.confirmed && row.similarity! > 0.9 && row.similarity! <= 1);
  });

  await t.step("two like one person in a photo: the likelier; blurred ones join", async () => {
    const both = [found(perhaps(ANNA)), found(lookingLike(ANNA), 1, 0.1)];
    assert.deepEqual(await store(await insertPhoto(db), both), [
      "nobody",
      `${anna.id} by the program`,
    ]);
  });

  await t.step("looked for again, what the program made of faces is found anew", async () => {
    const all = [found(lookingLike(BEA)), found(lookingLike(NOBODY), 1), found(perhaps(ANNA), 2)];
    const after = [`${bea.id} by the program`, "nobody", `${anna.id}?`];
    assert.deepEqual(await store(photo, all, "faces"), after);
    assert.deepEqual(await counted(again), [3, 1, 1]);
    assert.deepEqual(await store(photo, all, "faces"), after);
    assert.deepEqual(await counted(again), [3, 1, 1], "a second time counts nothing");
  });

  await t.step("what somebody has said stays, found again or not", async () => {
    const rows = await db.select().from(faces).where(eq(faces.photoId, photo)).orderBy(faces.id);
    const [first, second, third] = rows.map(({ id }) => id);
    await db.update(faces).set({ personId: anna.id, confirmed: true, similarity: null })
      .where(eq(faces.id, first));
    await db.update(faces).set({ notAFace: true }).where(eq(faces.id, second));
    await db.delete(suggestions);
    await db.insert(rejections).values({ faceId: third, personId: anna.id });
    const all = [0, 1, 2].map((place) => found(lookingLike(ANNA), place));
    const after = [`${anna.id} by somebody`, "none", "nobody"];
    assert.deepEqual(await store(photo, all, "faces"), after);
    assert.deepEqual(await store(photo, [], "faces"), after, "a no as well as a yes");
  });

  await t.step("a face that was drawn where one is found becomes that one", async () => {
    const photoId = await insertPhoto(db);
    const drawn = await insertFace(db, {
      photoId,
      model: "drawn",
      embedding: new Uint8Array(0),
      box: [0.04, 0.1, 0.1, 0.11],
      personId: bea.id,
      confirmed: true,
    });
    assert.deepEqual(await store(photoId, [found(lookingLike(BEA)), found(lookingLike(ANNA), 1)]), [
      `${bea.id} by somebody`,
      `${anna.id} by the program`,
    ]);
    const [row] = await db.select().from(faces).where(eq(faces.id, drawn));
    assert.deepEqual([row.model, row.quality, row.embedding.length], [MODEL, 0.7, 64]);
  });

  await t.step("a drawn face elsewhere in the photo says who is there already", async () => {
    const photoId = await insertPhoto(db);
    const drawn = { model: "drawn", embedding: new Uint8Array(0), box: [0.8, 0.8, 0.1, 0.1] };
    await insertFace(db, { photoId, ...drawn, personId: bea.id, confirmed: true });
    assert.deepEqual(await store(photoId, [found(lookingLike(BEA))]), [
      "nobody",
      `${bea.id} by somebody`,
    ]);
  });

  await t.step("names of another model's faces are carried over", async () => {
    const photoId = await insertPhoto(db);
    const box = [0.05, 0.1, 0.1, 0.1];
    await insertFace(db, { photoId, model: "former", box, personId: bea.id, confirmed: true });
    assert.deepEqual(await store(photoId, [found(lookingLike(NOBODY))]), [`${bea.id} by somebody`]);
  });

  await t.step("strangers are recognised, and asked about never", async () => {
    await db.update(people).set({ hidden: true }).where(eq(people.id, bea.id));
    const all = [found(lookingLike(BEA))];
    assert.deepEqual(await store(await insertPhoto(db), all), [`${bea.id} by the program`]);
    assert.deepEqual(await store(await insertPhoto(db), [found(perhaps(BEA))]), ["nobody"]);
  });

  await t.step("vectors that are broken, and a model nobody has worked with", async () => {
    const broken = [new Float32Array(16), new Float32Array(16).fill(NaN), new Float32Array(4)];
    const photoId = await insertPhoto(db);
    assert.deepEqual(await store(photoId, broken.map((vector, i) => found(vector, i))), [
      "nobody",
      "nobody",
      "nobody",
    ]);
    await db.transaction((tx) =>
      storeFaces(tx, [{ jobId: 1, photoId, faces: [found(lookingLike(ANNA))] }], {
        model: "unheard of",
        sessionId: folders,
        kind: "folders",
      })
    );
    const scans = await db.select().from(faceScans).where(eq(faceScans.model, "unheard of"));
    assert.equal(scans.length, 1);
  });

  await database.drop();
});

/** Of the model's faces of a photo, from left to right, whose they are and who says so. */
async function state(db: Db, photoId: number): Promise<string[]> {
  const rows = await db.select().from(faces).where(eq(faces.photoId, photoId)).orderBy(faces.id);
  const asked = await db.select().from(suggestions)
    .where(inArray(suggestions.faceId, rows.map(({ id }) => id)));
  return rows.filter(({ model }) => model === MODEL || model === "drawn")
    .sort((a, b) => a.box[0] - b.box[0]).map((face) => {
      if (face.notAFace) return "none";
      if (face.personId !== null) {
        return `${face.personId} by ${face.confirmed ? "somebody" : "the program"}`;
      }
      const about = asked.find(({ faceId }) => faceId === face.id);
      return about ? `${about.personId}?` : "nobody";
    });
}
