import assert from "node:assert/strict";
import { and, eq, sql } from "drizzle-orm";
import { phases, photos, sessions } from "../db/schema.ts";
import { lacksVectors, readServing, writeServing } from "../db/serving_queries.ts";
import { testDatabase } from "../db/testing.ts";
import { openEngine } from "../models/engine.ts";
import { packsDir } from "../models/installed.ts";
import { advanceSession } from "./advance.ts";
import { useModels } from "./change_models.ts";
import { createGate, installTinyPack, paintPictures } from "./change_models_testing.ts";
import { findModels } from "./chosen_models.ts";
import { createSession, startSession } from "./lifecycle.ts";
import { beat } from "./queue/workers.ts";
import { switchServing } from "./serving.ts";
import { testWorker } from "./testing.ts";
import { runWorker } from "./worker.ts";

const VITALS = {
  inHand: 0,
  stillSeconds: 0,
  patienceSeconds: 60,
  rate: 0,
  counters: { items: {}, batches: {}, rescued: 0 },
};

Deno.test("two workers, of which one hears of a choice while the first session trains", async () => {
  const gate = createGate();
  const former = await testWorker({}, (engine) => ({
    ...engine,
    embedImages: async (images) => (await gate.pass(), await engine.embedImages(images)),
  }));
  const { db, database, config } = former;
  await installTinyPack(config.dataDir, { name: "one" });
  await paintPictures(former.photos, Array.from({ length: 12 }, (_, n) => `picture ${n}`));
  const place = { rootPath: former.photos, subdirectories: [""], skipFaceDetection: true };
  const session = await createSession(db, { name: "t", ...place });
  gate.hold();
  await startSession(db, session);
  await gate.held();
  const builtin = await findModels(config.dataDir);
  assert.equal((await db.select().from(photos)).length, 0, "everything is in hand");
  const run = (await useModels(db, { dataDir: config.dataDir, pack: "one", by: "test" }))!;
  assert.notEqual(run, null, "what is in hand is still to be brought to the new models");

  const stop = new AbortController();
  const engine = await openEngine({
    modelsDir: null,
    packsDir: packsDir(config.dataDir),
    roles: ["images", "faces"],
  });
  const other = runWorker({ database, config, engine, stopping: stop.signal });
  const opened = async () => {
    const [{ openedRound }] = await db.select().from(phases)
      .where(and(eq(phases.sessionId, run), eq(phases.name, "training")));
    return openedRound;
  };
  const before = await opened();
  while ((await db.execute(sql`select from workers`)).length < 2) {
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  const identity = { id: crypto.randomUUID(), device: "cpu", models: engine.models };
  await advanceSession(db, run, identity);
  assert.equal(await opened(), before, "it waits for what the other worker has in hand");
  assert.equal((await readServing(db)).clip, builtin.clip.key);

  gate.release();
  await former.ended(session);
  const { outcome, ledger } = await former.ended(run);
  assert.equal(outcome, "clean");
  // What was not in hand the other worker took out of the session itself.
  assert.ok(ledger.training.done > 0, "the run made vectors of what was");
  assert.equal(await lacksVectors(db, engine.models.clip.key), false);
  assert.equal((await readServing(db)).clip, engine.models.clip.key);
  await db.execute(sql`delete from embeddings where photo_id = (select min(id) from photos)`);
  assert.equal(await lacksVectors(db, engine.models.clip.key), true);
  await db.execute(sql`update files set ignored_at = now()
    where photo_id = (select min(id) from photos)`);
  assert.equal(await lacksVectors(db, engine.models.clip.key), false, "left alone by a person");
  stop.abort();
  await other;
  await engine.close();
  await former.close();
});

Deno.test("who may let its models answer, and who opens a run", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  const models = (key: string) => ({
    clip: { key, pack: key, dimension: 3, builtin: false },
    faces: { key, pack: key, dimension: 3, builtin: false },
  });
  const worker = (key: string) => ({
    id: crypto.randomUUID(),
    device: "cpu",
    models: models(key) as never,
  });
  const place = { rootPath: "/p", subdirectories: [""], skipFaceDetection: true };
  const folders = await createSession(db, { name: "t", ...place });
  const complete = async (key: string) => {
    const [session] = await db.select().from(sessions).where(eq(sessions.id, folders));
    const [phase] = await db.select().from(phases)
      .where(and(eq(phases.sessionId, folders), eq(phases.name, "training")));
    await db.transaction((tx) => switchServing(tx, { session, phase, worker: worker(key) }));
    return (await readServing(db)).clip;
  };
  const wanted = { clipModel: "new", faceModel: "new" };
  const run = await createSession(db, { name: "t", ...place, kind: "models", ...wanted });
  await startSession(db, run);
  await writeServing(db, { clip: "new", faces: "new" });

  await t.step("not a worker that has not heard of the run that is open", async () => {
    assert.equal(await complete("former"), "new");
    await db.update(sessions).set({ status: "completed" }).where(eq(sessions.id, run));
    await beat(db, worker("new"), VITALS);
    assert.equal(await complete("former"), "new");
  });
  await t.step("one with the models that were chosen", async () => {
    await writeServing(db, { clip: "former" });
    assert.equal(await complete("new"), "new");
  });
  await t.step("any, where nobody works with the last choice any more", async () => {
    await db.execute(sql`update workers set beat_at = now() - interval '1 hour'`);
    assert.equal(await complete("own"), "own");
  });
  await t.step("a worker that keeps other models holds a run up for two minutes", async () => {
    await db.update(sessions).set({ status: "running" }).where(eq(sessions.id, run));
    await beat(db, worker("own"), VITALS);
    const opened = async () => {
      await advanceSession(db, run, worker("new"));
      const rows = await db.select().from(phases).where(eq(phases.sessionId, run));
      return rows.some(({ status }) => status === "completed");
    };
    assert.equal(await opened(), false);
    await db.execute(sql`
      update sessions set started_at = now() - interval '3 minutes' where id = ${run}`);
    assert.equal(await opened(), true);
  });
  await database.drop();
});
