import assert from "node:assert/strict";
import { faces, rejections } from "../../db/schema.ts";
import { writeServing } from "../../db/serving_queries.ts";
import * as Actions from "./actions.ts";
import { undoChange } from "./actions.ts";
import { BY, faceRows, MODEL, refused, some, withLibrary } from "./actions_testing.ts";
import { carryOver } from "./carry_over.ts";

Deno.test("nobody gets on a photo twice by undoing", async () => {
  const photo = 8000;
  await withLibrary([
    ...some(3, 0, { person: 0 }),
    { look: 0, photo, person: 0 },
    { look: 0, photo },
    { look: 0, photo: photo + 1, person: 0, confirmed: false },
    { look: 0, photo: photo + 1 },
    { look: 0, photo: photo + 2, person: 0 },
    { look: 0, photo: photo + 2, person: 0 },
  ], async ({ db, faces: ids, people: persons }) => {
    const anna = persons.get(0)!;
    const [f, g, guess, right, mirrored] = ids.slice(3);
    const to = { personId: anna };
    const released = await Actions.releaseFaces(db, { faceIds: [f] }, BY);
    const assigned = await Actions.assignFaces(db, { faceIds: [g], to }, BY);
    await refused(db, () => undoChange(db, { changeId: released.changeId! }, BY), {
      kind: "conflict",
      message: /undo 'Named 1 face "P0"' \(by tester\) first/,
    });
    await undoChange(db, { changeId: assigned.changeId! }, BY);
    await undoChange(db, { changeId: released.changeId! }, BY);
    assert.deepEqual((await faceRows(db, [f, g])).map(({ personId }) => personId), [anna, null]);
    // The program's guess is in nobody's way, and gives way when it comes back.
    const denied = await Actions.releaseFaces(db, { faceIds: [guess] }, BY);
    await Actions.assignFaces(db, { faceIds: [right], to }, BY);
    await undoChange(db, { changeId: denied.changeId! }, BY);
    assert.equal(await db.$count(rejections), 0);
    const rows = await faceRows(db, [guess, right]);
    assert.deepEqual(rows.map(({ personId }) => personId), [null, anna]);
    // Who was on it twice before, by somebody's word, is so again.
    await Actions.releaseFaces(db, { faceIds: [mirrored] }, BY);
    await undoChange(db, {}, BY);
    assert.equal((await faceRows(db, [mirrored]))[0].personId, anna);
  });
});

Deno.test("what concerns faces that are not shown any more is not undone unseen", async () => {
  await withLibrary([
    ...some(3, 0, { person: 0 }),
    ...some(3, 1),
  ], async ({ db, faces: ids, people: persons }) => {
    const to = { personId: persons.get(0)! };
    const [told, loose, alone] = ids.slice(3);
    const named = await Actions.assignFaces(db, { faceIds: [told], to }, BY);
    const denied = await Actions.releaseFaces(db, { faceIds: [loose], ...to }, BY);
    const single = await Actions.assignFaces(db, { faceIds: [alone], to }, BY);
    const rows = await faceRows(db, [ids[0], told, loose]);
    for (const { id: _, ...row } of rows) {
      await db.insert(faces).values({
        ...row,
        model: "other",
        personId: null,
        confirmed: false,
      });
    }
    await db.transaction((tx) => carryOver(tx, { from: MODEL, to: "other" }));
    await writeServing(db, { faces: "other" });
    for (const { changeId } of [named, denied]) {
      await refused(db, () => undoChange(db, { changeId: changeId! }, BY), {
        kind: "conflict",
        message: /not shown since a change of models, and face \d+, which is, says the same/,
      });
    }
    // Nothing that is shown says so.
    await undoChange(db, { changeId: single.changeId! }, BY);
    // What is shown comes back as well.
    const deleted = await Actions.deletePerson(db, to, BY);
    await undoChange(db, { changeId: deleted.changeId! }, BY);
    const { personId } = await Actions.assignFaces(db, {
      faceIds: [ids[1]],
      to: { name: "Eve" },
    }, BY);
    const merged = await Actions.mergePeople(db, { from: to.personId, into: personId! }, BY);
    await undoChange(db, { changeId: merged.changeId! }, BY);
    await undoChange(db, {}, BY);
    await writeServing(db, { faces: MODEL });
    for (const { changeId } of [named, denied]) await undoChange(db, { changeId: changeId! }, BY);
    assert.equal((await faceRows(db, [told]))[0].personId, null);
  });
});
