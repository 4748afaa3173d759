import assert from "node:assert/strict";
import { eq, inArray, isNull } from "drizzle-orm";
import type { Db } from "../../db/client.ts";
import {
  insertFace,
  insertPerson,
  insertPhoto,
  insertProposal,
  showModel,
} from "../../db/people_testing.ts";
import { changes, faces, people, proposals, rejections, suggestions } from "../../db/schema.ts";
import { testDatabase } from "../../db/testing.ts";
import { undoChange } from "./change.ts";
import { clustersOf, everything, groupAs } from "./grouping_testing.ts";
import { nameCluster } from "./name_cluster.ts";
import { splitFaces } from "./split.ts";

async function library() {
  const database = await testDatabase();
  await showModel(database.db);
  return database;
}

const some = async (db: Db, count: number, like = 0) => {
  const ids: number[] = [];
  for (let n = 0; n < count; n++) ids.push(await insertFace(db, { like }));
  return ids;
};

const openProposals = async (db: Db) =>
  (await db.select().from(proposals).where(isNull(proposals.answer)).orderBy(proposals.id))
    .map(({ id, kind, personId, toPersonId, faceIds }) => ({
      id,
      kind,
      personId,
      toPersonId,
      faceIds,
    }));

const grouped = (db: Db) => db.select().from(changes).where(eq(changes.kind, "grouped"));

Deno.test("groups become clusters, whatever became of their faces meanwhile", async () => {
  const { db, drop } = await library();
  const ids = await some(db, 7);
  const first = await groupAs(db, [ids.slice(0, 3), ids.slice(3)]);
  assert.deepEqual(first.difference, {
    same: 0,
    grown: 0,
    changed: 0,
    made: 2,
    gone: 0,
    facesMoved: 7,
    proposals: 0,
  });
  const [one, two] = await clustersOf(db);
  assert.deepEqual([one.faces, one.size, one.cover], [ids.slice(0, 3), 3, ids[0]]);
  assert.deepEqual([two.faces, two.size, two.cover], [ids.slice(3), 4, ids[3]]);
  assert.deepEqual(await grouped(db), [], "the first one is nothing to undo");

  // Between reading the faces and storing the result: the first cluster loses its cover, a third
  // one, found just now, all it had.
  await groupAs(db, [ids.slice(0, 3), [ids[3], ids[6]], [ids[4], ids[5]]], {
    between: () => db.delete(faces).where(inArray(faces.id, [ids[0], ids[4], ids[5]])),
  });
  const after = await clustersOf(db);
  assert.deepEqual(after.map(({ id, faces }) => [id, faces]), [
    [one.id, [ids[1], ids[2]]],
    [two.id, [ids[3], ids[6]]],
  ]);
  for (const { faces, cover, size } of after) {
    assert.ok(faces.includes(cover) && size === faces.length);
  }

  // A higher bar for quality: what is left out is in no cluster.
  await db.update(faces).set({ quality: 0.1 }).where(eq(faces.id, ids[3]));
  await groupAs(db, [[ids[1], ids[2]]]);
  assert.deepEqual((await clustersOf(db)).map(({ id }) => id), [one.id]);
  assert.equal((await db.select().from(faces).where(eq(faces.id, ids[3])))[0].clusterId, null);
  await drop();
});

Deno.test("a grouping can be undone, as the last of them; nothing changed leaves nothing", async () => {
  const { db, drop } = await library();
  const ids = await some(db, 9);
  await groupAs(db, [ids.slice(0, 3), ids.slice(3, 6)]);
  const before = await everything(db);
  await groupAs(db, [ids.slice(0, 3), ids.slice(3, 6)]);
  assert.equal(await everything(db), before);
  assert.deepEqual(await grouped(db), []);

  const { difference } = await groupAs(db, [ids.slice(0, 5), ids.slice(6)]);
  assert.deepEqual(
    [difference!.grown, difference!.made, difference!.gone, difference!.facesMoved],
    [1, 1, 1, 6],
  );
  const [change] = await grouped(db);
  assert.equal(
    change.message,
    "Grouped faces again: 1 group grew, 1 is new, 1 is gone; 6 faces changed places",
  );
  assert.equal(change.by, "Safelight");
  await undoChange(db, { changeId: change.id }, "test");
  assert.equal(await everything(db), before);

  await groupAs(db, [ids]);
  await groupAs(db, [ids.slice(0, 4), ids.slice(4)]);
  const left = await grouped(db);
  assert.equal(left.length, 1, "older ones are forgotten");
  const merged = await everything(db);
  await undoChange(db, { changeId: left[0].id }, "test");
  assert.notEqual(await everything(db), merged);
  assert.deepEqual((await clustersOf(db)).map(({ faces }) => faces), [ids]);
  await drop();
});

