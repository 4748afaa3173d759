import assert from "node:assert/strict";
import { desc, eq, inArray, sql } from "drizzle-orm";
import type { Db } from "../../db/client.ts";
import {
  changes,
  clusters,
  faces,
  people,
  photos,
  proposals,
  rejections,
  suggestions,
} from "../../db/schema.ts";
import { lockClusters, mendClusters } from "../store_clusters.ts";
import * as Actions from "./actions.ts";
import { undoChange } from "./actions.ts";
import { BY, faceRows, MODEL, some, stateOf, withLibrary } from "./actions_testing.ts";
import { beginChange, endChange } from "./journal.ts";

async function refused(db: Db, changeId: number | null, message: RegExp): Promise<void> {
  const before = await stateOf(db);
  await assert.rejects(undoChange(db, { changeId: changeId! }, BY), (error: unknown) => {
    assert(error instanceof Actions.PeopleFault && error.kind === "conflict", String(error));
    assert.match(error.message, message);
    return true;
  });
  assert.deepEqual(await stateOf(db), before);
}

const whose = async (db: Db, ids: number[]) => {
  const rows = await db.select().from(faces).where(inArray(faces.id, ids)).orderBy(faces.id);
  return rows.map(({ personId, confirmed, clusterId }) => ({ personId, confirmed, clusterId }));
};
const NOBODY = { personId: null, confirmed: false, clusterId: null };

Deno.test("the last change is undone by default, each once, and who did it is known", async () => {
  await withLibrary(some(3, 0, { person: 0 }), async ({ db, people: persons }) => {
    const [personId] = persons.values();
    const nothing = (error: unknown) =>
      error instanceof Actions.PeopleFault && error.kind === "missing";
    await assert.rejects(undoChange(db, {}, BY), nothing);
    await assert.rejects(undoChange(db, { changeId: 99 }, BY), nothing);
    const first = await Actions.renamePerson(db, { personId, name: "Anna" }, BY);
    await Actions.renamePerson(db, { personId, name: "Ben" }, BY);
    const undone = await undoChange(db, {}, "somebody else");
    assert.equal(undone.message, 'Undone: Renamed "Anna" to "Ben"');
    const again = await undoChange(db, { changeId: undone.changeId! }, BY);
    assert.equal(again.changeId, null);
    assert.match(again.message, /undone already/);
    const [row] = await db.select().from(changes).where(eq(changes.id, undone.changeId!));
    assert.equal(row.undoneBy, "somebody else");
    assert(row.undoneAt);
    assert.equal((await undoChange(db, {}, BY)).changeId, first.changeId);
    await assert.rejects(undoChange(db, {}, BY), /nothing to undo/);
    const [{ name, stale }] = await db.select().from(people);
    assert.equal(name, "P0");
    assert.equal(stale, true);
  });
});

