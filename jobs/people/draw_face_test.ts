import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import { faces } from "../../db/schema.ts";
import * as Actions from "./actions.ts";
import { BY, faceRows, refused, some, withLibrary } from "./actions_testing.ts";

Deno.test("a face that is drawn carries a name; over a known one, that one is meant", async () => {
  await withLibrary([
    { look: 0, photo: 7000 },
    ...some(2, 1, { person: 0 }),
  ], async ({ db, faces: [known], photos, people: persons }) => {
    const photoId = photos.get(7000)!;
    const to = { personId: persons.get(0)! };
    const wish = { photoId, box: [0.6, 0.6, 0.5, 0.2], to };
    const drawn = await Actions.drawFace(db, wish, BY);
    assert.equal(drawn.message, 'Drew a face of "P0"');
    const [face] = await db.select().from(faces).where(eq(faces.model, "drawn"));
    assert.deepEqual(face.box.map((side) => Math.round(side * 100)), [60, 60, 40, 20]);
    assert.deepEqual(
      [face.personId, face.confirmed, face.embedding.length, face.landmarks, face.score],
      [to.personId, true, 0, [], 1],
    );
    assert.equal((await Actions.drawFace(db, wish, BY)).changeId, null);
    await refused(db, () => Actions.drawFace(db, { ...wish, to: { name: "Eve" } }, BY), {
      kind: "conflict",
      message: /Here is a face of "P0" already/,
    });
    await Actions.removeFace(db, { faceId: face.id }, BY);
    assert.deepEqual(await faceRows(db, [face.id]), []);
    assert.equal((await Actions.removeFace(db, { faceId: face.id }, BY)).changeId, null);

    // The only way back for what somebody has marked as none, besides undoing.
    await Actions.removeFace(db, { faceId: known }, BY);
    const [{ box }] = await faceRows(db, [known]);
    await Actions.drawFace(db, { photoId, box, to: { name: "Eve" } }, BY);
    const [back] = await faceRows(db, [known]);
    assert.deepEqual([back.notAFace, back.confirmed], [false, true]);
    assert.equal(await db.$count(faces, eq(faces.model, "drawn")), 0);

    for (const bad of [[0, 0, 0, 1], [1, 1, 1, 1], [NaN, 0, 1, 1], [0, 0, 1], [2, 2, 1, 1]]) {
      await refused(db, () => Actions.drawFace(db, { photoId, box: bad, to }, BY), {
        kind: "invalid",
        message: /is no box/,
      });
    }
    await refused(db, () => Actions.drawFace(db, { ...wish, photoId: 999 }, BY), {
      kind: "missing",
      message: /Photo 999/,
    });
  });
});
