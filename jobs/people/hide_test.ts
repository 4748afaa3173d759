import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import { people } from "../../db/schema.ts";
import * as Actions from "./actions.ts";
import { BY, refused, some, withLibrary } from "./actions_testing.ts";

Deno.test("strangers are hidden people, what is no face is nobody's", async () => {
  await withLibrary([
    ...some(3, 0, { cluster: 0 }),
    ...some(3, 1, { cluster: 1 }),
    ...some(3, 2, { person: 0 }),
  ], async ({ db, faces: ids, clusters: groups, people: persons }) => {
    const [one, two] = [...groups.values()];
    const stranger = await Actions.hideCluster(db, { clusterId: one, as: "stranger" }, BY);
    const [row] = await db.select().from(people).where(eq(people.id, stranger.personId!));
    assert.deepEqual([row.name, row.hidden], [null, true]);
    const none = await Actions.hideCluster(db, { clusterId: two, as: "not_a_face" }, BY);
    assert.equal(none.message, "Marked 3 faces as not a face");
    for (const [clusterId, as] of [[one, "stranger"], [two, "not_a_face"]] as const) {
      assert.equal((await Actions.hideCluster(db, { clusterId, as }, BY)).changeId, null);
    }
    await refused(db, () => Actions.hideCluster(db, { clusterId: two, as: "stranger" }, BY), {
      kind: "missing",
      message: /since 'Marked 3 faces/,
    });
    const to = { personId: persons.get(0)! };
    await refused(db, () => Actions.assignFaces(db, { faceIds: [ids[3]], to }, BY), {
      kind: "conflict",
      message: /Face \d+ is marked as not a face; undo 'Marked 3 faces.*or draw it/,
    });
    await Actions.showPerson(db, { personId: stranger.personId! }, BY);
    assert.equal(
      (await Actions.showPerson(db, { personId: stranger.personId! }, BY)).changeId,
      null,
    );
    assert.equal((await Actions.hidePerson(db, to, BY)).message, 'Hid "P0" as a stranger');
    await Actions.hideFaces(db, { faceIds: ids.slice(6), as: "stranger" }, BY);
    assert.equal(
      (await Actions.hideFaces(db, { faceIds: ids.slice(6), as: "stranger" }, BY)).changeId,
      null,
    );
    await Actions.removeFace(db, { faceId: ids[0] }, BY);
    assert.equal((await Actions.removeFace(db, { faceId: ids[0] }, BY)).changeId, null);
  });
});