Deno.test("what somebody has built on a change is in its way, and named", async () => {
  await withLibrary([
    ...some(4, 0, { cluster: 0 }),
    ...some(3, 1, { person: 0 }),
    ...some(2, 2),
  ], async ({ db, faces: ids, clusters: groups, people: persons }) => {
    const [ben] = persons.values();
    const named = await Actions.nameCluster(
      db,
      { clusterId: groups.get(0)!, to: { name: "Anna" } },
      BY,
    );
    const anna = named.personId!;
    const added = await Actions.assignFaces(
      db,
      { faceIds: ids.slice(7), to: { personId: anna } },
      BY,
    );
    // Anna would go, and two more faces are hers.
    await refused(db, named.changeId, /undo 'Named 2 faces "Anna"' \(by tester\) first/);
    const renamed = await Actions.renamePerson(db, { personId: anna, name: "Eve" }, BY);
    await refused(db, named.changeId, /undo 'Renamed "Anna" to "Eve"'/);
    // That does not touch whose the two are.
    await undoChange(db, { changeId: added.changeId! }, BY);
    const moved = await Actions.moveFaces(
      db,
      { faceIds: [ids[4]], to: { personId: anna } },
      BY,
    );
    const gone = await Actions.deletePerson(db, { personId: ben }, BY);
    // Undo after the person is gone.
    await refused(db, moved.changeId, /person \d+ is gone; undo 'Deleted "P0"/);
    const dropped = await Actions.deletePerson(db, { personId: anna }, BY);
    await refused(db, renamed.changeId, /undo 'Deleted "Eve", who had 5 faces'/);
    for (const { changeId } of [dropped, gone, moved, renamed, named]) {
      assert.equal((await undoChange(db, { changeId: changeId! }, BY)).changeId, changeId);
    }
    const kept = { personId: null, confirmed: false, clusterId: groups.get(0)! };
    assert.deepEqual(await whose(db, ids.slice(0, 4)), [kept, kept, kept, kept]);
    const bens = { personId: ben, confirmed: true, clusterId: null };
    assert.deepEqual(await whose(db, ids.slice(4, 7)), [bens, bens, bens]);
  });
});

Deno.test("what the program did meanwhile is no obstacle", async () => {
  await withLibrary([
    ...some(5, 0, { cluster: 0 }),
    ...some(3, 1, { cluster: 1 }),
    ...some(3, 2),
    ...some(1, 3, { person: 0 }),
  ], async ({ db, faces: ids, clusters: groups }) => {
    const [clusterId, other] = [...groups.values()];
    const named = await Actions.nameCluster(db, { clusterId, to: { name: "Anna" } }, BY);
    const personId = named.personId!;
    // A guess and a question about Anna, a face of hers lost to a new look at its photo, another
    // with its photo, and the groups made anew.
    await db.update(faces).set({ personId, similarity: 0.8 }).where(eq(faces.id, ids[8]));
    await db.insert(suggestions).values({ faceId: ids[9], personId, similarity: 0.6 });
    await db.insert(proposals).values({
      clusteringId: 2,
      model: MODEL,
      kind: "joined",
      personId,
      faceIds: [ids[9]],
      similarity: 0.6,
    });
    await db.delete(faces).where(eq(faces.id, ids[0]));
    const [{ photoId }] = await db.select({ photoId: faces.photoId }).from(faces)
      .where(eq(faces.id, ids[1]));
    await db.delete(photos).where(eq(photos.id, photoId));
    await db.update(faces).set({ clusterId: null }).where(eq(faces.clusterId, other));
    await db.delete(clusters).where(eq(clusters.id, other));

    assert.equal((await undoChange(db, {}, BY)).faces, 3);
    const back = { ...NOBODY, clusterId };
    assert.deepEqual(await whose(db, ids.slice(0, 5)), [back, back, back]);
    assert.deepEqual(await whose(db, [ids[8]]), [NOBODY]);
    const [{ similarity }] = await db.select().from(faces).where(eq(faces.id, ids[8]));
    assert.equal(similarity, null);
    assert.deepEqual(
      await db.select({ id: people.id }).from(people).where(eq(people.id, personId)),
      [],
    );
    assert.deepEqual([await db.$count(suggestions), await db.$count(proposals)], [0, 0]);
    const [{ size, coverFaceId }] = await db.select().from(clusters);
    assert.equal(size, 3);
    assert(ids.slice(2, 5).includes(coverFaceId!));
  });
});

Deno.test("what the program thinks of a face since stays, what somebody said comes back", async () => {
  await withLibrary([
    ...some(3, 0, { person: 0 }),
    ...some(3, 1, { person: 1 }),
    ...some(5, 2, { cluster: 0 }),
    ...some(3, 3, { cluster: 1 }),
  ], async ({ db, faces: ids, clusters: groups, people: persons }) => {
    const [anna, ben] = [...persons.values()];
    const [group, other] = [...groups.values()];
    // Released, and then the program takes it for Ben.
    const released = await Actions.releaseFaces(db, { faceIds: [ids[0]] }, BY);
    await db.update(faces).set({ personId: ben, similarity: 0.8 }).where(eq(faces.id, ids[0]));
    await undoChange(db, { changeId: released.changeId! }, BY);
    assert.deepEqual(await whose(db, [ids[0]]), [
      { personId: anna, confirmed: true, clusterId: null },
    ]);
    assert.equal(await db.$count(rejections), 0);
    // Split off, and then put elsewhere by a grouping: there it stays.
    const split = await Actions.splitFaces(db, { faceIds: ids.slice(6, 8) }, BY);
    await db.update(faces).set({ clusterId: other }).where(eq(faces.id, ids[6]));
    await undoChange(db, { changeId: split.changeId! }, BY);
    assert.deepEqual((await whose(db, ids.slice(6, 8))).map((face) => face.clusterId), [
      other,
      group,
    ]);
    assert.deepEqual(
      await db.select({ id: clusters.id, size: clusters.size }).from(clusters).orderBy(clusters.id),
      [{ id: group, size: 4 }, { id: other, size: 4 }],
    );
  });
});

Deno.test("names that went over to the faces of another model are not taken away unseen", async () => {
  await withLibrary([
    ...some(3, 0, { cluster: 0 }),
    ...some(1, 1, { person: 0 }),
  ], async ({ db, faces: ids, clusters: groups, people: persons }) => {
    const named = await Actions.nameCluster(
      db,
      { clusterId: groups.get(0)!, to: { name: "Anna" } },
      BY,
    );
    const [{ id: _, ...face }] = await db.select().from(faces).where(eq(faces.id, ids[0]));
    const [{ id: twin }] = await db.insert(faces).values({ ...face, model: "other" })
      .returning({ id: faces.id });
    await refused(db, named.changeId, /Anna has 1 more confirmed faces since/);
    await db.delete(faces).where(eq(faces.id, twin));
    await db.update(faces).set({ personId: persons.get(0)! }).where(eq(faces.id, ids[0]));
    await refused(db, named.changeId, /face \d+ has got another person since/);
  });
});

Deno.test("faces that were drawn go and come back whole; photos that are gone take theirs along", async () => {
  await withLibrary([
    ...some(2, 0, { person: 0 }),
    ...some(2, 1),
  ], async ({ db, faces: ids, people: persons }) => {
    const [personId] = persons.values();
    const rows = await db.select().from(faces).where(inArray(faces.id, ids.slice(2)))
      .orderBy(faces.id);
    const box = [0.5, 0.5, 0.2, 0.2];
    const draw = (photoId: number) => Actions.drawFace(db, { photoId, box, to: { personId } }, BY);
    const before = await stateOf(db);
    await draw(rows[0].photoId);
    await undoChange(db, {}, BY);
    assert.deepEqual(await stateOf(db), before);
    for (const { photoId } of rows) await draw(photoId);
    const drawn = await db.select().from(faces).where(eq(faces.model, "drawn")).orderBy(faces.id);
    const full = await stateOf(db);
    const taken = await Actions.hideFaces(
      db,
      { faceIds: drawn.map(({ id }) => id), as: "not_a_face" },
      BY,
    );
    assert.equal(await db.$count(faces, eq(faces.model, "drawn")), 0);
    await undoChange(db, {}, BY);
    assert.deepEqual(await stateOf(db), full);
    assert.deepEqual(
      await db.select().from(faces).where(eq(faces.model, "drawn")).orderBy(faces.id),
      drawn,
    );
    assert.equal(taken.faces, 2);
    for (const { id } of drawn) await Actions.removeFace(db, { faceId: id }, BY);
    await db.delete(photos).where(eq(photos.id, rows[0].photoId));
    await undoChange(db, {}, BY);
    await undoChange(db, {}, BY);
    assert.deepEqual(
      await db.select({ id: faces.id }).from(faces).where(eq(faces.model, "drawn")),
      [{ id: drawn[1].id }],
    );
  });
});

Deno.test("a change of thousands of faces is undone to the row", async () => {
  const crowd = Array.from(
    { length: 5000 },
    (_, photo) => ({ look: 0, photo: photo % 500, cluster: 0 }),
  );
  await withLibrary([...crowd, ...some(1, 1, { person: 0 })], async ({ db, clusters: groups }) => {
    const before = await stateOf(db);
    await Actions.nameCluster(db, { clusterId: groups.get(0)!, to: { name: "Crowd" } }, BY);
    assert.equal((await undoChange(db, {}, BY)).faces, 5000);
    assert.deepEqual(await stateOf(db), before);
    const [{ rows }] = await db.execute(sql`select count(*)::int as rows from changed_rows`);
    // Each face once, the cluster, the person.
    assert.equal(rows, 5002);
  });
});

Deno.test("the last change is a person's: what the program grouped since is left alone", async () => {
  await withLibrary([
    ...some(3, 0, { person: 0 }),
    ...some(3, 1, { cluster: 0 }),
  ], async ({ db, people: persons, clusters: groups }) => {
    const personId = persons.get(0)!;
    const named = await Actions.renamePerson(db, { personId, name: "Anna" }, BY);
    const grouped = await db.transaction(async (tx) => {
      await lockClusters(tx);
      const id = await beginChange(tx, { by: "Safelight", kind: "grouped", message: "Grouped" });
      await tx.update(faces).set({ clusterId: null }).where(eq(faces.clusterId, groups.get(0)!));
      await mendClusters(tx, [groups.get(0)!]);
      assert(await endChange(tx, id));
      return id;
    });
    assert.equal((await undoChange(db, {}, BY)).changeId, named.changeId);
    assert.equal(await db.$count(clusters), 0);
    await assert.rejects(undoChange(db, {}, BY), /nothing to undo/);
    // By its id it can be taken back as ever.
    assert.equal((await undoChange(db, { changeId: grouped }, BY)).changeId, grouped);
    assert.equal(await db.$count(clusters), 1);
  });
});

Deno.test("a drawn face that was found meanwhile is only nobody's after undoing", async () => {
  await withLibrary(some(2, 0, { person: 0 }), async ({ db, faces: ids, people: persons }) => {
    const [{ photoId, embedding }] = await faceRows(db, ids);
    const box = [0.5, 0.5, 0.2, 0.2];
    const found = async () => {
      await db.update(faces).set({ model: MODEL, embedding }).where(eq(faces.model, "drawn"));
      const [row] = await db.select().from(faces).orderBy(desc(faces.id)).limit(1);
      return row;
    };
    const to = { personId: persons.get(0)! };
    for (const target of [to, { name: "Eve" }]) {
      await Actions.drawFace(db, { photoId, box, to: target }, BY);
      const { id } = await found();
      await undoChange(db, {}, BY);
      assert.deepEqual(await whose(db, [id]), [NOBODY]);
      await db.delete(faces).where(eq(faces.id, id));
    }
    assert.equal(await db.$count(people), 1);
  });
});
