import assert from "node:assert/strict";
import { and, asc, eq, inArray } from "drizzle-orm";
import type { Db } from "../../db/client.ts";
import {
  insertFace,
  insertPerson,
  insertPhoto,
  MODEL,
  showModel,
} from "../../db/people_testing.ts";
import {
  clusters,
  faces,
  people,
  phases,
  prototypes,
  rejections,
  sessions,
  splits,
  suggestions,
} from "../../db/schema.ts";
import { shownFaces } from "../../db/serving_queries.ts";
import { testDatabase } from "../../db/testing.ts";
import { createSession } from "../lifecycle.ts";
import { switchServing } from "../serving.ts";
import { carryOntoNew, carryOver } from "./carry_over.ts";

const FORMER = MODEL, NEW = "new@0123456789ab";

/** One face of each of two models in a photo of their own; their boxes overlap by `shared` or so. */
async function twin(
  db: Db,
  { shared = 0.9, former = {}, current = {} }: {
    shared?: number;
    former?: Parameters<typeof insertFace>[1];
    current?: Parameters<typeof insertFace>[1];
  } = {},
): Promise<{ photoId: number; former: number; current: number }> {
  const photoId = await insertPhoto(db);
  const shift = 0.2 * (1 - shared) / (1 + shared);
  return {
    photoId,
    former: await insertFace(db, { model: FORMER, box: [0.2, 0.2, 0.2, 0.2], ...former, photoId }),
    current: await insertFace(db, {
      model: NEW,
      box: [0.2 + shift, 0.2, 0.2, 0.2],
      ...current,
      photoId,
    }),
  };
}

async function faceOf(db: Db, id: number) {
  const [face] = await db.select().from(faces).where(eq(faces.id, id));
  return face;
}

const over = (db: Db, from = FORMER, to = NEW) =>
  db.transaction((tx) => carryOver(tx, { from, to }));

