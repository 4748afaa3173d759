import assert from "node:assert/strict";
import { eq, sql } from "drizzle-orm";
import {
  insertCluster,
  insertFace,
  insertPerson,
  insertPhoto,
  lookingLike,
  MODEL,
  showModel,
} from "../../db/people_testing.ts";
import { clusterings, faces, people, proposals, suggestions } from "../../db/schema.ts";
import { testDatabase } from "../../db/testing.ts";
import { bytesOfVector } from "../../db/vectors.ts";
import { answerProposal, assignFaces, nameCluster, releaseFaces } from "./actions.ts";
import { matchStale } from "./match_stale.ts";

const ANNA = 0, BEA = 1, CLARA = 2;
const never = new AbortController().signal;
const perhaps = (whom: number) => bytesOfVector(lookingLike(whom, { likeness: 0.5, else: 8 }));

Deno.test("workers look through the library for people who have changed", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  const look = async () => {
    while (await matchStale(db, never));
    assert.equal((await db.select().from(people).where(eq(people.stale, true))).length, 0);
  };
  const stateOf = async (id: number) => {
    const [face] = await db.select().from(faces).where(eq(faces.id, id));
    const [about] = await db.select().from(suggestions).where(eq(suggestions.faceId, id));
    if (face.personId !== null) return `${face.personId}${face.confirmed ? "!" : ""}`;
    return about ? `${about.personId}?` : "nobody";
  };

  await t.step("nothing is to be done where nobody is known", async () => {
    assert.equal(await matchStale(db, never), false);
    await showModel(db);
    assert.equal(await matchStale(db, never), false);
  });

  const loose = await insertFace(db, { like: ANNA });
  const likely = await insertFace(db, { embedding: perhaps(ANNA) });
  const blurred = await insertFace(db, { like: ANNA, quality: 0.05 });
  const none = await insertFace(db, { like: ANNA, notAFace: true });
  const others = await insertFace(db, { like: CLARA });
  const former = await insertFace(db, { like: ANNA, model: "former" });
  const first = await insertCluster(db, { count: 4, like: ANNA });
  let anna = 0;

  await t.step("naming a cluster finds the person everywhere", async () => {
    const named = await nameCluster(db, { clusterId: first.id, to: { name: "Anna" } }, "test");
    anna = named.personId!;
    assert.equal(await stateOf(loose), "nobody", "a request does not look through the library");
    await look();
    assert.deepEqual(
      await Promise.all([loose, likely, blurred, none, others, former].map(stateOf)),
      [`${anna}`, `${anna}?`, `${anna}`, "nobody", "nobody", "nobody"],
    );
    assert.equal(await matchStale(db, never), false, "once");
  });

  await t.step(
    "what was assigned by the program is taken back when it no longer holds",
    async () => {
      await releaseFaces(db, { faceIds: first.faceIds }, "test");
      await look();
      assert.deepEqual(await Promise.all([loose, likely].map(stateOf)), ["nobody", "nobody"]);
      await assignFaces(db, { faceIds: first.faceIds, to: { personId: anna } }, "test");
      await look();
      assert.deepEqual(await Promise.all([loose, likely].map(stateOf)), [`${anna}`, `${anna}?`]);
    },
  );

  await t.step("somebody like them who becomes known makes questions of it", async () => {
    const twin = [0, 1, 2].map(() => bytesOfVector(lookingLike(ANNA, { likeness: 0.9, else: 3 })));
    const faceIds = await Promise.all(twin.map((embedding) => insertFace(db, { embedding })));
    const between = bytesOfVector(lookingLike(ANNA, { likeness: 0.97, else: 3 }));
    const face = await insertFace(db, { embedding: between });
    await db.update(people).set({ stale: true });
    await look();
    assert.equal(await stateOf(face), `${anna}`);
    const { personId } = await assignFaces(db, { faceIds, to: { name: "Twin" } }, "test");
    await look();
    assert.match(await stateOf(face), new RegExp(`^(${anna}|${personId})\\?$`));
    await releaseFaces(db, { faceIds }, "test");
  });

  await t.step("a cluster that is mostly like somebody is asked about as one", async () => {
    await db.insert(clusterings).values({
      model: MODEL,
      faces: 1,
      clusters: 1,
      noise: 0,
      loadedAt: new Date(),
    });
    const bea = await insertPerson(db, { name: "Bea", count: 3, like: BEA });
    const cluster = await insertCluster(db, { count: 1, like: 9 });
    for (let i = 0; i < 3; i++) {
      const embedding = bytesOfVector(lookingLike(BEA, { likeness: 0.7, else: 9 }));
      cluster.faceIds.push(await insertFace(db, { embedding, clusterId: cluster.id }));
    }
    await db.execute(sql`update clusters set size = 4, cover_face_id = ${cluster.faceIds[1]}
      where id = ${cluster.id}`);
    // Makes Bea known and stale, as any action does.
    await assignFaces(db, {
      faceIds: [await insertFace(db, { like: BEA })],
      to: { personId: bea.id },
    }, "test");
    await look();
    assert.deepEqual(await Promise.all(cluster.faceIds.map(stateOf)), Array(4).fill("nobody"));
    const open = await db.select().from(proposals);
    assert.equal(open.length, 1);
    assert.deepEqual(
      [open[0].kind, open[0].personId, open[0].faceIds.toSorted((a, b) => a - b)],
      ["joined", bea.id, cluster.faceIds],
    );
    await db.update(people).set({ stale: true });
    await look();
    assert.equal((await db.select().from(proposals)).length, 1, "not twice");
    await answerProposal(db, { proposalId: open[0].id, answer: "no" }, "test");
    await look();
    await db.update(people).set({ stale: true });
    await look();
    assert.equal((await db.select().from(proposals)).length, 1, "a no is remembered");
    assert.deepEqual(await Promise.all(cluster.faceIds.map(stateOf)), Array(4).fill("nobody"));
  });

  await t.step("several workers, and somebody who acts meanwhile", async () => {
    const photoId = await insertPhoto(db);
    const vector = bytesOfVector(lookingLike(CLARA));
    // Several portions of faces, each on a photo of its own.
    await db.execute(sql`
      with made as (insert into photos (sha256, byte_size, width, height, format, dhash, flat,
          first_mtime_ms, first_path, preview_width, preview_height)
        select 'many ' || n, 1, 1, 1, 'jpeg', 'x', false, 1, '/many/' || n, 1, 1
        from generate_series(1, 2100) n returning id)
      insert into faces (photo_id, model, box, landmarks, score, quality, embedding)
      select id, ${MODEL}, '{0,0,1,1}', '{}', 1, .5, ${vector} from made`);
    const seed = [];
    for (let i = 0; i < 3; i++) seed.push(await insertFace(db, { photoId, like: 4 }));
    const { personId: clara } = await assignFaces(db, {
      faceIds: [others],
      to: { name: "Clara" },
    }, "test");
    const [{ id: last }] = await db.select().from(faces).where(eq(faces.model, MODEL))
      .orderBy(sql`id desc`).limit(1).offset(3);
    const workers = Promise.all([1, 2, 3].map(() => matchStale(db, never)));
    // Says of the last one that it is not her, while they look.
    await assignFaces(db, { faceIds: [last], to: { name: "Dora" } }, "test");
    assert((await workers).some(Boolean));
    await look();
    const [{ hers }] = await db.execute<{ hers: number }>(sql`
      select count(*)::int as hers from faces where person_id = ${clara} and not confirmed`);
    // Once Dora is known with the very same face nothing is certain any more.
    assert.equal(hers, 0);
    await releaseFaces(db, { faceIds: [last] }, "test");
    await look();
    const [{ now }] = await db.execute<{ now: number }>(sql`
      select count(*)::int as now from faces where person_id = ${clara} and not confirmed`);
    assert.equal(now, 2100, "the last one too: it is not Dora, they say");
  });

  await t.step("stopped in between, everybody stays stale", async () => {
    await db.update(people).set({ stale: true });
    await matchStale(db, AbortSignal.abort());
    assert((await db.select().from(people)).every(({ stale }) => stale));
    await look();
  });

  await database.drop();
});
