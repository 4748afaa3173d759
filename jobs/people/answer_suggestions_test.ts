import assert from "node:assert/strict";
import { personThresholds, proposals, suggestions } from "../../db/schema.ts";
import * as Actions from "./actions.ts";
import { BY, faceRows, MODEL, refused, some, withLibrary } from "./actions_testing.ts";

Deno.test("suggestions: yes, no and skip; the same again is so already, the contrary is told", async () => {
  await withLibrary([
    ...some(3, 0, { person: 0 }),
    ...some(3, 1, { person: 1 }),
    ...some(5, 0),
  ], async ({ db, faces: ids, people: persons }) => {
    const [anna, ben] = [...persons.values()];
    const open = ids.slice(6);
    await db.insert(suggestions).values(
      open.slice(0, 4).map((faceId) => ({ faceId, personId: anna, similarity: 0.6 })),
    );
    const yes = { faceIds: open.slice(0, 1), answer: "yes" } as const;
    const no = { faceIds: open.slice(1, 2), answer: "no" } as const;
    assert.equal(
      (await Actions.answerSuggestions(db, yes, BY)).message,
      'Confirmed 1 face of "P0"',
    );
    assert.equal(
      (await Actions.answerSuggestions(db, no, BY)).message,
      'Said that 1 face is not "P0"',
    );
    for (const same of [yes, no, { ...no, personId: anna }]) {
      assert.equal((await Actions.answerSuggestions(db, same, BY)).changeId, null);
    }
    await refused(db, () => Actions.answerSuggestions(db, { ...yes, answer: "no" }, BY), {
      kind: "conflict",
      message: /it is "P0", since 'Confirmed 1 face of "P0"' \(by tester\)/,
    });
    await refused(
      db,
      () => Actions.answerSuggestions(db, { ...no, answer: "yes", personId: anna }, BY),
      {
        kind: "conflict",
        message: /it is not "P0", since 'Said that 1 face/,
      },
    );
    await refused(db, () => Actions.answerSuggestions(db, { ...yes, personId: ben }, BY), {
      kind: "conflict",
      message: /somebody else than "P1"/,
    });
    // Those that are open still are answered; what was said elsewhere meanwhile stays.
    const all = { faceIds: open.slice(0, 4), answer: "no" } as const;
    const rest = await Actions.answerSuggestions(db, all, BY);
    assert.equal(
      rest.message,
      'Said that 2 faces are not "P0"; 1 was answered elsewhere meanwhile',
    );
    assert.equal(rest.faces, 2);
    const whose = (await faceRows(db, open)).map(({ personId }) => personId);
    assert.deepEqual(whose, [anna, null, null, null, null]);
    const again = await Actions.answerSuggestions(db, { ...all, personId: anna }, BY);
    assert.equal(again.changeId, null);
    await refused(
      db,
      () =>
        Actions.answerSuggestions(db, { faceIds: [open[4]], answer: "skip", personId: 999 }, BY),
      { kind: "missing", message: /Person 999 does not exist/ },
    );
  });
});

Deno.test("skipped suggestions come last, and the same again is so already", async () => {
  // Without anybody's prototypes nothing is decided anew after the answer.
  await withLibrary([...some(1, 0, { person: 0, confirmed: false }), ...some(2, 9)], async (at) => {
    const { db, faces: ids, people: persons } = at;
    const faceIds = ids.slice(1);
    const personId = persons.get(0)!;
    await db.insert(suggestions).values(
      faceIds.map((faceId) => ({ faceId, personId, similarity: 0.6 })),
    );
    const skip = { faceIds: [faceIds[0]], answer: "skip" as const };
    assert.equal((await Actions.answerSuggestions(db, skip, BY)).message, "Skipped 1 face");
    assert.equal((await Actions.answerSuggestions(db, skip, BY)).changeId, null);
    const rows = await db.select().from(suggestions).orderBy(suggestions.faceId);
    assert.deepEqual(rows.map(({ skippedAt }) => skippedAt !== null), [true, false]);
  });
});