Deno.test("what was said about faces goes over to those of another model", async (t) => {
  const { db, drop } = await testDatabase();
  await showModel(db);
  await showModel(db, NEW);
  const ann = (await insertPerson(db, { name: "Ann" })).id;
  const bob = (await insertPerson(db, { name: "Bob" })).id;

  await t.step("names, by the overlap of boxes of one half at least", async () => {
    const sure = { personId: ann, confirmed: true };
    const near = await twin(db, { shared: 0.55, former: sure });
    const far = await twin(db, { shared: 0.45, former: sure });
    const guessed = await twin(db, { former: { personId: bob, similarity: 0.75 } });
    assert.equal(await over(db), 2);
    const named = await faceOf(db, near.current);
    assert.deepEqual([named.personId, named.confirmed, named.similarity], [ann, true, null]);
    assert.equal((await faceOf(db, far.current)).personId, null);
    const automatic = await faceOf(db, guessed.current);
    assert.deepEqual(
      [automatic.personId, automatic.confirmed, automatic.similarity],
      [bob, false, 0.75],
    );
    assert.equal(await over(db), 0, "doing it twice does it once");
    const learned = await db.select().from(prototypes).where(eq(prototypes.model, NEW));
    assert.deepEqual(learned.map(({ personId, faceId }) => [personId, faceId]), [
      [ann, near.current],
    ]);
    const [{ stale }] = await db.select().from(people).where(eq(people.id, ann));
    assert.equal(stale, true, "somebody has to look who else she is");
  });

  await t.step("one to one, the best first, also to faces that nobody named", async () => {
    const { photoId, former, current } = await twin(db, {
      shared: 0.6,
      former: { personId: ann, confirmed: true },
    });
    // Lies nearer to the new face than Ann's, so that is not Ann.
    await insertFace(db, { model: FORMER, box: [0.24, 0.2, 0.2, 0.2], photoId });
    await over(db);
    assert.equal((await faceOf(db, current)).personId, null);
    await db.delete(faces).where(inArray(faces.id, [former, current]));
  });

  await t.step("that something is no face, rejections and splits; clusters lose it", async () => {
    const { former, current } = await twin(db, { former: { notAFace: true } });
    const other = await twin(db);
    const [{ id: clusterId }] = await db.insert(clusters)
      .values({ model: NEW, size: 2, coverFaceId: current }).returning();
    await db.update(faces).set({ clusterId })
      .where(inArray(faces.id, [current, other.current]));
    await db.insert(suggestions).values({ faceId: current, personId: bob, similarity: 0.5 });
    await db.insert(rejections).values({ faceId: other.former, personId: ann });
    await db.insert(splits).values([
      { splitId: other.former, faceId: other.former, side: 1 },
      { splitId: other.former, faceId: former, side: 0 },
    ]);
    await over(db);
    const none = await faceOf(db, current);
    assert.deepEqual([none.notAFace, none.clusterId], [true, null]);
    assert.deepEqual(await db.select().from(suggestions), []);
    const [cluster] = await db.select().from(clusters);
    assert.deepEqual([cluster.size, cluster.coverFaceId], [1, other.current]);
    const noes = await db.select().from(rejections).where(eq(rejections.faceId, other.current));
    assert.deepEqual(noes.map(({ personId }) => personId), [ann]);
    const taken = await db.select().from(splits)
      .where(inArray(splits.faceId, [current, other.current])).orderBy(asc(splits.side));
    assert.deepEqual(taken.map(({ faceId, side }) => [faceId, side]), [
      [current, 0],
      [other.current, 1],
    ]);
  });

  await t.step("of what two models' faces say the shown one's is the newer", async () => {
    const sureAnn = { personId: ann, confirmed: true },
      sureBob = { personId: bob, confirmed: true };
    const renamed = await twin(db, { former: sureBob, current: sureAnn });
    const unsure = await twin(db, { former: { personId: bob, similarity: 0.7 }, current: sureAnn });
    const silent = await twin(db, { current: sureAnn });
    const denied = await twin(db, { current: sureAnn });
    const again = await twin(db, { former: sureAnn });
    await db.insert(rejections).values([
      { faceId: denied.former, personId: ann },
      { faceId: again.current, personId: ann },
    ]);
    await over(db);
    const whose = async (id: number) => {
      const { personId, confirmed } = await faceOf(db, id);
      return [personId, confirmed];
    };
    assert.deepEqual(await whose(renamed.current), [bob, true]);
    assert.deepEqual(
      await whose(unsure.current),
      [ann, true],
      "a guess takes nothing from anybody",
    );
    assert.deepEqual(await whose(silent.current), [ann, true], "silence says nothing");
    assert.deepEqual(await whose(denied.current), [null, false], "a no does");
    assert.deepEqual(await whose(again.current), [ann, true], "and a yes after it");
    const left = await db.select().from(rejections).where(eq(rejections.faceId, again.current));
    assert.deepEqual(left, []);
  });

  await t.step("nobody is twice in a photo by the program's word", async () => {
    const { photoId, current } = await twin(db, { former: { personId: ann, confirmed: true } });
    const elsewhere = { model: NEW, box: [0.7, 0.7, 0.1, 0.1], photoId };
    const guess = await insertFace(db, { ...elsewhere, personId: ann, similarity: 0.65 });
    await over(db);
    assert.deepEqual(
      [(await faceOf(db, current)).personId, (await faceOf(db, guess)).personId],
      [ann, null],
    );
  });
  await drop();
});

Deno.test("a split takes apart the groups that were made before it was known", async (t) => {
  const { db, drop } = await testDatabase();
  await showModel(db);
  await showModel(db, NEW);
  const pairs = await Promise.all(Array.from({ length: 6 }, () => twin(db)));
  const ids = pairs.map(({ current }) => current);
  const [{ id: clusterId }] = await db.insert(clusters)
    .values({ model: NEW, size: 6, coverFaceId: ids[4] }).returning();
  await db.update(faces).set({ clusterId }).where(inArray(faces.id, ids));
  const split = (splitId: number, one: number[], other: number[]) =>
    db.insert(splits).values(
      [one, other].flatMap((side, number) =>
        side.map((pair) => ({ splitId, faceId: pairs[pair].former, side: number }))
      ),
    );
  const groups = async () => {
    const rows = await db.select().from(clusters).orderBy(asc(clusters.id));
    return await Promise.all(rows.map(async ({ id, size, coverFaceId }) => {
      const members = await db.select().from(faces).where(eq(faces.clusterId, id));
      const places = members.map((face) => ids.indexOf(face.id)).sort();
      assert.equal(size, places.length);
      assert(members.some((face) => face.id === coverFaceId), "its cover is one of them");
      return places;
    }));
  };

  await t.step("by one, and by another that takes the taken apart", async () => {
    await split(1, [0, 1], [3, 4, 5]);
    await split(2, [3], [5]);
    await over(db);
    assert.deepEqual(await groups(), [[0, 1, 2], [3, 4], [5]]);
  });
  await t.step("once: what is apart stays as it is", async () => {
    const before = await db.select().from(clusters).orderBy(asc(clusters.id));
    await over(db);
    assert.deepEqual(await db.select().from(clusters).orderBy(asc(clusters.id)), before);
  });
  await drop();
});

