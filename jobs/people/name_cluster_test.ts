import assert from "node:assert/strict";
import { rejections } from "../../db/schema.ts";
import * as Actions from "./actions.ts";
import { BY, faceRows, refused, some, withLibrary } from "./actions_testing.ts";

Deno.test("a yes to whether a group is somebody leaves out who cannot be", async () => {
  await withLibrary(
    [
      ...some(2, 2, { person: 0, confirmed: true }),
      ...some(4, 2, { cluster: 0 }),
      // On one photo with somebody of the group.
      { look: 2, photo: 900, person: 0, confirmed: true },
      { look: 3, photo: 900, cluster: 0 },
    ],
    async ({ db, faces: ids, clusters, people }) => {
      const [clusterId] = clusters.values(), [personId] = people.values();
      const [denied, brother] = [ids[2], ids[7]];
      await db.insert(rejections).values({ faceId: denied, personId });
      const wish = { clusterId, to: { personId }, asked: true };
      const { message } = await Actions.nameCluster(db, wish, BY);
      assert.equal(message, 'Named 3 faces "P0"; 2 of the group cannot be, and stay');
      for (const face of await faceRows(db, ids.slice(2))) {
        const stays = face.id === denied || face.id === brother;
        const theirs = stays ? [null, clusterId] : [personId, null];
        assert.deepEqual([face.personId, face.clusterId], theirs, `face ${face.id}`);
      }
      assert.equal(await db.$count(rejections), 1);
      await refused(db, () => Actions.nameCluster(db, wish, BY), {
        kind: "conflict",
        message: /No face of group \d+ can be one of "P0"/,
      });
      // Who says it without being asked is believed.
      await Actions.nameCluster(db, { clusterId, to: { personId } }, BY);
      assert.deepEqual(
        (await faceRows(db, [denied, brother])).map((face) => face.personId),
        [personId, personId],
      );
    },
  );
});
