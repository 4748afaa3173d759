import assert from "node:assert/strict";
import { asc, eq, inArray } from "drizzle-orm";
import { clusters, faces, photos } from "../db/schema.ts";
import { testDatabase } from "../db/testing.ts";
import { storeClusters } from "./store_clusters.ts";

const MODEL = "test-faces";

Deno.test("a clustering is stored truly, whatever became of its faces meanwhile", async () => {
  const database = await testDatabase();
  const { db } = database;
  const [{ id: photoId }] = await db.insert(photos).values({
    sha256: "x",
    byteSize: 1,
    width: 10,
    height: 10,
    format: "jpeg",
    dhash: "x",
    flat: false,
    firstMtimeMs: 0,
    firstPath: "/x",
    previewWidth: 10,
    previewHeight: 10,
  }).returning({ id: photos.id });
  const added = await db.insert(faces).values(
    [0.5, 0.9, 0.7, 0.4, 0.6, 0.8, 0.2].map((quality) => ({
      photoId,
      model: MODEL,
      box: [0, 0, 1, 1],
      landmarks: Array(10).fill(0),
      score: 0.9,
      quality,
      embedding: new Uint8Array(8),
    })),
  ).returning({ id: faces.id });
  const ids = added.map(({ id }) => id);
  let turn = 0;
  const store = (labels: number[], medoids: number[], of = ids) =>
    db.transaction((tx) =>
      storeClusters(tx, {
        model: MODEL,
        turn: ++turn,
        ids: of,
        labels: Int32Array.from(labels),
        medoids,
      })
    );
  const stored = () =>
    db.select({ id: clusters.id, size: clusters.size, cover: clusters.coverFaceId }).from(clusters)
      .orderBy(asc(clusters.id));

  assert.equal(await store([0, 0, 0, 1, 1, 1, 1], [0, 3]), 2);
  const [one, two] = await stored();
  assert.deepEqual([one.size, one.cover, two.size, two.cover], [3, ids[0], 4, ids[3]]);

  // A look at the photos between reading the faces and storing the result: the first cluster loses
  // its cover, a third one, found just now, all it had.
  await db.delete(faces).where(inArray(faces.id, [ids[0], ids[4], ids[5]]));
  assert.equal(await store([0, 0, 0, 1, 2, 2, 1], [0, 3, 4]), 2);
  assert.deepEqual(await stored(), [
    { id: one.id, size: 2, cover: ids[1] },
    { id: two.id, size: 2, cover: ids[3] },
  ]);

  // A higher bar for quality: what is left out belongs to nobody.
  assert.equal(await store([0, 0], [0], [ids[1], ids[2]]), 1);
  assert.deepEqual(await stored(), [{ id: one.id, size: 2, cover: ids[1] }]);
  const left = await db.select({ cluster: faces.clusterId }).from(faces)
    .where(eq(faces.id, ids[3]));
  assert.deepEqual(left, [{ cluster: null }]);
  await database.drop();
});
