import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import { insertFace, insertPerson, insertPhoto, showModel } from "../../db/people_testing.ts";
import { faces } from "../../db/schema.ts";
import { testDatabase } from "../../db/testing.ts";
import { giveFaces, theseFor } from "./give.ts";

Deno.test("who gets a face is nowhere else on its photo by the program's word", async () => {
  const { db, drop } = await testDatabase();
  await showModel(db);
  const ann = (await insertPerson(db, { name: "Ann" })).id;
  const guess = { personId: ann, similarity: 0.7 };
  const photoId = await insertPhoto(db);
  const [one, two] = [
    await insertFace(db, { photoId }),
    await insertFace(db, { photoId, ...guess }),
  ];
  const wrong = await insertFace(db, { photoId, ...guess });
  const hidden = await insertFace(db, { photoId, ...guess, model: "former" });
  // As it should never be: it tells whether photos are looked at that no given face is on.
  const elsewhere = await insertPhoto(db);
  await insertFace(db, { photoId: elsewhere, personId: ann, confirmed: true });
  const other = await insertFace(db, { photoId: elsewhere, ...guess });

  const count = await db.transaction((tx) => giveFaces(tx, theseFor([one, two], ann)));
  assert.equal(count, 2);
  const personOf = async (id: number) => {
    const [{ personId, confirmed }] = await db.select().from(faces).where(eq(faces.id, id));
    return [personId, confirmed];
  };
  assert.deepEqual(await Promise.all([one, two, wrong, hidden, other].map(personOf)), [
    [ann, true],
    [ann, true],
    [null, false],
    [ann, false],
    [ann, false],
  ]);

  const drawn = { model: "drawn", photoId: elsewhere, embedding: new Uint8Array(0) };
  const late = await insertFace(db, drawn);
  await db.transaction((tx) => giveFaces(tx, theseFor([late], ann)));
  assert.deepEqual(await personOf(other), [null, false], "a drawn one is of every model");
  await drop();
});