Deno.test("what would change somebody waits for a yes", async (t) => {
  const { db, drop } = await library();
  const ann = await insertPerson(db, { name: "Ann", like: 0, count: 3 });
  const bob = await insertPerson(db, { name: "Bob", like: 1, count: 3 });
  const free = await some(db, 4);
  const wrong = await insertFace(db, { like: 1, personId: ann.id, similarity: 0.7 });
  await db.insert(suggestions).values(
    free.slice(0, 2).map((faceId) => ({ faceId, personId: ann.id, similarity: 0.5 })),
  );
  const groups = [[...ann.faceIds, ...free], [...bob.faceIds, wrong]];
  const people_ =
    async () => (await db.select({ id: faces.id, person: faces.personId, sure: faces.confirmed })
      .from(faces)
      .orderBy(faces.id));
  const before = await people_();

  let asked: Awaited<ReturnType<typeof openProposals>>;
  await t.step("faces to join Ann, and one of hers to Bob", async () => {
    const { difference } = await groupAs(db, groups);
    assert.equal(difference!.proposals, 2);
    asked = await openProposals(db);
    assert.deepEqual(asked.map(({ id: _, ...asked }) => asked), [
      { kind: "joined", personId: ann.id, toPersonId: null, faceIds: free },
      { kind: "moved", personId: ann.id, toPersonId: bob.id, faceIds: [wrong] },
    ]);
    assert.deepEqual(await people_(), before);
    assert.deepEqual((await clustersOf(db)).map(({ faces }) => faces), [free]);
    assert.deepEqual(await db.select().from(suggestions), [], "asked once is enough");
    const [joined] = await db.select().from(proposals).where(eq(proposals.kind, "joined"));
    assert.ok(joined.similarity > 0.9, `${joined.similarity}`);
  });

  await t.step("the same again stays as it is, something else takes its place", async () => {
    await groupAs(db, groups);
    assert.deepEqual(await openProposals(db), asked);
    const more = await insertFace(db, { like: 0 });
    await groupAs(db, [[...groups[0], more], groups[1]]);
    const now = await openProposals(db);
    assert.deepEqual(now[0], asked[1]);
    assert.deepEqual(now[1].faceIds, [...free, more]);
    const [former] = await db.select().from(proposals).where(eq(proposals.id, asked[0].id));
    assert.equal(former.answer, "superseded");
  });

  await t.step("what was denied is not asked again, nor what was rejected", async () => {
    await db.update(proposals).set({ answer: "no" }).where(eq(proposals.kind, "moved"));
    await db.insert(rejections).values(
      free.slice(0, 3).map((faceId) => ({
        faceId,
        personId: ann.id,
      })),
    );
    await groupAs(db, groups);
    // One face is left, which is not worth a question about a group.
    assert.deepEqual(await openProposals(db), []);
    assert.deepEqual((await clustersOf(db)).map(({ faces }) => faces), [free]);
  });

  await t.step("nor to join somebody who is in the photo already", async () => {
    const photoId = await insertPhoto(db);
    const drawn = { model: "drawn", embedding: new Uint8Array(0), quality: 0 };
    await insertFace(db, { ...drawn, photoId, personId: bob.id, confirmed: true });
    const [one, two] = await some(db, 2, 1);
    const there = await insertFace(db, { like: 1, photoId });
    await groupAs(db, [[...bob.faceIds, one, two, there]]);
    assert.deepEqual((await openProposals(db)).map(({ faceIds }) => faceIds), [[one, two]]);
  });
  await drop();
});

Deno.test("what the matching asks about a group stays as long as the group does", async (t) => {
  const { db, drop } = await library();
  const ann = await insertPerson(db, { name: "Ann", like: 0, count: 2 });
  const ids = await some(db, 6);
  const ask = (faceIds: number[], similarity: number) =>
    insertProposal(db, { personId: ann.id, faceIds, similarity });
  const asked = async () => (await openProposals(db)).map(({ id }) => id);
  const id = await ask(ids.slice(0, 3), 0.45);
  const unlike = await ask(ids.slice(3), 0.35);
  await t.step("also where it grows", async () => {
    await groupAs(db, [ids.slice(0, 3), ids.slice(3)]);
    assert.deepEqual(await asked(), [id]);
    await groupAs(db, [ids.slice(0, 4), ids.slice(4)]);
    assert.deepEqual(await asked(), [id]);
    const [former] = await db.select().from(proposals).where(eq(proposals.id, unlike));
    assert.equal(former.answer, "superseded");
  });
  await t.step("not when it is taken apart, or asked about by the grouping itself", async () => {
    await groupAs(db, [ids.slice(0, 2), ids.slice(2)]);
    assert.deepEqual(await asked(), []);
    await ask(ids.slice(0, 2), 0.45);
    await groupAs(db, [[...ann.faceIds, ...ids]]);
    assert.deepEqual((await openProposals(db)).map(({ faceIds }) => faceIds), [ids]);
  });
  await drop();
});

