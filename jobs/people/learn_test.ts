import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { eq, sql } from "drizzle-orm";
import type { Db } from "../../db/client.ts";
import {
  insertFace,
  insertPerson,
  insertPhoto,
  lookingLike,
  MODEL,
  showModel,
} from "../../db/people_testing.ts";
import { faces, prototypes, rejections } from "../../db/schema.ts";
import { testDatabase } from "../../db/testing.ts";
import { bytesOfVector } from "../../db/vectors.ts";
import { readGallery } from "./gallery.ts";
import { learnPeople } from "./learn.ts";

const learn = (db: Db, ids: number[]) => db.transaction((tx) => learnPeople(tx, ids));
const near = (actual: number, expected: number) =>
  assert(Math.abs(actual - expected) < 0.04, `${actual} instead of ${expected}`);

Deno.test("learning whom people look like", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  await showModel(db);
  const known = async (id: number) => (await readGallery(db, MODEL))!.byId.get(id);
  const anna = await insertPerson(db, { name: "Anna", count: 20 });
  const drawn = { model: "drawn", embedding: new Uint8Array(0), personId: anna.id };
  await insertFace(db, { ...drawn, confirmed: true });
  // Assigned by the program, of another model, marked as none, without a direction.
  await insertFace(db, { like: 9, personId: anna.id, similarity: 0.7 });
  await insertFace(db, { like: 9, personId: anna.id, confirmed: true, model: "other" });
  await insertFace(db, { like: 9, personId: anna.id, confirmed: true, notAFace: true });
  const broken = bytesOfVector(new Float32Array(16).fill(NaN));
  await insertFace(db, { personId: anna.id, confirmed: true, embedding: broken });

  await t.step("prototypes are confirmed faces of the model", async () => {
    assert.deepEqual(await learn(db, [anna.id]), []);
    const rows = await db.select().from(prototypes);
    assert(rows.length >= 1 && rows.every(({ faceId }) => anna.faceIds.includes(faceId)));
    const { certain, likely } = (await known(anna.id))!;
    near(certain, 0.6);
    near(likely, 0.4);
  });

  await t.step(
    "somebody like them makes both stricter, and going away frees them again",
    async () => {
      const twin = await insertPerson(db, { name: "Twin" });
      for (let i = 0; i < 3; i++) {
        const vector = lookingLike(0, { likeness: 0.8, else: 1 });
        const embedding = bytesOfVector(vector);
        await insertFace(db, { embedding, personId: twin.id, confirmed: true });
      }
      assert.deepEqual(await learn(db, [twin.id]), [anna.id], "hers have changed");
      near((await known(anna.id))!.certain, 0.85);
      near((await known(twin.id))!.certain, 0.85);
      await db.update(faces).set({ confirmed: false }).where(eq(faces.personId, twin.id));
      assert.deepEqual(await learn(db, [twin.id]), [anna.id]);
      assert.equal(await known(twin.id), undefined, "without confirmed faces nothing is known");
      near((await known(anna.id))!.certain, 0.6);
    },
  );

  await t.step("a rejected face does, unless it was confirmed since", async () => {
    const embedding = bytesOfVector(lookingLike(0, { likeness: 0.7, else: 4 }));
    const face = await insertFace(db, { embedding });
    await db.insert(rejections).values({ faceId: face, personId: anna.id });
    await learn(db, [anna.id]);
    near((await known(anna.id))!.certain, 0.75);
    await db.update(faces).set({ personId: anna.id, confirmed: true }).where(eq(faces.id, face));
    await learn(db, [anna.id]);
    near((await known(anna.id))!.certain, 0.6);
  });

  await t.step("of noes that were said together only one need be meant", async () => {
    const said = [];
    for (const likeness of [0.9, 0.85, 0.8, 0.65]) {
      const embedding = bytesOfVector(lookingLike(0, { likeness, else: 5 }));
      said.push({ faceId: await insertFace(db, { embedding }), personId: anna.id });
    }
    await db.insert(rejections).values(said);
    await learn(db, [anna.id]);
    near((await known(anna.id))!.certain, 0.7);
    near((await known(anna.id))!.likely, 0.4);
    // The same, each by itself.
    await db.execute(sql`update rejections set at = at + face_id * interval '1 second'`);
    await learn(db, [anna.id]);
    near((await known(anna.id))!.certain, 0.95);
    near((await known(anna.id))!.likely, 0.8);
    await db.delete(rejections);
  });

  await t.step("a no to a large group leaves room for those before it", async () => {
    const rejected = async (likeness: number, at: string) => {
      const embedding = bytesOfVector(lookingLike(0, { likeness, else: 5 }));
      const faceId = await insertFace(db, { embedding });
      await db.insert(rejections).values({ faceId, personId: anna.id, at: new Date(at) });
    };
    await rejected(0.8, "2026-01-01T00:00:00Z");
    for (let face = 0; face < 120; face++) await rejected(0.5, "2026-01-02T00:00:00Z");
    await learn(db, [anna.id]);
    near((await known(anna.id))!.certain, 0.85);
    await db.delete(rejections);
  });

  await t.step("the gallery follows what happens, also what is taken back", async () => {
    const before = (await readGallery(db, MODEL))!;
    assert.equal(await readGallery(db, MODEL), before, "nothing new: nothing read");
    await db.transaction(async (tx) => {
      await tx.delete(prototypes);
      assert.equal((await readGallery(tx, MODEL))!.people.length, 0);
      throw new Error("undone");
    }).catch((error) => assert.equal(error.message, "undone"));
    const after = (await readGallery(db, MODEL))!;
    assert.deepEqual(after.vectors, before.vectors);
    const [{ faceId }] = await db.select().from(prototypes).limit(1);
    const vector = lookingLike(0);
    await db.update(faces).set({ embedding: bytesOfVector(vector) }).where(eq(faces.id, faceId));
    await db.update(prototypes).set({ model: MODEL }).where(eq(prototypes.faceId, faceId));
    const looked = (await readGallery(db, MODEL))!.vectors;
    assert(
      Array.from({ length: looked.length / 16 }, (_, row) => row * 16)
        .some((at) => vector.every((x, i) => looked[at + i] === x)),
      "written anew: read anew",
    );
    assert.equal(await readGallery(db, "unheard of"), null);
  });

  await t.step("a person with thousands of faces is learned from some of them", async () => {
    const photoId = await insertPhoto(db);
    const vector = sql.raw(`'\\x${Buffer.from(bytesOfVector(lookingLike(7))).toString("hex")}'`);
    const { id } = await insertPerson(db, { name: "Everywhere" });
    await db.execute(sql`
      insert into faces (photo_id, model, box, landmarks, score, quality, embedding, person_id,
        confirmed)
      select ${photoId}, ${MODEL}, '{0,0,1,1}', '{}', 1, .5, ${vector}::bytea, ${id}, true
      from generate_series(1, 3000)`);
    await learn(db, [id]);
    assert.equal((await db.select().from(prototypes).where(eq(prototypes.personId, id))).length, 1);
  });

  await database.drop();
});
