import assert from "node:assert/strict";
import { eq, sql } from "drizzle-orm";
import { clusters, rejections, splits } from "../../db/schema.ts";
import * as Actions from "./actions.ts";
import { BY, refused, some, withLibrary } from "./actions_testing.ts";

Deno.test("a split makes a group of its own, and is remembered; never of nothing", async () => {
  await withLibrary([
    ...some(6, 0, { cluster: 0 }),
    ...some(3, 1, { cluster: 1 }),
    ...some(3, 2, { person: 0 }),
  ], async ({ db, faces: ids, clusters: groups, people: persons }) => {
    const wish = { faceIds: ids.slice(4, 6), clusterId: groups.get(0)! };
    const split = await Actions.splitFaces(db, wish, BY);
    assert.equal(split.message, "Split 2 faces off a group of 6");
    const [made] = await db.select().from(clusters).where(eq(clusters.id, split.clusterId!));
    assert.equal(made.size, 2);
    assert(wish.faceIds.includes(made.coverFaceId!));
    const sides = await db.select().from(splits).orderBy(splits.faceId);
    assert.deepEqual(sides.map(({ faceId, side }) => [faceId, side]), [
      ...ids.slice(0, 4).map((id) => [id, 0]),
      ...ids.slice(4, 6).map((id) => [id, 1]),
    ]);
    assert.equal((await Actions.splitFaces(db, wish, BY)).changeId, null);
    await refused(db, () => Actions.splitFaces(db, { faceIds: ids.slice(0, 4) }, BY), {
      kind: "invalid",
      message: /are all of group/,
    });
    await refused(db, () => Actions.splitFaces(db, { faceIds: [ids[0], ids[6]] }, BY), {
      kind: "conflict",
      message: /not in one group/,
    });
    await refused(
      db,
      () => Actions.splitFaces(db, { faceIds: [ids[6]], clusterId: groups.get(0)! }, BY),
      { kind: "conflict", message: /not in group/ },
    );
    await Actions.splitFaces(db, { faceIds: [ids[9]] }, BY);
    assert.deepEqual(
      await db.select({ face: rejections.faceId, person: rejections.personId }).from(rejections),
      [{ face: ids[9], person: persons.get(0) }],
    );
  });
});

Deno.test("of a group of any size a split remembers a bounded part, the cover with it", async () => {
  const crowd = Array.from({ length: 6000 }, () => ({ look: 0, photo: 0, cluster: 0 }));
  await withLibrary(crowd, async ({ db, faces: ids, clusters: groups }) => {
    await Actions.splitFaces(db, { faceIds: ids.slice(-3), clusterId: groups.get(0)! }, BY);
    const [row] = await db.execute(sql`
      select count(*) filter (where side = 0)::int as rest, count(*) filter (where side = 1)::int
        as picked, bool_or(face_id = ${ids[0]}) as cover from splits`);
    assert.deepEqual({ ...row }, { rest: 5000, picked: 3, cover: true });
  });
});
