import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import { faces, people, rejections, suggestions } from "../../db/schema.ts";
import * as Actions from "./actions.ts";
import { BY, faceRows, refused, some, withLibrary } from "./actions_testing.ts";

Deno.test("groups merge into somebody unnamed, people into one of them", async () => {
  await withLibrary([
    ...some(3, 0, { cluster: 0 }),
    ...some(3, 1, { cluster: 1 }),
    ...some(3, 2, { person: 0 }),
    ...some(3, 3, { person: 1 }),
    ...some(1, 3, { person: 1, confirmed: false }),
    ...some(3, 4, { person: 5 }),
    ...some(2, 5),
  ], async ({ db, faces: ids, clusters: groups, people: persons }) => {
    const [anna, ben, nobody] = [0, 1, 5].map((person) => persons.get(person)!);
    const clusterIds = [...groups.values()];
    const merged = await Actions.mergeClusters(db, { clusterIds }, BY);
    assert.equal(merged.message, "Merged 2 groups of 6 faces");
    const again = await Actions.mergeClusters(db, { clusterIds }, BY);
    assert.deepEqual([again.changeId, again.personId], [null, merged.personId]);
    const one = clusterIds[0];
    await refused(db, () => Actions.mergeClusters(db, { clusterIds: [one, one] }, BY), {
      kind: "invalid",
      message: /with itself/,
    });

    const [guess] = ids.slice(12, 13);
    const [no, maybe] = ids.slice(16, 18);
    await db.insert(rejections).values([
      { faceId: no, personId: ben },
      { faceId: ids[6], personId: ben },
      { faceId: guess, personId: anna },
    ]);
    await db.insert(suggestions).values({ faceId: maybe, personId: ben, similarity: 0.6 });
    await refused(db, () => Actions.mergePeople(db, { from: ben, into: ben }, BY), {
      kind: "invalid",
      message: /with themselves/,
    });
    const both = await Actions.mergePeople(db, { from: ben, into: anna }, BY);
    assert.match(both.message, /^Merged "P1" into "P0": 3 faces/);
    assert.equal((await Actions.mergePeople(db, { from: ben, into: anna }, BY)).changeId, null);
    const mine = await db.select({ id: faces.id }).from(faces).where(eq(faces.personId, anna))
      .orderBy(faces.id);
    assert.deepEqual(mine.map(({ id }) => id).slice(0, 6), ids.slice(6, 12));
    // Somebody had said of the program's guess that it is not Anna; of Anna's own face, not Ben.
    const [left] = await faceRows(db, [guess]);
    assert.equal(left.personId, null);
    const noes = await db.select({ face: rejections.faceId, person: rejections.personId })
      .from(rejections).orderBy(rejections.faceId);
    assert.deepEqual(noes, [{ face: guess, person: anna }, { face: no, person: anna }]);
    await refused(db, () => Actions.mergePeople(db, { from: anna, into: ben }, BY), {
      kind: "missing",
      message: /Person \d+ does not exist, since 'Merged "P1" into "P0"/,
    });

    // Who has no name takes the other's.
    await Actions.mergePeople(db, { from: anna, into: nobody }, BY);
    const [{ name }] = await db.select().from(people).where(eq(people.id, nobody));
    assert.equal(name, "P0");
  });
});