Deno.test("there and back again, everything that was said last holds", async () => {
  const { db, drop } = await testDatabase();
  await showModel(db);
  await showModel(db, NEW);
  const ann = (await insertPerson(db, { name: "Ann" })).id;
  const bob = (await insertPerson(db, { name: "Bob" })).id;
  const pairs = [];
  for (let n = 0; n < 4; n++) {
    pairs.push(await twin(db, { former: { personId: ann, confirmed: true } }));
  }
  await db.update(people).set({ coverFaceId: pairs[0].former }).where(eq(people.id, ann));
  await over(db);
  const cover = async () =>
    (await db.select().from(people).where(eq(people.id, ann)))[0].coverFaceId;
  assert.equal(await cover(), pairs[0].current);

  // With the new model somebody corrects two faces and names one that the former had not found.
  await db.update(faces).set({ personId: bob }).where(eq(faces.id, pairs[1].current));
  await db.update(faces).set({ personId: null, confirmed: false })
    .where(eq(faces.id, pairs[2].current));
  await db.insert(rejections).values({ faceId: pairs[2].current, personId: ann });
  const alone = await insertFace(db, { model: NEW, personId: bob, confirmed: true });
  await over(db, NEW, FORMER);
  const people_ = async (ids: number[]) => {
    const rows = await db.select().from(faces).where(inArray(faces.id, ids)).orderBy(faces.id);
    return rows.map(({ personId }) => personId);
  };
  assert.deepEqual(await people_(pairs.map(({ former }) => former)), [ann, bob, null, ann]);
  assert.equal(await cover(), pairs[0].former);
  await over(db);
  assert.deepEqual(await people_(pairs.map(({ current }) => current)), [ann, bob, null, ann]);
  assert.equal((await faceOf(db, alone)).personId, bob);
  await drop();
});

Deno.test("faces that are found late get what was said before, from whom it was said of", async () => {
  const { db, drop } = await testDatabase();
  await showModel(db, NEW);
  const ann = (await insertPerson(db, { name: "Ann" })).id;
  const sure = { personId: ann, confirmed: true };
  const one = await twin(db, { former: sure });
  const two = await twin(db, { former: sure });
  const onto = (photoIds: number[]) =>
    db.transaction((tx) => carryOntoNew(tx, { model: NEW, photoIds }));
  assert.equal(await onto([one.photoId]), 1);
  assert.equal((await faceOf(db, one.current)).personId, ann);
  assert.equal((await faceOf(db, two.current)).personId, null, "not asked about");
  const drawn = await insertPhoto(db);
  await insertFace(db, { model: "drawn", photoId: drawn, ...sure, embedding: new Uint8Array(0) });
  assert.equal(await onto([drawn]), 0);
  await drop();
});

Deno.test("names are there in the moment in which the other model's faces are shown", async () => {
  const { db, drop } = await testDatabase();
  await showModel(db);
  const ann = (await insertPerson(db, { name: "Ann" })).id;
  const { current } = await twin(db, { former: { personId: ann, confirmed: true } });
  const id = await createSession(db, { name: "t", rootPath: "/p", subdirectories: [""] });
  await db.update(phases).set({ status: "completed" }).where(eq(phases.sessionId, id));
  const [session] = await db.select().from(sessions).where(eq(sessions.id, id));
  const [phase] = await db.select().from(phases)
    .where(and(eq(phases.sessionId, id), eq(phases.name, "clustering")));
  const models = { clip: { key: "clip@1" }, faces: { key: NEW } };
  const worker = { id: crypto.randomUUID(), device: "cpu", models: models as never };
  await db.transaction((tx) => switchServing(tx, { session, phase, worker }));
  assert.equal(await shownFaces(db), NEW);
  const { personId, confirmed } = await faceOf(db, current);
  assert.deepEqual([personId, confirmed], [ann, true]);
  await drop();
});
