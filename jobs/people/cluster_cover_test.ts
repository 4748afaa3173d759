import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { clusterFaces, findCluster } from "../../db/cluster_queries.ts";
import * as Actions from "./actions.ts";
import { BY, refused, some, withLibrary } from "./actions_testing.ts";

Deno.test("the face chosen for a group comes first, and is the cover of whom it becomes", async () => {
  await withLibrary(
    [...some(4, 2, { cluster: 0 }), ...some(3, 3, { cluster: 1 })],
    async ({ db, faces: ids, clusters }) => {
      const [here, there] = [...clusters.values()];
      const before = (await findCluster(db, here, 9))!.faces.map(({ id }) => id);
      const faceId = before.at(-1)!;
      const wish = { clusterId: here, faceId };
      const { changeId } = await Actions.setClusterCover(db, wish, BY);
      assert.equal((await Actions.setClusterCover(db, wish, BY)).changeId, null);
      const listed = async () => {
        const page = await clusterFaces(db, here, { limit: 9, offset: 0 });
        assert.deepEqual((await findCluster(db, here, 9))!.faces, page);
        return page.map(({ id }) => id);
      };
      assert.deepEqual(await listed(), [faceId, ...before.slice(0, -1)]);
      await Actions.undoChange(db, { changeId: changeId! }, BY);
      assert.deepEqual(await listed(), before);
      await refused(db, () => Actions.setClusterCover(db, { clusterId: there, faceId }, BY), {
        kind: "conflict",
        message: /is not in group/,
      });

      await Actions.setClusterCover(db, wish, BY);
      const cover = async (id: number | null) => {
        const [row] = await db.execute(sql`select cover_face_id from people where id = ${id}`);
        return row.cover_face_id === null ? null : Number(row.cover_face_id);
      };
      const named = await Actions.nameCluster(db, { clusterId: here, to: { name: "Anna" } }, BY);
      assert.equal(await cover(named.personId), faceId);
      // Who has a cover keeps it.
      await Actions.setClusterCover(db, { clusterId: there, faceId: ids[4] }, BY);
      const to = { personId: named.personId! };
      await Actions.nameCluster(db, { clusterId: there, to }, BY);
      assert.equal(await cover(named.personId), faceId);
    },
  );
});

Deno.test("a face that has left its group stands for nobody", async () => {
  await withLibrary(
    [...some(5, 2, { cluster: 0 }), ...some(3, 2, { cluster: 1 })],
    async ({ db, faces: ids, clusters }) => {
      const [large, small] = [...clusters.values()];
      await Actions.setClusterCover(db, { clusterId: large, faceId: ids[0] }, BY);
      await Actions.setClusterCover(db, { clusterId: small, faceId: ids[5] }, BY);
      await Actions.splitFaces(db, { faceIds: [ids[0]], clusterId: large }, BY);
      const { personId } = await Actions.mergeClusters(db, { clusterIds: [large, small] }, BY);
      const [row] = await db.execute(sql`select cover_face_id from people where id = ${personId}`);
      assert.equal(Number(row.cover_face_id), ids[5]);
    },
  );
});
