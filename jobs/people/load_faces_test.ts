import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import {
  insertFace,
  insertPerson,
  lookingLike,
  MODEL,
  showModel,
} from "../../db/people_testing.ts";
import { areGrouped } from "../../db/serving_queries.ts";
import { testDatabase } from "../../db/testing.ts";
import { bytesOfVector } from "../../db/vectors.ts";
import { cluster } from "../clustering/cluster.ts";
import { FACE_DEFAULTS } from "../clustering/face_defaults.ts";
import { constraintsOf, readNoes } from "./grouping_constraints.ts";
import { groupAs, load } from "./grouping_testing.ts";
import { unitVector } from "./load_faces.ts";

const DIMENSION = 16;

Deno.test("an embedding is a direction, or cannot be used", () => {
  const bytes = (values: number[]) => bytesOfVector(Float32Array.from(values));
  assert.deepEqual([...unitVector(bytes([0.6, 0.8]), 2)!], [...Float32Array.of(0.6, 0.8)]);
  const scaled = unitVector(bytes([3, 4]), 2)!;
  assert.ok(Math.abs(scaled[0] - 0.6) < 1e-6 && Math.abs(scaled[1] - 0.8) < 1e-6);
  for (const wrong of [[0, 0], [NaN, 1], [Infinity, 0], [1e-9, 0], [1], [1, 0, 0], []]) {
    assert.equal(unitVector(bytes(wrong), 2), null, `${wrong}`);
  }
  // As the driver hands it over: at an odd place of a shared block.
  const block = new Uint8Array(11);
  block.set(bytes([0, 1]), 3);
  assert.deepEqual([...unitVector(block.subarray(3), 2)!], [0, 1]);
});

Deno.test("what a grouping reads", async (t) => {
  const { db, drop } = await testDatabase();
  await showModel(db);

  await t.step("no face at all", async () => {
    const { ids, vectors, seen } = await load(db);
    assert.deepEqual([ids, vectors.length, seen], [[], 0, 0]);
    assert.equal(await areGrouped(db, { model: MODEL, minQuality: 0.3 }), false);
    await groupAs(db, []);
    assert.equal(await areGrouped(db, { model: MODEL, minQuality: 0.3 }), true);
  });

  const ann = await insertPerson(db, { name: "Ann", count: 2 });
  const blurred = await insertFace(db, { quality: 0.1 });
  const sure = await insertFace(db, { quality: 0.1, personId: ann.id, confirmed: true });
  const guessed = await insertFace(db, { personId: ann.id, similarity: 0.7 });
  await insertFace(db, { notAFace: true });
  await insertFace(db, { model: "other@1" });
  await insertFace(db, {
    model: "drawn",
    embedding: new Uint8Array(0),
    personId: ann.id,
    confirmed: true,
  });

  await t.step("good ones, and confirmed ones whatever their quality", async () => {
    const { ids, photos, people, peopleIds } = await load(db);
    assert.deepEqual(ids, [...ann.faceIds, sure, guessed]);
    assert.deepEqual([...photos], [0, 1, 2, 3]);
    assert.deepEqual([...people], [0, 0, 0, -1], "what the program assigned binds nobody");
    assert.deepEqual(peopleIds, [ann.id]);
    assert.deepEqual((await load(db, { minQuality: 0.05 })).ids, [
      ...ann.faceIds,
      blurred,
      sure,
      guessed,
    ]);
  });

  await t.step("embeddings that cannot be used are named and left out", async () => {
    const of = (values: ArrayLike<number>) => bytesOfVector(Float32Array.from(values));
    const wrong = [
      await insertFace(db, { embedding: of(new Float32Array(DIMENSION).fill(NaN)) }),
      await insertFace(db, { embedding: of(new Float32Array(DIMENSION)) }),
      await insertFace(db, { embedding: of(new Float32Array(512).fill(512 ** -0.5)) }),
      await insertFace(db, { embedding: new Uint8Array(3) }),
    ];
    const long = await insertFace(db, { embedding: of(lookingLike(1).map((x) => 7 * x)) });
    const { ids, unusable, seen, vectors } = await load(db);
    assert.deepEqual(unusable, wrong);
    assert.deepEqual(ids, [...ann.faceIds, sure, guessed, long]);
    assert.equal(seen, ids.length + wrong.length);
    assert.equal(vectors.length, ids.length * DIMENSION);
    await groupAs(db, []);
    assert.equal(await areGrouped(db, { model: MODEL, minQuality: 0.3 }), true);
    await insertFace(db);
    assert.equal(await areGrouped(db, { model: MODEL, minQuality: 0.3 }), false);
    // What is read can be grouped: nothing in it makes the run fail.
    const faces = await load(db);
    const { labels } = await cluster(faces.vectors, DIMENSION, {
      ...FACE_DEFAULTS,
      products: "js",
      constraints: await constraintsOf(faces, await readNoes(db, MODEL)),
    });
    assert.equal(labels[0], labels[1], "Ann's are together");
  });

  await t.step("one face, and all the same", async () => {
    await db.execute(sql`delete from faces`);
    const only = await insertFace(db, { like: 3 });
    const options = { ...FACE_DEFAULTS, products: "js" as const };
    const grouped = async () => {
      const faces = await load(db);
      const constraints = await constraintsOf(faces, await readNoes(db, MODEL));
      return [...(await cluster(faces.vectors, DIMENSION, { ...options, constraints })).labels];
    };
    assert.deepEqual(await grouped(), [-1]);
    const embedding = bytesOfVector((await load(db)).vectors.slice());
    for (let n = 0; n < 4; n++) await insertFace(db, { embedding });
    assert.deepEqual(await grouped(), [0, 0, 0, 0, 0]);
    assert.equal((await load(db)).ids[0], only);
  });
  await drop();
});
