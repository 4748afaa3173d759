import assert from "node:assert/strict";
import { join } from "node:path";
import { and, eq, sql } from "drizzle-orm";
import { type PhaseName, phases } from "../db/schema.ts";
import { removeIfThere } from "../db/sweep.ts";
import { knownFiles, strangers } from "../e2e/seed.ts";
import { checkLedgers } from "./check_ledgers.ts";
import { noise, until, type Worker } from "./holds_testing.ts";
import { neighbourFile } from "./face_clustering.ts";
import {
  cancelSession,
  createSession,
  pauseSession,
  resumeSession,
  startSession,
} from "./lifecycle.ts";
import { createClusteringRun, createFaceRun } from "./rerun.ts";
import { testWorker } from "./testing.ts";

/** The promise: so long after a pause nothing more is counted. */
const PAUSED_MS = 2000;

const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const rowOf = async ({ db }: Worker, id: number, name: PhaseName) =>
  (await db.select().from(phases).where(and(eq(phases.sessionId, id), eq(phases.name, name))))[0];

/** Resolves while the phase runs and has written down how far it is. */
const inTheMiddle = (worker: Worker, id: number, name: PhaseName) =>
  until(`in the middle of ${name}`, async () => {
    const { status, error } = await rowOf(worker, id, name);
    assert.ok(status === "running" || status === "pending", `${name}: ${status} ${error}`);
    const told = await worker.db.execute(sql`
      select from samples where session_id = ${id} and phase = ${name} limit 1`);
    return status === "running" && told.length > 0;
  });

/** Looks when the promise is due, and later: nothing in hand, nothing moves, the ledgers balance. */
async function standsStill(worker: Worker, id: number, name: PhaseName) {
  const look = async () => {
    const inHand = await worker.db.execute(sql`
      select id from jobs where session_id = ${id} and state = 'running'`);
    const { total, done, skipped, failed, lastCommitAt } = await rowOf(worker, id, name);
    return { inHand: inHand.length, total, done, skipped, failed, lastCommitAt };
  };
  await rest(PAUSED_MS);
  const due = await look();
  assert.equal(due.inHand, 0, `${name}: still in hand`);
  await rest(PAUSED_MS / 2);
  assert.deepEqual(await look(), due, `${name}: counted after a pause`);
  assert.deepEqual(await checkLedgers(worker.db), []);
}

interface Case {
  phase: PhaseName;
  start(): Promise<number>;
  /** Nothing half-written: what is stored is what is counted. */
  whole(id: number): Promise<void>;
}

/** Pauses one session in the middle of a phase and lets it go on, cancels another; returns the first. */
async function obeys(worker: Worker, { phase, start, whole }: Case): Promise<number> {
  const { db } = worker;
  const paused = await start();
  await inTheMiddle(worker, paused, phase);
  await pauseSession(db, paused);
  await standsStill(worker, paused, phase);
  assert.equal((await rowOf(worker, paused, phase)).status, "paused");
  await whole(paused);
  await resumeSession(db, paused);
  assert.equal((await worker.ended(paused)).outcome, "clean");
  await whole(paused);

  const cancelled = await start();
  await inTheMiddle(worker, cancelled, phase);
  await cancelSession(db, cancelled);
  await standsStill(worker, cancelled, phase);
  assert.equal((await rowOf(worker, cancelled, phase)).status, "cancelled");
  await whole(cancelled);
  return paused;
}

Deno.test("a pause and a cancel take effect within two seconds in every phase", async (t) => {
  const worker = await testWorker();
  const { db, photos } = worker;
  const models = worker.engine.models;
  const count = async (query: ReturnType<typeof sql>) =>
    Number((await db.execute<{ count: string }>(query))[0].count);
  const over = (folder: string) => async () => {
    const id = await createSession(db, {
      name: folder,
      rootPath: photos,
      subdirectories: [folder],
      skipFaceDetection: true,
    });
    await startSession(db, id);
    return id;
  };
  const seen = async (id: number) => {
    const files = await count(sql`
      select count(*) from files where last_seen_at >=
        (select walk_started_at from sessions where id = ${id})
        and starts_with(path, (select root_path || '/' || (subdirectories ->> 0) || '/'
          from sessions where id = ${id}))`);
    const { done } = await rowOf(worker, id, "discovery");
    // A walk that was interrupted begins again: what it sees anew is counted once.
    assert.equal(files, done, "files seen, files counted");
  };

  await t.step("walks, over files and over folders without any picture", async () => {
    await knownFiles(db, { folder: join(photos, "files"), count: 30_000, models });
    for (let n = 0; n < 20_000; n++) {
      Deno.mkdirSync(join(photos, "folders", String(n % 100), String(n)), { recursive: true });
    }
    await Promise.all(
      ["files", "folders"].map((folder) =>
        obeys(worker, { phase: "discovery", start: over(folder), whole: seen })
      ),
    );
  });

  let trained: number;
  await t.step("reading pictures", async () => {
    let folder = 0;
    const start = async () => {
      await noise(join(photos, `pictures-${++folder}`), 100);
      return await over(`pictures-${folder}`)();
    };
    const whole = async (id: number) => {
      const { done } = await rowOf(worker, id, "training");
      const vectors = await count(sql`
        select count(*) from jobs j join files f on f.id = j.subject
          join embeddings e on e.photo_id = f.photo_id
        where j.session_id = ${id} and j.phase = 'training'`);
      assert.equal(vectors, done, "vectors, pictures counted");
    };
    trained = await obeys(worker, { phase: "training", start, whole });
  });

  await t.step("finding faces", async () => {
    const start = () =>
      createFaceRun(db, { trainingSessionId: trained, settings: {}, skipClustering: true });
    const whole = async (id: number) => {
      const { done } = await rowOf(worker, id, "face_detection");
      const looked = await count(sql`select count(*) from face_scans where session_id = ${id}`);
      assert.equal(looked, done, "pictures looked at, pictures counted");
    };
    await obeys(worker, { phase: "face_detection", start, whole });
  });

  await t.step("grouping faces", async () => {
    const { key: model, dimension } = models.faces;
    await strangers(db, { count: 12_000, dimension, model });
    const whole = async (id: number) => {
      const { total, done } = await rowOf(worker, id, "clustering");
      const stored = await count(sql`select count(*) from clusterings where session_id = ${id}`);
      // On a busy machine it may be stored while the pause or the cancel arrives.
      assert.equal(stored, done === total ? 1 : 0, `stored, with ${done} of ${total} counted`);
    };
    // From the lists that the last one kept it would be over before anybody could pause it.
    const lists = neighbourFile(worker.config.dataDir, model);
    const start = async () => {
      await removeIfThere(lists);
      return await createClusteringRun(db, { settings: {} });
    };
    await obeys(worker, { phase: "clustering", start, whole });
  });

  await worker.close();
});
