import assert from "node:assert/strict";
import { eq, sql } from "drizzle-orm";
import {
  completeNames,
  findNamesakes,
  findPerson,
  listPeople,
  personFaces,
} from "./people_queries.ts";
import {
  insertFace,
  insertPerson,
  insertPhoto,
  insertSuggestion,
  MODEL,
  showModel,
} from "./people_testing.ts";
import { faces, people } from "./schema.ts";
import { testDatabase } from "./testing.ts";

const ALL = { limit: 100, offset: 0 };

Deno.test("people, from the database", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  const clear = () => db.execute(sql`truncate photos, people, faces, suggestions cascade`);
  const names = async (query = {}) =>
    (await listPeople(db, { ...ALL, ...query })).people.map((person) => person.name);

  await t.step(
    "figures: distinct photos of the shown model, drawn faces, no false ones",
    async () => {
      const { id } = await insertPerson(db, { name: "Ada" });
      const [one, other] = [await insertPhoto(db), await insertPhoto(db)];
      const theirs = { personId: id, confirmed: true };
      await insertFace(db, { ...theirs, photoId: one, quality: 0.4 });
      await insertFace(db, { ...theirs, photoId: one, confirmed: false, similarity: 0.7 });
      const best = await insertFace(db, { ...theirs, photoId: other, quality: 0.8 });
      await insertFace(db, { ...theirs, model: "drawn", quality: 0, embedding: new Uint8Array() });
      await insertFace(db, { ...theirs, notAFace: true, quality: 1 });
      await insertFace(db, { ...theirs, model: "former@0", quality: 1 });
      // Nobody chose a model yet: then it is that of the face found last.
      const [before] = (await listPeople(db, ALL)).people;
      assert.deepEqual([before.photos, before.faces, before.confirmed], [2, 2, 2]);
      await showModel(db);
      const [after] = (await listPeople(db, ALL)).people;
      assert.deepEqual(after, {
        id,
        name: "Ada",
        hidden: false,
        coverFaceId: best,
        photos: 3,
        faces: 4,
        confirmed: 3,
      });
    },
  );

  await t.step("the cover is the one chosen, while it is theirs", async () => {
    const { id, faceIds } = await insertPerson(db, { name: "Bea", count: 3 });
    const cover = async () => (await findPerson(db, id))!.coverFaceId;
    await db.update(people).set({ coverFaceId: faceIds[1] }).where(eq(people.id, id));
    assert.equal(await cover(), faceIds[1]);
    await db.update(faces).set({ personId: null }).where(eq(faces.id, faceIds[1]));
    assert.equal(await cover(), faceIds[0]);
    const { id: nobody } = await insertPerson(db, { name: "Nobody" });
    assert.equal((await findPerson(db, nobody))!.coverFaceId, null);
  });

  await t.step("lists: most photos first, strangers apart, the unnamed with a face", async () => {
    await clear();
    await insertPerson(db, { name: "two", count: 2 });
    await insertPerson(db, { name: "four", count: 4 });
    await insertPerson(db, { name: "none" });
    await insertPerson(db, { count: 3 });
    await insertPerson(db);
    await insertPerson(db, { name: "hidden", hidden: true, count: 5 });
    assert.deepEqual(await names(), ["four", null, "two", "none"]);
    assert.deepEqual(await names({ named: true }), ["four", "two", "none"]);
    assert.deepEqual(await names({ named: false }), [null]);
    assert.deepEqual(await names({ hidden: true }), ["hidden"]);
    assert.deepEqual(await names({ limit: 2, offset: 1 }), [null, "two"]);
    for (const offset of [0, 3, 100]) {
      assert.equal((await listPeople(db, { limit: 2, offset })).total, 4, `offset ${offset}`);
    }
  });

  await t.step("names by how a word begins, whatever the letters", async () => {
    await clear();
    const each = ["Élodie Durand", "Anne-Marie Ézard", "ИВАН", "50% Off", "a_b", "back\\slash"];
    for (const name of each) await insertPerson(db, { name, count: 1 });
    const begins = async (prefix: string) => (await names({ prefix })).sort();
    assert.deepEqual(await begins("élo"), ["Élodie Durand"]);
    assert.deepEqual(await begins("ÉZ"), ["Anne-Marie Ézard"]);
    assert.deepEqual(await begins("marie é"), ["Anne-Marie Ézard"]);
    assert.deepEqual(await begins("durand"), ["Élodie Durand"]);
    assert.deepEqual(await begins("rand"), []);
    assert.deepEqual(await begins("ив"), ["ИВАН"]);
    assert.deepEqual(await begins("%"), []);
    assert.deepEqual(await begins("50%"), ["50% Off"]);
    assert.deepEqual(await begins("a_"), ["a_b"]);
    assert.deepEqual(await begins("back\\"), ["back\\slash"]);
    assert.deepEqual(await begins("'; drop table people; --"), []);
  });

  await t.step("completion: those on most photos first, both of one name", async () => {
    await clear();
    const rare = await insertPerson(db, { name: "Max Meier", count: 1 });
    const often = await insertPerson(db, { name: "Max Meier", count: 3 });
    await insertPerson(db, { name: "Max Hidden", hidden: true, count: 9 });
    await insertPerson(db, { count: 9 });
    const found = await completeNames(db, " max ", 10);
    assert.deepEqual(found, [
      { id: often.id, name: "Max Meier", coverFaceId: often.faceIds[0], photos: 3 },
      { id: rare.id, name: "Max Meier", coverFaceId: rare.faceIds[0], photos: 1 },
    ]);
    assert.equal((await completeNames(db, "m", 1)).length, 1);
    assert.deepEqual(await completeNames(db, "  ", 10), []);
  });

  await t.step("people of a name: exactly, however many begin so, strangers too", async () => {
    await clear();
    await db.execute(
      sql`insert into people (name) select 'Anna Zoé ' || n from generate_series(1, 600) n`,
    );
    const rare = await insertPerson(db, { name: "Zoé", count: 1 });
    const often = await insertPerson(db, { name: "ZOÉ", count: 2, hidden: true });
    const found = await findNamesakes(db, " zoe\u0301 ", { limit: 6 });
    assert.deepEqual(found, [
      { id: often.id, name: "ZOÉ", hidden: true, coverFaceId: often.faceIds[0], photos: 2 },
      { id: rare.id, name: "Zoé", hidden: false, coverFaceId: rare.faceIds[0], photos: 1 },
    ]);
    const ids = async (options: { but?: number; limit: number }) =>
      (await findNamesakes(db, "Zoé", options)).map((one) => one.id);
    assert.deepEqual(await ids({ limit: 1 }), [often.id]);
    assert.deepEqual(await ids({ but: often.id, limit: 1 }), [rare.id]);
    assert.deepEqual(await findNamesakes(db, "Zo%", { limit: 6 }), []);
  });

  await t.step("a person: span, suggestions, and with whom they are on most photos", async () => {
    await clear();
    const { id } = await insertPerson(db, { name: "Ada" });
    const [bea, cy] = [await insertPerson(db, { name: "Bea" }), await insertPerson(db)];
    const hidden = await insertPerson(db, { name: "Stranger", hidden: true });
    for (const takenAt of ["2020-02-03T00:00:00", null, "1999-12-31T23:59:59"]) {
      const photoId = await insertPhoto(db, { takenAt });
      await insertFace(db, { photoId, personId: id });
      await insertFace(db, { photoId, personId: hidden.id });
      await insertFace(db, { photoId, personId: cy.id });
      await insertFace(db, { photoId, personId: cy.id });
      if (takenAt) await insertFace(db, { photoId, personId: bea.id });
      await insertFace(db, { photoId, personId: bea.id, notAFace: true });
    }
    await insertFace(db, { personId: bea.id });
    await insertSuggestion(db, { personId: id, similarity: 0.5 });
    await insertSuggestion(db, { personId: id, similarity: 0.5, model: "former@0" });
    const found = (await findPerson(db, id))!;
    assert.deepEqual([found.from, found.to], ["1999-12-31T23:59:59", "2020-02-03T00:00:00"]);
    assert.equal(found.suggestions, 1);
    await insertSuggestion(db, { personId: hidden.id, similarity: 0.5 });
    assert.equal((await findPerson(db, hidden.id))!.suggestions, 0, "of a stranger");
    assert.deepEqual(found.companions.map((one) => [one.id, one.name, one.photos]), [
      [cy.id, null, 3],
      [bea.id, "Bea", 2],
    ]);
    assert.equal(await findPerson(db, id + 1000), null);
  });

  await t.step("faces in the order of time, page by page, while others come and go", async () => {
    await clear();
    const { id } = await insertPerson(db, { name: "Ada" });
    const add = async (takenAt: string | null) =>
      await insertFace(db, { photoId: await insertPhoto(db, { takenAt }), personId: id });
    const [undated, early, twin, late] = [
      await add(null),
      await add("2001-01-01T00:00:00"),
      await add("2001-01-01T00:00:00"),
      await add("2010-01-01T00:00:00"),
    ];
    const first = await personFaces(db, id, { limit: 2 });
    assert.deepEqual(first.faces.map((face) => face.id), [late, twin]);
    await add("2020-01-01T00:00:00");
    await db.delete(faces).where(eq(faces.id, twin));
    const second = await personFaces(db, id, { limit: 1, before: first.next });
    assert.deepEqual(second.faces.map((face) => face.id), [early]);
    const third = await personFaces(db, id, { limit: 9, before: second.next });
    assert.deepEqual(third, {
      faces: [{
        id: undated,
        photoId: third.faces[0].photoId,
        takenAt: null,
        confirmed: false,
        similarity: null,
        quality: 0.5,
      }],
      next: null,
    });
    const all = await personFaces(db, id, { limit: 4 });
    assert.deepEqual([all.faces.length, all.next], [4, null]);
    assert.equal((await personFaces(db, id, { limit: 9, before: "nonsense" })).faces.length, 4);
  });

  await t.step("a model that is shown instead has its own figures; drawn faces stay", async () => {
    await clear();
    const { id } = await insertPerson(db, { name: "Ada", count: 2 });
    const drawn = await insertFace(db, { personId: id, model: "drawn" });
    await showModel(db, "other@0");
    const { photos, faces: own } = (await findPerson(db, id))!;
    assert.deepEqual([photos, own], [1, 1]);
    const page = await personFaces(db, id, { limit: 9 });
    assert.deepEqual(page.faces.map((face) => face.id), [drawn]);
    await showModel(db, MODEL);
  });

  await database.drop();
});
