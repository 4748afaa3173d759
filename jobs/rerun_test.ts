import assert from "node:assert/strict";
import { and, eq, sql } from "drizzle-orm";
import { join } from "node:path";
import type { Db } from "../db/client.ts";
import { faces, phases, sessions } from "../db/schema.ts";
import { sampleLibrary } from "../e2e/sample.ts";
import { decodeLists } from "./clustering/kept_lists.ts";
import { neighbourFile } from "./face_clustering.ts";
import { createSession, startSession } from "./lifecycle.ts";
import { nameCluster } from "./people/actions.ts";
import { SessionNotFound } from "./session_state.ts";
import { createClusteringRun, createFaceRun, ensureClusteringRun, ensureFaceRun } from "./rerun.ts";
import { testWorker } from "./testing.ts";

const PORTRAITS = 36;

/** Copies some of the sample's portraits; every one shows at least one face. */
async function copyPortraits(to: string): Promise<void> {
  const sample = await sampleLibrary();
  const family = join(sample.path, "family");
  let copied = 0;
  const copy = async (folder: string) => {
    for (const entry of [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory) await copy(path);
      else if (copied < PORTRAITS) await Deno.copyFile(path, join(to, `${copied++}-${entry.name}`));
    }
  };
  await copy(family);
  await sample.remove();
}

const faceRows = (db: Db) =>
  db.select({ id: faces.id, score: faces.score, cluster: faces.clusterId }).from(faces)
    .orderBy(faces.id);

/** One hash over everything that runs over faces and clusters must leave alone. */
async function untouched(db: Db): Promise<string> {
  const [{ hash }] = await db.execute<{ hash: string }>(sql`
    select md5(concat(
      (select string_agg(e::text, '|' order by photo_id, model) from embeddings e),
      (select string_agg(p::text, '|' order by id) from photos p),
      (select string_agg(f::text, '|' order by id) from files f))) as hash`);
  return hash;
}

/** Clusters whose size or cover is not what their faces say. */
const wrongClusters = (db: Db) =>
  db.execute(sql`
    select c.id, c.size, c.cover_face_id from clusters c
    where c.size <> (select count(*) from faces f where f.cluster_id = c.id)
      or not exists (select from faces f where f.cluster_id = c.id and f.id = c.cover_face_id)`);

/** Faces of one photo that lie on each other. */
const doubles = (db: Db) =>
  db.execute(sql`
    select a.id, b.id from faces a join faces b on b.photo_id = a.photo_id and b.model = a.model
      and a.id < b.id and abs(a.box[1] - b.box[1]) < a.box[3] / 4
      and abs(a.box[2] - b.box[2]) < a.box[4] / 4`);

