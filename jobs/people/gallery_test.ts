import assert from "node:assert/strict";
import { eq, inArray, type SQL } from "drizzle-orm";
import type { Db } from "../../db/client.ts";
import {
  insertCluster,
  insertFace,
  insertPerson,
  lookingLike,
  MODEL,
  showModel,
} from "../../db/people_testing.ts";
import { clusterings, clusters, faces, personThresholds } from "../../db/schema.ts";
import { testDatabase } from "../../db/testing.ts";
import { bytesOfVector } from "../../db/vectors.ts";
import { nameCluster } from "./actions.ts";
import { readGallery, readPeople } from "./gallery.ts";
import { learnPeople } from "./learn.ts";
import { compare, compareStored } from "./match_faces.ts";
import { undoChange } from "./undo.ts";

const gallery = async (db: Db) => (await readGallery(db, MODEL))!;

const grouped = (db: Db) =>
  db.insert(clusterings).values({
    model: MODEL,
    faces: 1,
    clusters: 1,
    noise: 0,
    loadedAt: new Date(),
  });

/** True if a vector is among the rivals. */
const hasRival = (blocks: readonly Float32Array[], vector: Float32Array) =>
  blocks.some((block) =>
    Array.from({ length: block.length / 16 }, (_, row) => row * 16)
      .some((at) => vector.every((x, i) => block[at + i] === x))
  );

async function vectorOf(db: Db, faceId: number): Promise<Float32Array> {
  const [{ embedding }] = await db.select().from(faces).where(eq(faces.id, faceId));
  return new Float32Array(new Uint8Array(embedding).buffer);
}

Deno.test("covers of unnamed groups are rivals, and an answer reads few of them anew", async (t) => {
  const { db, drop } = await testDatabase();
  await showModel(db);
  const made: { id: number; cover: number }[] = [];
  for (let n = 0; n < 70; n++) {
    const { id, faceIds: [cover] } = await insertCluster(db, { count: 1, like: n % 14 });
    await db.update(clusters).set({ coverFaceId: cover }).where(eq(clusters.id, id));
    made.push({ id, cover });
  }
  await grouped(db);
  assert.deepEqual((await gallery(db)).rivals, [], "where nobody is known nobody has a rival");
  const ann = await insertPerson(db, { name: "Ann", count: 3, like: 15 });
  await db.transaction((tx) => learnPeople(tx, [ann.id]));
  const before = await gallery(db);
  const count = ({ rivals }: { rivals: readonly Float32Array[] }) =>
    rivals.reduce((sum, { length }) => sum + length, 0) / 16;
  assert.equal(count(before), made.length);

  await t.step("one that is named is none any more; the others are where they were", async () => {
    const vector = await vectorOf(db, made[5].cover);
    assert(hasRival(before.rivals, vector));
    const to = { personId: ann.id };
    const { changeId } = await nameCluster(db, { clusterId: made[5].id, to }, "test");
    const after = await gallery(db);
    assert(!hasRival(after.rivals, vector));
    assert.equal(count(after), made.length - 1);
    const kept = before.rivals.filter((block) => after.rivals.includes(block));
    assert.equal(kept.length, before.rivals.length - 1);
    await undoChange(db, { changeId: changeId! }, "test");
    assert(hasRival((await gallery(db)).rivals, vector));
  });

  await t.step(
    "people by themselves depend on no group, nor their vectors on thresholds",
    async () => {
      const known = (await readPeople(db, MODEL))!;
      assert.deepEqual(known.rivals, []);
      await insertCluster(db, { count: 2 });
      await grouped(db);
      assert.equal(await readPeople(db, MODEL), known);
      await db.update(personThresholds).set({ certain: 0.9 });
      const now = (await readPeople(db, MODEL))!;
      assert.notEqual(now.version, known.version);
      assert.equal(now.vectors, known.vectors);
      assert.equal(now.byId.get(ann.id)!.certain.toFixed(2), "0.90");
    },
  );

  await t.step("a cover that was found anew is read anew after the next grouping", async () => {
    await gallery(db);
    const vector = lookingLike(3);
    await db.update(faces).set({ embedding: bytesOfVector(vector) })
      .where(eq(faces.id, made[9].cover));
    await grouped(db);
    assert(hasRival((await gallery(db)).rivals, vector));
  });

  await t.step("a cover without a usable vector is left out, or one that is gone", async () => {
    const covers = [made[1].cover, made[2].cover];
    await db.update(faces).set({ embedding: new Uint8Array(64) })
      .where(eq(faces.id, covers[0]));
    await db.delete(faces).where(inArray(faces.id, [covers[1]]));
    await grouped(db);
    assert.equal(count(await gallery(db)), made.length - 2);
  });
  await drop();
});

Deno.test("faces that are stored are compared in portions, as any are", async () => {
  const { db, drop } = await testDatabase();
  await showModel(db);
  const ann = await insertPerson(db, { name: "Ann", count: 3, like: 1 });
  await db.transaction((tx) => learnPeople(tx, [ann.id]));
  const vectors = Array.from({ length: 520 }, (_, n) => lookingLike(n % 3));
  const photoId = (await db.select().from(faces))[0].photoId;
  const rows = await db.insert(faces).values(vectors.map((vector) => ({
    photoId,
    model: MODEL,
    box: [0, 0, 1, 1],
    landmarks: [],
    score: 1,
    quality: 1,
    embedding: bytesOfVector(vector),
  }))).returning({ id: faces.id });
  const broken = await insertFace(db, { embedding: new Uint8Array(3) });
  const known = await gallery(db);
  const ids = [...rows.map(({ id }) => id), broken];
  const expected = await compare(
    known,
    ids.map((id, at) => ({ id, vector: vectors[at] ?? new Float32Array(16) })),
  );
  let most = 0;
  const counted = {
    execute: async (statement: SQL) => {
      const rows = await db.execute(statement);
      most = Math.max(most, rows.length);
      return rows;
    },
  };
  assert.deepEqual(await compareStored(counted as unknown as Db, known, ids), expected);
  assert.equal(most, 500, "no more vectors than that at a time");
  await drop();
});
