import assert from "node:assert/strict";
import { eq, sql } from "drizzle-orm";
import { clusterFaces, findCluster, listClusters } from "./cluster_queries.ts";
import {
  insertCluster,
  insertFace,
  insertPerson,
  insertProposal,
  insertSuggestion,
  showModel,
} from "./people_testing.ts";
import { faces, proposals, suggestions } from "./schema.ts";
import {
  countQuestions,
  listProposals,
  listSuggestions,
  reviewPeople,
  suggestedOf,
} from "./suggestion_queries.ts";
import { testDatabase } from "./testing.ts";

const ALL = { limit: 100, offset: 0 };

Deno.test("what waits for an answer, from the database", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  await showModel(db);
  const clear = () =>
    db.execute(sql`truncate photos, people, faces, suggestions, proposals, clusters cascade`);

  await t.step("suggestions: the best first, skipped ones last, each once", async () => {
    const [ada, bea] = [
      await insertPerson(db, { name: "Ada", count: 1 }),
      await insertPerson(db, { name: "Bea", count: 1 }),
    ];
    const stranger = await insertPerson(db, { hidden: true });
    const skipped = await insertSuggestion(db, {
      personId: ada.id,
      similarity: 0.9,
      skipped: true,
    });
    const low = await insertSuggestion(db, { personId: ada.id, similarity: 0.5 });
    const high = await insertSuggestion(db, { personId: ada.id, similarity: 0.75 });
    const beas = await insertSuggestion(db, { personId: bea.id, similarity: 0.625 });
    await insertSuggestion(db, { personId: ada.id, similarity: 1, model: "former@0" });
    await insertSuggestion(db, { personId: ada.id, similarity: 1, notAFace: true });
    await insertSuggestion(db, { personId: stranger.id, similarity: 1 });

    const all = await listSuggestions(db, ALL);
    assert.deepEqual(all.suggestions.map((one) => one.faceId), [high, beas, low, skipped]);
    assert.equal(all.total, 4);
    const one = await listSuggestions(db, { personId: ada.id, limit: 1, offset: 1 });
    assert.deepEqual(one, {
      suggestions: [{
        faceId: low,
        photoId: one.suggestions[0].photoId,
        personId: ada.id,
        personName: "Ada",
        similarity: 0.5,
        skipped: false,
      }],
      total: 3,
    });

    const review = await reviewPeople(db, { limit: 10, offset: 0, each: 2 });
    assert.deepEqual(
      review.people.map(({ person, open, best }) => [
        person.name,
        person.faces,
        open,
        best.map((row) => row.faceId),
      ]),
      [["Ada", 1, 3, [high, low]], ["Bea", 1, 1, [beas]]],
    );
    assert.equal(review.total, 2);
    const second = await reviewPeople(db, { limit: 1, offset: 1 });
    assert.deepEqual([second.people[0].person.id, second.total], [bea.id, 2]);
    // Skipped, she has most no more.
    await db.update(suggestions).set({ skippedAt: new Date() }).where(eq(suggestions.faceId, low));
    await db.update(suggestions).set({ skippedAt: new Date() }).where(eq(suggestions.faceId, high));
    assert.equal((await reviewPeople(db, ALL)).people[0].person.id, bea.id);
  });

  await t.step("proposals: those open about faces that are shown", async () => {
    await clear();
    const [ada, bea] = [
      await insertPerson(db, { name: "Ada", count: 30 }),
      await insertPerson(db, { name: "Bea", count: 1 }),
    ];
    const moved = await insertProposal(db, {
      kind: "moved",
      personId: ada.id,
      toPersonId: bea.id,
      faceIds: ada.faceIds,
    });
    const split = await insertProposal(db, {
      kind: "split",
      personId: ada.id,
      faceIds: [ada.faceIds[1], 999_999, ada.faceIds[0]],
    });
    await insertProposal(db, { personId: ada.id, faceIds: bea.faceIds, model: "former@0" });
    await insertProposal(db, { personId: ada.id, faceIds: bea.faceIds, answer: "no" });
    const { proposals: found, total } = await listProposals(db, ALL);
    assert.equal(total, 2);
    assert.deepEqual(found.map((row) => [row.id, row.kind, row.person.name, row.faces]), [
      [moved, "moved", "Ada", 30],
      [split, "split", "Ada", 3],
    ]);
    assert.deepEqual(found[0].toPerson?.faces, 1);
    assert.deepEqual(found[0].faceIds, ada.faceIds.slice(0, 24));
    // In their order, without those that are gone.
    assert.deepEqual(found[1].faceIds, [ada.faceIds[1], ada.faceIds[0]]);
    assert.ok(Math.abs(found[0].createdAt.getTime() - Date.now()) < 600_000);
    assert.equal((await listProposals(db, { limit: 1, offset: 1 })).proposals[0].id, split);
  });

  await t.step("clusters: the largest first, their best faces, whose they likely are", async () => {
    await clear();
    const { id: ada } = await insertPerson(db, { name: "Ada", count: 1 });
    const { id: bea } = await insertPerson(db, { name: "Bea", count: 1 });
    const [large, middle, small] = [
      await insertCluster(db, { count: 8 }),
      await insertCluster(db, { count: 4 }),
      await insertCluster(db, { count: 3 }),
    ];
    await insertCluster(db, { count: 9, model: "former@0" });
    const likely = async () => {
      const { clusters } = await listClusters(db, { limit: 10, offset: 0, facesEach: 2 });
      return clusters.map((cluster) => cluster.likely?.name ?? null);
    };
    const page = await listClusters(db, { limit: 2, offset: 0, facesEach: 2 });
    assert.equal(page.total, 3);
    assert.deepEqual(
      page.clusters.map(({ id, size, faces }) => [id, size, faces.map((face) => face.id)]),
      [[large.id, 8, large.faceIds.slice(0, 2)], [middle.id, 4, middle.faceIds.slice(0, 2)]],
    );

    const suggest = (faceId: number, personId: number, similarity: number) =>
      db.insert(suggestions).values({ faceId, personId, similarity });
    await suggest(large.faceIds[0], ada, 0.5);
    assert.deepEqual(await likely(), [null, null, null], "one of eight says little");
    await suggest(large.faceIds[1], ada, 0.75);
    await suggest(middle.faceIds[0], ada, 0.9);
    await suggest(middle.faceIds[1], bea, 0.5);
    await suggest(middle.faceIds[2], bea, 0.5);
    assert.deepEqual(await likely(), ["Ada", "Bea", null]);
    assert.deepEqual((await findCluster(db, large.id, 2))!.likely, {
      id: ada,
      name: "Ada",
      similarity: 0.625,
      proposalId: null,
    });

    const faceIds = [...small.faceIds.slice(0, 2), large.faceIds[2]];
    const proposal = await insertProposal(db, { personId: bea, faceIds });
    assert.deepEqual(await likely(), ["Ada", "Bea", "Bea"]);
    assert.equal((await findCluster(db, small.id, 1))!.likely!.proposalId, proposal);
    await insertProposal(db, { personId: bea, faceIds: large.faceIds.slice(0, 3) });
    assert.deepEqual(await likely(), ["Bea", "Bea", "Bea"], "a proposal says more");
    await db.update(proposals).set({ answer: "no" });
    assert.deepEqual(await likely(), ["Ada", "Bea", null]);
  });

  await t.step("how many questions are open: those that are asked, up to a limit", async () => {
    await clear();
    assert.equal(await countQuestions(db, 100), 0);
    const ada = await insertPerson(db, { name: "Ada", count: 1 });
    const stranger = await insertPerson(db, { hidden: true });
    for (const skipped of [false, true]) {
      await insertSuggestion(db, { personId: ada.id, similarity: 0.5, skipped });
    }
    await insertSuggestion(db, { personId: stranger.id, similarity: 0.5 });
    await insertSuggestion(db, { personId: ada.id, similarity: 0.5, model: "former@0" });
    await insertProposal(db, { personId: ada.id, faceIds: ada.faceIds });
    await insertProposal(db, { personId: ada.id, faceIds: ada.faceIds, answer: "no" });
    assert.equal(await countQuestions(db, 100), 3);
    assert.equal(await countQuestions(db, 2), 2);
  });

  await t.step("faces of a cluster that are suggested to be somebody", async () => {
    await clear();
    const { id: ada } = await insertPerson(db, { name: "Ada", count: 1 });
    const { id: bea } = await insertPerson(db, { name: "Bea", count: 1 });
    const { id: clusterId, faceIds: [one, two, three, none] } = await insertCluster(db, {
      count: 5,
    });
    const suggest = (faceId: number, personId: number, similarity: number) =>
      db.insert(suggestions).values({ faceId, personId, similarity });
    await suggest(one, ada, 0.5);
    await suggest(two, bea, 0.9);
    await suggest(three, ada, 0.7);
    await suggest(none, ada, 0.9);
    await insertSuggestion(db, { personId: ada, similarity: 0.5 });
    await db.update(faces).set({ notAFace: true }).where(eq(faces.id, none));
    const wanted = { clusterId, personId: ada };
    assert.deepEqual(await suggestedOf(db, { ...wanted, limit: 9 }), [three, one]);
    assert.deepEqual(await suggestedOf(db, { ...wanted, limit: 1 }), [three]);
  });

  await t.step("all faces of a cluster, without what is none", async () => {
    await clear();
    const { id, faceIds } = await insertCluster(db, { count: 5 });
    await db.update(faces).set({ notAFace: true }).where(eq(faces.id, faceIds[1]));
    await insertFace(db);
    const ids = async (limit: number, offset: number) =>
      (await clusterFaces(db, id, { limit, offset })).map((face) => face.id);
    assert.deepEqual(await ids(2, 0), [faceIds[0], faceIds[2]]);
    assert.deepEqual(await ids(9, 2), faceIds.slice(3));
    assert.deepEqual((await findCluster(db, id, 9))!.faces.map((face) => face.id), await ids(9, 0));
  });

  await database.drop();
});
