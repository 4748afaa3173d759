import assert from "node:assert/strict";
import {
  insertCluster,
  insertFace,
  insertPerson,
  insertPhoto,
  lookingLike,
  MODEL,
  showModel,
} from "../../db/people_testing.ts";
import { clusterings, people, proposals } from "../../db/schema.ts";
import { testDatabase } from "../../db/testing.ts";
import { bytesOfVector } from "../../db/vectors.ts";
import { assignFaces } from "./actions.ts";
import { matchStale } from "./match_stale.ts";

Deno.test("a cluster is asked about without the face of somebody's brother beside them", async () => {
  const { db, drop } = await testDatabase();
  await showModel(db);
  await db.insert(clusterings).values({
    model: MODEL,
    faces: 1,
    clusters: 1,
    noise: 0,
    loadedAt: new Date(),
  });
  const bea = await insertPerson(db, { name: "Bea", count: 3, like: 1 });
  const { id: clusterId } = await insertCluster(db, { count: 0 });
  const member = (face: object = {}) => {
    const embedding = bytesOfVector(lookingLike(1, { likeness: 0.7, else: 9 }));
    return insertFace(db, { embedding, clusterId, ...face });
  };
  const [one, two, three] = [await member(), await member(), await member()];
  // Bea is on this photo already, by somebody's word.
  const photoId = await insertPhoto(db);
  await insertFace(db, { photoId, like: 1, personId: bea.id, confirmed: true });
  const brother = await member({ photoId });
  await db.update(people).set({ stale: true });
  await assignFaces(db, {
    faceIds: [await insertFace(db, { like: 1 })],
    to: { personId: bea.id },
  }, "test");
  while (await matchStale(db, new AbortController().signal));
  const open = await db.select().from(proposals);
  assert.deepEqual(open.map(({ personId, faceIds }) => [personId, faceIds]), [
    [bea.id, [one, two, three]],
  ]);
  assert(brother > three);
  await drop();
});
