import assert from "node:assert/strict";
import { asc, eq, sql } from "drizzle-orm";
import type { Db } from "../db/client.ts";
import {
  clusters,
  faces,
  faceScans,
  people,
  photos,
  rejections,
  type SessionKind,
  sessions,
  splits,
} from "../db/schema.ts";
import { testDatabase } from "../db/testing.ts";
import type { DetectedFace } from "../models/types.ts";
import { createSession } from "./lifecycle.ts";
import { storeFaces } from "./store_faces.ts";

const MODEL = "test-faces";

function face(x: number, score: number): DetectedFace {
  return {
    box: [x, 0.1, 0.1, 0.1],
    landmarks: [[x, 0.1], [x, 0.1], [x, 0.1], [x, 0.1], [x, 0.1]],
    score,
    quality: score,
    embedding: Float32Array.from([score, 0]),
  };
}

async function addPhoto(db: Db, name: string): Promise<number> {
  const [{ id }] = await db.insert(photos).values({
    sha256: name,
    byteSize: 1,
    width: 10,
    height: 10,
    format: "jpeg",
    dhash: name,
    flat: false,
    firstMtimeMs: 0,
    firstPath: `/${name}`,
    previewWidth: 10,
    previewHeight: 10,
  }).returning({ id: photos.id });
  return id;
}

Deno.test("storing finds", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  const session = (kind: SessionKind) =>
    createSession(db, { name: kind, rootPath: "/", subdirectories: [""], kind });
  const store = (
    looker: { sessionId: number; kind: SessionKind; model?: string },
    looks: { photoId: number; faces: DetectedFace[] }[],
  ) =>
    db.transaction((tx) =>
      storeFaces(tx, looks.map((look, jobId) => ({ jobId, ...look })), { model: MODEL, ...looker })
    );
  const rows = () =>
    db.select({
      id: faces.id,
      photoId: faces.photoId,
      score: faces.score,
      clusterId: faces.clusterId,
      x: sql<number>`box[1]`,
    }).from(faces).where(eq(faces.model, MODEL)).orderBy(asc(faces.id));
  const found = async (id: number) =>
    (await db.select().from(sessions).where(eq(sessions.id, id)))[0].facesFound;
  const one = await addPhoto(db, "one");
  const two = await addPhoto(db, "two");
  const folders = await session("folders");
  const again = await session("faces");

  await t.step("a session over folders adds, and leaves alone what others looked at", async () => {
    const looks = [
      { photoId: one, faces: [face(0.1, 0.5), face(0.5, 0.75)] },
      { photoId: two, faces: [face(0.3, 0.5)] },
    ];
    const ends = await store({ sessionId: folders, kind: "folders" }, looks);
    assert.deepEqual(ends, [{ id: 0, state: "done" }, { id: 1, state: "done" }]);
    assert.equal(await found(folders), 3);
    const other = await session("folders");
    const [end] = await store({ sessionId: other, kind: "folders" }, [
      { photoId: one, faces: [face(0.8, 0.875)] },
    ]);
    assert.deepEqual([end.state, end.reason], ["skipped", "already_scanned"]);
    assert.equal((await rows()).length, 3);
    assert.equal(await found(other), 0);
  });

  const before = await rows();
  // One cluster of all three, whose cover is the face that will not be found again.
  const [{ id: cluster }] = await db.insert(clusters)
    .values({ model: MODEL, size: 3, coverFaceId: before[0].id }).returning();
  await db.update(faces).set({ clusterId: cluster });
  const lookAgain = [{ photoId: one, faces: [face(0.52, 0.25), face(0.8, 0.875)] }];

  await t.step("a run over what exists replaces: matched, lost and new faces", async () => {
    const ends = await store({ sessionId: again, kind: "faces" }, lookAgain);
    assert.deepEqual(ends, [{ id: 0, state: "done" }]);
    const after = await rows();
    assert.deepEqual(after.map((row) => [row.id, row.score, row.clusterId]), [
      [before[1].id, 0.25, cluster],
      [before[2].id, 0.5, cluster],
      [after[2].id, 0.875, null],
    ]);
    assert(after[2].id > before[2].id);
    assert(Math.abs(after[0].x - 0.52) < 1e-6, "the matched face has its new box");
    const [row] = await db.select().from(clusters);
    assert.deepEqual([row.size, row.coverFaceId], [2, before[2].id], "the best of those left");
    const [scan] = await db.select().from(faceScans).where(eq(faceScans.photoId, one));
    assert.deepEqual([scan.faces, scan.sessionId], [2, again]);
    assert.equal(await found(again), 2);
  });

  await t.step("a second time changes nothing and counts nothing", async () => {
    const first = await rows();
    await store({ sessionId: again, kind: "faces" }, lookAgain);
    assert.deepEqual(await rows(), first);
    assert.equal(await found(again), 2);
  });

  await t.step("another model's faces are another matter", async () => {
    const first = await rows();
    await store({ sessionId: again, kind: "faces", model: "other" }, [
      { photoId: one, faces: [face(0.52, 0.25)] },
    ]);
    assert.deepEqual(await rows(), first);
  });

  await t.step("a cluster that loses its last face goes", async () => {
    await store({ sessionId: again, kind: "faces" }, [
      { photoId: one, faces: [] },
      { photoId: two, faces: [] },
    ]);
    assert.deepEqual(await rows(), []);
    assert.deepEqual(await db.select().from(clusters), []);
  });

  await t.step("what somebody said of a face holds, found again or not", async () => {
    const photoId = await addPhoto(db, "three");
    const places = [0, 0.15, 0.3, 0.45, 0.6, 0.75];
    await store({ sessionId: folders, kind: "folders" }, [
      { photoId, faces: places.map((x) => face(x, 0.5)) },
    ]);
    const [confirmed, rejected, split, none, guess] = (await rows()).map(({ id }) => id);
    const [{ id: personId }] = await db.insert(people).values({ name: "Anna" }).returning();
    const about = (id: number) => eq(faces.id, id);
    await db.update(faces).set({ personId, confirmed: true }).where(about(confirmed));
    const [{ id: other }] = await db.insert(people).values({ name: "Ben" }).returning();
    await db.insert(rejections).values({ faceId: rejected, personId });
    await db.update(faces).set({ personId: other, similarity: 0.8 }).where(about(rejected));
    await db.insert(splits).values({ splitId: 1, faceId: split, side: 0 });
    await db.update(faces).set({ notAFace: true }).where(about(none));
    // What the program made of a face is nothing that somebody said.
    await db.update(faces).set({ personId, similarity: 0.8 }).where(about(guess));
    await store({ sessionId: again, kind: "faces" }, [{ photoId, faces: [] }]);
    assert.deepEqual((await rows()).map(({ id }) => id), [confirmed, rejected, split, none]);
    assert.deepEqual([await db.$count(rejections), await db.$count(splits)], [1, 1]);
    // Nor whom the program takes one for that is not there: it would stand in another's way.
    const [ghost] = await db.select().from(faces).where(about(rejected));
    assert.deepEqual([ghost.personId, ghost.similarity, ghost.clusterId], [null, null, null]);
    // Found once more it is the very same face.
    await store({ sessionId: again, kind: "faces" }, [{ photoId, faces: [face(0.15, 0.5)] }]);
    assert.deepEqual((await rows()).map(({ id }) => id), [confirmed, rejected, split, none]);
  });

  await database.drop();
});