Deno.test("one phase again over what exists", async (t) => {
  const worker = await testWorker();
  const { db } = worker;
  await copyPortraits(worker.photos);
  const first = await worker.run({ skipFaceDetection: false, name: "Family" });
  assert.equal(first.status, "completed");
  const original = await faceRows(db);
  assert(original.length >= 20 && first.counters.clusters >= 1, "the sample has faces to group");
  const hash = await untouched(db);
  const phasesOf = (id: number) =>
    db.select().from(phases).where(eq(phases.sessionId, id)).orderBy(phases.name);
  const phasesBefore = await phasesOf(first.sessionId);
  const again = async (minFaceScore: number, skipClustering: boolean) => {
    const trainingSessionId = first.sessionId;
    const settings = { minFaceScore };
    return await worker.ended(
      await createFaceRun(db, { trainingSessionId, settings, skipClustering }),
    );
  };
  const middle = original.map(({ score }) => score).sort()[Math.floor(original.length / 2)];
  const sure = original.filter(({ score }) => score >= middle);

  await t.step(
    "a higher threshold deletes what is below, and keeps the rest in place",
    async () => {
      const { status, ledger, counters, sessionId } = await again(middle - 1e-4, true);
      assert.equal(status, "completed");
      assert.deepEqual([ledger.discovery.total, ledger.training.total], [null, null]);
      assert.equal(ledger.face_detection.done, first.counters.photos);
      assert.deepEqual(await faceRows(db), sure);
      assert.equal(counters.facesFound, sure.length);
      assert.deepEqual([...await wrongClusters(db)], []);
      const [session] = await db.select().from(sessions).where(eq(sessions.id, sessionId));
      assert.equal(session.name, "Faces again over Family");
      assert.deepEqual([session.kind, session.sourceSessionId], ["faces", first.sessionId]);
    },
  );

  await t.step("a lower one finds them again, and people stay who they were", async () => {
    const { counters } = await again(0.5, false);
    const now = await faceRows(db);
    assert.equal(counters.facesFound, original.length);
    assert.equal(now.length, original.length);
    const kept = new Map(now.map(({ id, cluster }) => [id, cluster]));
    for (const { id, cluster } of sure) assert.equal(kept.get(id), cluster, `face ${id}`);
    assert.deepEqual([...await wrongClusters(db)], []);
    assert.deepEqual([...await doubles(db)], []);
  });

  await t.step("a size in pixels counts too, over the whole library", async () => {
    const settings = { minFaceScore: 0.5, minFaceSize: 1440 };
    const id = await createFaceRun(db, { trainingSessionId: null, settings, skipClustering: true });
    const { status, counters } = await worker.ended(id);
    assert.deepEqual([status, counters.facesFound], ["completed", 0]);
    assert.deepEqual(await faceRows(db), []);
    assert.deepEqual([...await wrongClusters(db)], []);
    await again(0.5, false);
    assert.equal((await faceRows(db)).length, original.length);
  });

  await t.step("grouping again takes other settings, and no picture", async () => {
    const run = async (settings: Parameters<typeof createClusteringRun>[1]["settings"]) => {
      const result = await worker.ended(await createClusteringRun(db, { settings }));
      assert.equal(result.status, "completed");
      assert.equal(result.ledger.face_detection.total, null);
      assert.deepEqual([...await wrongClusters(db)], []);
      const rows = await faceRows(db);
      const [{ clusters }] = await db.select({
        clusters: sql<number>`count(distinct cluster_id)::int`,
      }).from(faces);
      return { rows, clusters, made: result.counters.clusters };
    };
    const usual = await run({});
    const few = await run({ minClusterSize: 10_000 });
    assert.deepEqual([few.clusters, few.made], [0, 0]);
    assert(few.rows.every(({ cluster }) => cluster === null));
    const back = await run({});
    assert.equal(back.clusters, usual.clusters);
    assert.equal(back.made, back.clusters, "none were left that they could be");
    assert.equal((await run({})).made, 0, "they are there already");
    const lax = await run({ similarityFloor: 0 });
    assert(lax.clusters < usual.clusters, "strangers are joined");
    await run({});
    const [{ quality }] = await db.select({
      quality: sql<number>`percentile_disc(0.5) within group (order by quality)`,
    }).from(faces);
    const good = await run({ minQuality: quality });
    const [{ blurred }] = await db.select({ blurred: sql<number>`count(*)::int` }).from(faces)
      .where(sql`quality < ${quality} and cluster_id is not null`);
    assert.equal(blurred, 0, "faces below the bar are in no group any more");
    assert(good.rows.length === original.length);
    const kept = await run({});
    const same = await run({});
    assert.deepEqual(same.rows, kept.rows, "the same settings give the same people");
  });

  await t.step("kept neighbour lists change nothing, whole, damaged or gone", async () => {
    const lists = neighbourFile(worker.config.dataDir, worker.engine.models.faces.key);
    const groups = async () => {
      assert.equal(
        (await worker.ended(await createClusteringRun(db, { settings: {} }))).status,
        "completed",
      );
      return await faceRows(db);
    };
    const { dimension } = worker.engine.models.faces;
    const count = async () => decodeLists(await Deno.readFile(lists), dimension)?.ids.length;
    const usual = await groups();
    assert.equal(await count(), usual.length);
    const kept = await Deno.readFile(lists);
    await Deno.writeFile(lists, kept.map((byte, at) => at === kept.length >> 1 ? byte ^ 1 : byte));
    assert.equal(await count(), undefined);
    assert.deepEqual(await groups(), usual);
    assert.equal(await count(), usual.length, "made anew");
    await Deno.remove(lists);
    assert.deepEqual(await groups(), usual);
    assert.equal(await count(), usual.length);
  });

  await t.step("who was named stays, and a face that cannot be used fails no run", async () => {
    const [{ cluster }] = (await faceRows(db)).filter(({ cluster }) => cluster !== null);
    const { personId } = await nameCluster(
      db,
      { clusterId: cluster!, to: { name: "Ann" } },
      "test",
    );
    const named = () =>
      db.select({ id: faces.id }).from(faces)
        .where(and(eq(faces.personId, personId!), eq(faces.confirmed, true))).orderBy(faces.id);
    const before = await named();
    const [broken] = (await faceRows(db)).filter(({ cluster }) => cluster !== null);
    const [{ embedding }] = await db.select().from(faces).where(eq(faces.id, broken.id));
    await db.update(faces).set({ embedding: new Uint8Array(embedding.length) })
      .where(eq(faces.id, broken.id));
    const { status, counters } = await worker.ended(
      await createClusteringRun(db, { settings: {} }),
    );
    assert.equal(status, "completed");
    assert.equal(counters.facesUnassigned, 0, "it found no faces itself");
    assert.deepEqual(await named(), before);
    assert.ok(before.length >= 3);
    assert.deepEqual([...await wrongClusters(db)], []);
    const left = (await faceRows(db)).find(({ id }) => id === broken.id)!;
    assert.equal(left.cluster, null);
    await db.update(faces).set({ embedding }).where(eq(faces.id, broken.id));
  });

  await t.step("nothing else was touched", async () => {
    assert.equal(await untouched(db), hash);
    assert.deepEqual(await phasesOf(first.sessionId), phasesBefore);
  });

  await t.step("beside a session over the same folder every face is there once", async () => {
    await db.execute(sql`delete from faces`);
    await db.execute(sql`delete from face_scans`);
    const id = await createSession(db, {
      name: "beside",
      rootPath: worker.photos,
      subdirectories: [""],
    });
    await startSession(db, id);
    const library = { trainingSessionId: null, settings: {}, skipClustering: false };
    const runs = [id, await createFaceRun(db, library), await createFaceRun(db, library)];
    for (const run of runs) assert.equal((await worker.ended(run)).status, "completed");
    assert.equal((await faceRows(db)).length, original.length);
    assert.deepEqual([...await doubles(db)], []);
    assert.deepEqual([...await wrongClusters(db)], []);
  });

  await t.step(
    "a run goes on when its source is deleted, and does not take the library",
    async () => {
      const empty = await createSession(db, {
        name: "empty",
        rootPath: join(worker.photos, "none"),
        subdirectories: [""],
      });
      const run = { trainingSessionId: empty, settings: {}, skipClustering: true };
      const id = await createFaceRun(db, run);
      await db.delete(sessions).where(eq(sessions.id, empty));
      const { ledger } = await worker.ended(id);
      assert.equal(ledger.face_detection.total, 0);
      await assert.rejects(createFaceRun(db, run), SessionNotFound);
    },
  );

  await worker.close();
});

Deno.test("a form that is sent twice makes one run; two requests make two", async () => {
  const worker = await testWorker();
  const { db } = worker;
  const library = {
    trainingSessionId: null,
    settings: { minFaceScore: 0.4 },
    skipClustering: true,
  };
  // In one transaction, so that no run ends in between: they have nothing to do.
  await db.transaction(async (tx) => {
    const first = await ensureFaceRun(tx, library);
    assert.equal(await ensureFaceRun(tx, library), first);
    assert.notEqual(await ensureFaceRun(tx, { ...library, skipClustering: false }), first);
    assert.notEqual(await ensureFaceRun(tx, { ...library, settings: {} }), first);
    assert.notEqual(await createFaceRun(tx, library), first);
    const grouping = await ensureClusteringRun(tx, { settings: { minClusterSize: 2 } });
    assert.equal(await ensureClusteringRun(tx, { settings: { minClusterSize: 2 } }), grouping);
    assert.notEqual(await ensureClusteringRun(tx, { settings: {} }), grouping);
  });
  await worker.close();
});
