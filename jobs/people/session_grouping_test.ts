import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import {
  insertCluster,
  insertFace,
  insertPerson,
  insertSuggestion,
  MODEL,
} from "../../db/people_testing.ts";
import { clusterings, faces, faceScans } from "../../db/schema.ts";
import { testDatabase } from "../../db/testing.ts";
import { countUnassigned, type GroupingNotes, readSessionGrouping } from "./session_grouping.ts";

Deno.test("unassigned are the faces of a session that have come to nobody", async () => {
  const { db, drop } = await testDatabase();
  const ann = await insertPerson(db, { name: "Ann", count: 2 });
  await insertCluster(db, { count: 3, like: 1 });
  await insertSuggestion(db, { personId: ann.id, similarity: 0.5 });
  await insertFace(db, { notAFace: true });
  const alone = [await insertFace(db, { like: 2 }), await insertFace(db, { quality: 0.1 })];
  const other = await insertFace(db, { like: 3 });
  for (const { photoId, id } of await db.select().from(faces)) {
    const sessionId = id === other ? 2 : 1;
    await db.insert(faceScans).values({ photoId, model: MODEL, faces: 1, sessionId });
  }
  const count = (sessionId: number) =>
    db.transaction((tx) => countUnassigned(tx, { sessionId, model: MODEL }));
  assert.deepEqual([await count(1), await count(2), await count(3)], [alone.length, 1, 0]);
  await db.update(faces).set({ personId: ann.id }).where(eq(faces.id, alone[0]));
  assert.equal(await count(1), 1);
  await drop();
});

Deno.test("the page of a session tells of its last grouping", async () => {
  const { db, drop } = await testDatabase();
  assert.equal(await readSessionGrouping(db, 1), null);
  const add = (sessionId: number, difference: GroupingNotes | null) =>
    db.insert(clusterings).values({
      sessionId,
      model: MODEL,
      faces: 9,
      clusters: 2,
      noise: 1,
      difference,
      loadedAt: new Date(),
    });
  const notes = { same: 0, grown: 1, changed: 0, made: 1, gone: 0, facesMoved: 4, proposals: 0 };
  await add(1, { ...notes, grown: 9, unassigned: 5 });
  await add(1, { ...notes, unassigned: 7 });
  await add(2, { ...notes, unassigned: 8 });
  await add(3, null);
  assert.deepEqual(await readSessionGrouping(db, 1), {
    unassigned: 7,
    difference: "1 group grew, 1 is new; 4 faces changed places",
  });
  assert.equal(await readSessionGrouping(db, 3), null);
  await drop();
});
