import assert from "node:assert/strict";
import * as Actions from "./actions.ts";
import { BY, faceRows, refused, some, withLibrary } from "./actions_testing.ts";

Deno.test("people: renamed, with another cover, forgotten", async () => {
  await withLibrary(
    [...some(3, 2, { person: 0 }), ...some(2, 3, { person: 1 })],
    async ({ db, faces: ids, people: persons }) => {
      const [anna, ben] = [...persons.values()];
      // Two may have one name.
      await Actions.renamePerson(db, { personId: anna, name: "P1" }, BY);
      assert.equal(
        (await Actions.renamePerson(db, { personId: anna, name: " P1 " }, BY)).changeId,
        null,
      );
      await Actions.setCover(db, { personId: anna, faceId: ids[1] }, BY);
      assert.equal(
        (await Actions.setCover(db, { personId: anna, faceId: ids[1] }, BY)).changeId,
        null,
      );
      await refused(db, () => Actions.setCover(db, { personId: anna, faceId: ids[3] }, BY), {
        kind: "conflict",
        message: /not one of "P1"/,
      });
      const gone = await Actions.deletePerson(db, { personId: ben }, BY);
      assert.equal(gone.message, 'Deleted "P1", who had 2 faces');
      assert.equal((await Actions.deletePerson(db, { personId: ben }, BY)).changeId, null);
      for (const face of await faceRows(db, ids.slice(3))) {
        assert.deepEqual([face.personId, face.confirmed], [null, false]);
      }
      await refused(db, () => Actions.renamePerson(db, { personId: ben, name: "Eve" }, BY), {
        kind: "missing",
        message: /since 'Deleted "P1"/,
      });
    },
  );
});
