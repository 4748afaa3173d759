import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import { proposals, rejections } from "../../db/schema.ts";
import * as Actions from "./actions.ts";
import { BY, faceRows, MODEL, refused, some, withLibrary } from "./actions_testing.ts";

Deno.test("proposals: what a yes and a no mean for each kind; answered faces stay as they are", async () => {
  await withLibrary([
    ...some(3, 0, { person: 0 }),
    ...some(3, 1, { person: 1 }),
    ...some(4, 0, { cluster: 0 }),
    ...some(4, 0, { person: 0, confirmed: false }),
    ...some(4, 1, { person: 0, confirmed: false }),
  ], async ({ db, faces: ids, people: persons }) => {
    const [anna, ben] = [...persons.values()];
    const ask = async (kind: "joined" | "split" | "moved", faceIds: number[]) => {
      const [{ id }] = await db.insert(proposals).values({
        clusteringId: 1,
        model: MODEL,
        kind,
        personId: anna,
        toPersonId: kind === "moved" ? ben : null,
        faceIds,
        similarity: 0.6,
      }).returning({ id: proposals.id });
      return id;
    };
    const answer = (proposalId: number, answer: "yes" | "no") =>
      Actions.answerProposal(db, { proposalId, answer }, BY);
    const whose = async (faceIds: number[]) =>
      (await faceRows(db, faceIds)).map(({ personId, confirmed }) => [personId, confirmed]);
    const [j1, j2, j3, j4] = ids.slice(6, 10);

    // Of the three that were asked about, one is somebody else's by now, one was denied.
    const joined = await ask("joined", [j1, j2, j3]);
    await Actions.assignFaces(db, { faceIds: [j2], to: { personId: ben } }, BY);
    await db.insert(rejections).values({ faceId: j3, personId: anna });
    assert.equal((await answer(joined, "yes")).message, 'Confirmed 1 face of "P0"');
    assert.deepEqual(await whose([j1, j2]), [[anna, true], [ben, true]]);
    assert.notDeepEqual((await whose([j3]))[0], [anna, true]);
    assert.equal((await answer(joined, "yes")).changeId, null);
    await refused(db, () => answer(joined, "no"), {
      kind: "conflict",
      message: /answered with yes: 'Confirmed 1 face of "P0"' \(by tester\)/,
    });
    await answer(await ask("joined", [j4]), "no");
    const denied = await db.select().from(rejections).where(eq(rejections.faceId, j4));
    assert.deepEqual(denied.map(({ personId }) => personId), [anna]);

    const [s1, s2, , s4] = ids.slice(10, 14);
    await answer(await ask("split", [s1, ids[0]]), "yes");
    assert.deepEqual(await whose([ids[0], s1]), [[anna, true], [null, false]]);
    await answer(await ask("split", [s2]), "no");
    assert.deepEqual(await whose([s2]), [[anna, true]]);

    const [m1, m2] = ids.slice(14, 16);
    await answer(await ask("moved", [m1, s4]), "yes");
    assert.deepEqual(await whose([m1, s4]), [[ben, true], [ben, true]]);
    await answer(await ask("moved", [m2]), "no");
    const noes = await db.select().from(rejections).where(eq(rejections.faceId, m2));
    assert.deepEqual(noes.map(({ personId }) => personId), [ben]);
    const old = await ask("joined", [j3]);
    await db.update(proposals).set({ answer: "superseded" }).where(eq(proposals.id, old));
    await refused(db, () => answer(old, "yes"), {
      kind: "conflict",
      message: /later grouping has taken the place/,
    });
    await refused(db, () => answer(999, "yes"), { kind: "missing", message: /Proposal 999/ });
  });
});

Deno.test("a yes to a question puts nobody on a photo twice", async () => {
  const photo = 7000;
  await withLibrary([
    ...some(3, 0, { person: 0 }),
    ...some(2, 0, { cluster: 0 }),
    { look: 0, photo, cluster: 0 },
    { look: 0, photo: photo + 1, cluster: 0 },
    { look: 0, photo: photo + 1, cluster: 0 },
    { look: 1, photo },
  ], async ({ db, faces: ids, people: persons }) => {
    const anna = persons.get(0)!;
    const asked = ids.slice(3, 8);
    const ask = async () => {
      const [{ id }] = await db.insert(proposals).values({
        clusteringId: 1,
        model: MODEL,
        kind: "joined",
        personId: anna,
        faceIds: asked,
        similarity: 0.6,
      }).returning({ id: proposals.id });
      return id;
    };
    const yes = async () =>
      await Actions.answerProposal(db, { proposalId: await ask(), answer: "yes" }, BY);
    // Meanwhile somebody says who the other one on the photo of one of them is.
    await Actions.assignFaces(db, { faceIds: [ids[8]], to: { personId: anna } }, BY);
    const { faces, message } = await yes();
    assert.equal(faces, 2);
    assert.equal(
      message,
      'Confirmed 2 faces of "P0"; 3 were left, since nobody is on a photo twice',
    );
    const rows = await faceRows(db, asked);
    assert.deepEqual(rows.map(({ personId }) => personId), [anna, anna, null, null, null]);
    // A no is remembered of all of them.
    await Actions.answerProposal(db, { proposalId: await ask(), answer: "no" }, BY);
    const noes = await db.select().from(rejections).orderBy(rejections.faceId);
    assert.deepEqual(noes.map(({ faceId }) => faceId), asked.slice(2));
  });
});

Deno.test("what the program guessed since is no reason against a yes", async () => {
  const photo = 7100;
  await withLibrary([
    ...some(3, 0, { person: 0, confirmed: true }),
    ...some(2, 0, { cluster: 0 }),
    { look: 0, photo, cluster: 0 },
    { look: 0, photo, person: 0, confirmed: false },
  ], async ({ db, faces: ids, people: persons }) => {
    const anna = persons.get(0)!;
    const [{ id }] = await db.insert(proposals).values({
      clusteringId: 1,
      model: MODEL,
      kind: "joined",
      personId: anna,
      faceIds: ids.slice(3, 6),
      similarity: 0.6,
    }).returning({ id: proposals.id });
    const { faces } = await Actions.answerProposal(db, { proposalId: id, answer: "yes" }, BY);
    assert.equal(faces, 3);
    const [asked, guessed] = await faceRows(db, ids.slice(5));
    assert.deepEqual([asked.personId, asked.confirmed], [anna, true]);
    assert.deepEqual([guessed.personId, guessed.confirmed], [null, false]);
  });
});