Deno.test("a yes to many is answered for the others, if some were answered elsewhere", async () => {
  await withLibrary([
    ...some(3, 0, { person: 0 }),
    ...some(3, 1, { person: 1 }),
    ...some(6, 2),
  ], async ({ db, faces: ids, people: persons }) => {
    const [anna, ben] = [...persons.values()];
    const open = ids.slice(6);
    await db.insert(suggestions).values(
      open.map((faceId) => ({ faceId, personId: anna, similarity: 0.6 })),
    );
    await Actions.assignFaces(db, { faceIds: [open[0]], to: { personId: ben } }, BY);
    await Actions.releaseFaces(db, { faceIds: [open[1]], personId: anna }, BY);
    await Actions.removeFace(db, { faceId: open[2] }, BY);
    const yes = { faceIds: open, answer: "yes", personId: anna } as const;
    const { message } = await Actions.answerSuggestions(db, yes, BY);
    assert.equal(message, 'Confirmed 3 faces of "P0"; 3 were answered elsewhere meanwhile');
    const whose = (await faceRows(db, open)).map(({ personId }) => personId);
    assert.deepEqual(whose, [ben, null, null, anna, anna, anna]);
    await refused(
      db,
      () => Actions.answerSuggestions(db, { ...yes, faceIds: [open[2]] }, BY),
      { kind: "conflict", message: /is marked as not a face/ },
    );
  });
});

Deno.test("of two faces of one photo a yes to both confirms the likelier alone", async () => {
  await withLibrary([
    ...some(3, 0, { person: 0 }),
    { look: 0, photo: 6000 },
    { look: 0, photo: 6000 },
    ...some(1, 0),
  ], async ({ db, faces: ids, people: persons }) => {
    const personId = persons.get(0)!;
    const [brother, self, other] = ids.slice(3);
    await db.insert(suggestions).values([
      { faceId: brother, personId, similarity: 0.6 },
      { faceId: self, personId, similarity: 0.7 },
      { faceId: other, personId, similarity: 0.5 },
    ]);
    const all = { faceIds: [brother, self, other], answer: "yes" as const, personId };
    const { faces, message } = await Actions.answerSuggestions(db, all, BY);
    assert.equal(faces, 2);
    assert.equal(
      message,
      'Confirmed 2 faces of "P0"; 1 was left, since nobody is on a photo twice',
    );
    const rows = await faceRows(db, [brother, self, other]);
    assert.deepEqual(rows.map((row) => [row.personId, row.confirmed]), [
      [null, false],
      [personId, true],
      [personId, true],
    ]);
    assert.equal(await db.$count(suggestions), 0, "nobody is asked about the other one any more");
    await refused(db, () => Actions.answerSuggestions(db, { ...all, faceIds: [brother] }, BY), {
      kind: "conflict",
      message: /on a photo with another face of "P0"/,
    });
  });
});

Deno.test("a no to a group need not be meant of each face, and makes nobody stricter to their own", async () => {
  await withLibrary([
    ...some(3, 0, { person: 0 }),
    ...some(6, 0, { cluster: 0 }),
    ...some(1, 1, { cluster: 0 }),
  ], async ({ db, faces: ids, people: persons }) => {
    const personId = persons.get(0)!;
    const no = { faceIds: ids.slice(3), answer: "no" as const, personId };
    const { changeId } = await Actions.answerSuggestions(db, { ...no, together: true }, BY);
    const certain = async () => (await db.select().from(personThresholds))[0].certain;
    assert.equal(await certain(), 0.75, "the model's own");
    await Actions.undoChange(db, { changeId: changeId! }, BY);
    const [{ id: proposalId }] = await db.insert(proposals).values({
      clusteringId: 1,
      model: MODEL,
      kind: "joined",
      personId,
      faceIds: no.faceIds,
      similarity: 0.6,
    }).returning({ id: proposals.id });
    await Actions.answerProposal(db, { proposalId, answer: "no" }, BY);
    assert.equal(await certain(), 0.75);
    await Actions.undoChange(db, {}, BY);
    await Actions.answerSuggestions(db, no, BY);
    assert(await certain() > 0.8, "each by itself says that they look like somebody else");
  });
});