Deno.test("a stranger's faces come to them silently, when certain", async () => {
  const { db, drop } = await library();
  const stranger = await insertPerson(db, { hidden: true, like: 2, count: 2 });
  const sure = await insertFace(db, { like: 2 });
  const doubtful = await some(db, 2, 3);
  await groupAs(db, [[...await some(db, 3, 5)]]);
  await db.insert(suggestions).values({ faceId: sure, personId: stranger.id, similarity: 0.5 });
  const before = await everything(db);
  await groupAs(db, [[...stranger.faceIds, sure, ...doubtful]]);
  const [face] = await db.select().from(faces).where(eq(faces.id, sure));
  assert.deepEqual([face.personId, face.confirmed, face.clusterId], [stranger.id, false, null]);
  assert.ok(face.similarity! > 0.8);
  assert.deepEqual(await openProposals(db), []);
  assert.deepEqual((await clustersOf(db)).map(({ faces }) => faces), [doubtful]);
  assert.deepEqual(await db.select().from(suggestions), []);
  const [change] = await grouped(db);
  await undoChange(db, { changeId: change.id }, "test");
  assert.equal(await everything(db), before);
  await drop();
});

Deno.test("what somebody does while a grouping runs has the last word", async (t) => {
  const { db, drop } = await library();
  const ids = await some(db, 8);
  await groupAs(db, [ids]);
  const [{ id: clusterId }] = await clustersOf(db);

  await t.step("a split", async () => {
    await groupAs(db, [ids], { between: () => splitFaces(db, { faceIds: ids.slice(5) }, "test") });
    const now = await clustersOf(db);
    assert.deepEqual(now.map(({ faces }) => faces), [ids.slice(0, 5), ids.slice(5)]);
    assert.equal(now[0].id, clusterId);
  });

  await t.step("a name", async () => {
    await groupAs(db, [ids], {
      between: () => nameCluster(db, { clusterId, to: { name: "Ann" } }, "test"),
    });
    const [{ id: ann }] = await db.select().from(people);
    const hers = await db.select().from(faces).where(eq(faces.personId, ann));
    assert.deepEqual(
      hers.map(({ id, clusterId }) => [id, clusterId]).sort(),
      [
        ...ids.slice(0, 5).map((id) => [id, null]),
      ].sort(),
    );
    assert.deepEqual((await clustersOf(db)).map(({ faces }) => faces), [ids.slice(5)]);
  });

  await t.step("that it is no face", async () => {
    await groupAs(db, [ids.slice(5)], {
      between: () =>
        db.update(faces).set({ notAFace: true, clusterId: null }).where(eq(faces.id, ids[5])),
    });
    assert.deepEqual((await clustersOf(db)).map(({ faces, size }) => [faces, size]), [
      [ids.slice(6), 2],
    ]);
  });
  await drop();
});

Deno.test("where nobody is without a person any more a grouping can be undone too", async () => {
  const { db, drop } = await library();
  const stranger = await insertPerson(db, { hidden: true, like: 2, count: 2 });
  const ids = await some(db, 3);
  await groupAs(db, [ids]);
  const [{ id: clusterId }] = await clustersOf(db);
  await nameCluster(db, { clusterId, to: { name: "Ann" } }, "test");
  assert.deepEqual(await clustersOf(db), []);
  const late = await insertFace(db, { like: 2 });
  const before = await everything(db);
  await groupAs(db, [[...stranger.faceIds, late]]);
  assert.notEqual(await everything(db), before);
  const [change] = await grouped(db);
  await undoChange(db, { changeId: change.id }, "test");
  assert.equal(await everything(db), before);
  await drop();
});

Deno.test("of two groupings that were read one after the other the later one stays", async () => {
  const { db, drop } = await library();
  const ids = await some(db, 6);
  await groupAs(db, [ids.slice(0, 3)]);
  const late = await groupAs(db, [ids.slice(3)], { between: () => groupAs(db, [ids]) });
  assert.deepEqual(late, { clusters: 1, difference: null });
  assert.deepEqual((await clustersOf(db)).map(({ faces }) => faces), [ids]);
  await drop();
});
