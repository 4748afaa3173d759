import assert from "node:assert/strict";
import { join } from "node:path";
import { eq, sql } from "drizzle-orm";
import { previewPath } from "../db/photo_store.ts";
import { events, phases, photos, sessions, workers } from "../db/schema.ts";
import { lacksScans, lacksVectors, readServing, writeServing } from "../db/serving_queries.ts";
import { testDatabase, testDirectory } from "../db/testing.ts";
import { readChosen } from "../models/chosen.ts";
import { installedPack, packsDir } from "../models/installed.ts";
import { optimizePack } from "../models/optimize_pack.ts";
import { advanceSession } from "./advance.ts";
import { useModels } from "./change_models.ts";
import {
  createGate,
  installTinyPack,
  madeBy,
  paintPictures,
  servingBecomes,
} from "./change_models_testing.ts";
import { findModels, watchChoice } from "./chosen_models.ts";
import { checkLedgers } from "./check_ledgers.ts";
import {
  cancelSession,
  createSession,
  pauseSession,
  resumeSession,
  retrySession,
  startSession,
} from "./lifecycle.ts";
import { runningPhases } from "./queue/claim.ts";
import { beat, resign } from "./queue/workers.ts";
import { readProgress } from "./read_progress.ts";
import { carryOutRequests } from "./requests.ts";
import { testWorker } from "./testing.ts";

const NAMES = Array.from({ length: 24 }, (_, n) => `picture ${n}`);
const NOTHING = { items: {}, batches: {}, rescued: 0 };
const BUILTIN = { clip: "builtin", faces: "builtin" };

Deno.test("a change of models while a library is being read", async (test) => {
  // What comes after a step that failed would wait for ever.
  const t = {
    async step(name: string, act: () => Promise<void>) {
      if (!await test.step(name, act)) throw new Error(`It ends after "${name}"`);
    },
  };
  const training = createGate(), looking = createGate();
  const worker = await testWorker({}, (engine) => ({
    ...engine,
    embedImages: async (images) => (await training.pass(), await engine.embedImages(images)),
    findFaces: async (
      previews,
      options,
    ) => (await looking.pass(), await engine.findFaces(previews, options)),
  }));
  const { db, config: { dataDir } } = worker;
  await installTinyPack(dataDir, { name: "one" });
  await installTinyPack(dataDir, { name: "two", batch: 1 });
  const [builtin, one, two] = await Promise.all(
    [BUILTIN, { clip: "one", faces: "one" }, { clip: "two", faces: "two" }]
      .map((named) => findModels(dataDir, named)),
  );
  const use = (pack: string) => useModels(db, { dataDir, pack, by: "test" });
  const keys = (models: typeof one) => ({ clip: models.clip.key, faces: models.faces.key });
  const workersHave = async (model: string) => {
    while (!(await db.select().from(workers)).some(({ clipModel }) => clipModel === model)) {
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  };
  const lacking = async (models: typeof one) => [
    await lacksVectors(db, models.clip.key),
    await lacksScans(db, models.faces.key),
  ];

  await t.step(
    "an empty library has nothing to run over, and answers by them at once",
    async () => {
      assert.equal(await use("two"), null);
      assert.deepEqual(await readServing(db), keys(two));
      assert.equal(await use("builtin"), null);
      assert.deepEqual(await readChosen(dataDir), { clip: null, faces: null });
    },
  );

  await paintPictures(worker.photos, NAMES);
  const first = await worker.run({ skipFaceDetection: false });
  assert.equal(first.status, "completed");
  assert.equal(first.counters.photos, NAMES.length);
  assert.deepEqual(await readServing(db), keys(builtin));
  const before = await madeBy(db);

  let run = 0;
  await t.step("former models answer until others have every vector, then every face", async () => {
    training.hold(1);
    looking.hold();
    run = (await use("one"))!;
    assert.equal(await use("one"), run, "the very same run is open");
    await training.held();
    assert.deepEqual(await readServing(db), keys(builtin));
    training.release();
    await looking.held();
    assert.deepEqual(await readServing(db), { ...keys(builtin), clip: one.clip.key });
    assert.equal(await lacksVectors(db, one.clip.key), false);
    looking.release();
    const { status, outcome, ledger } = await worker.ended(run);
    assert.deepEqual([status, outcome], ["completed", "clean"]);
    assert.deepEqual([ledger.discovery.total, ledger.training.done], [null, NAMES.length]);
    assert.equal(ledger.face_detection.done, NAMES.length);
    assert.deepEqual(await readServing(db), keys(one));
    assert.deepEqual(await lacking(one), [false, false]);
    const [session] = await db.select().from(sessions).where(eq(sessions.id, run));
    assert.deepEqual([session.name, session.kind], ["New models: one", "models"]);
    assert.deepEqual([session.clipModel, session.faceModel], [one.clip.key, one.faces.key]);
    assert.deepEqual(await checkLedgers(db), []);
  });

  await t.step("nothing of the former models was deleted or changed", async () => {
    const after = await madeBy(db);
    for (const [model, made] of before) assert.deepEqual(after.get(model), made, model);
    assert.equal(
      after.get(one.clip.key)!.rows,
      NAMES.length * (one.clip.key === one.faces.key ? 2 : 1),
    );
  });

  await t.step("back and forth in a moment: only the last choice is run", async () => {
    const away = (await use("two"))!;
    const back = (await use("one"))!;
    const { status, ledger } = await worker.ended(back);
    assert.deepEqual([status, ledger.training.total], ["completed", 0]);
    assert.equal(ledger.face_detection.total, 0);
    assert.equal((await worker.ended(away)).status, "cancelled");
    assert.deepEqual(await readServing(db), keys(one));
  });

  await t.step("a session in the middle goes on, and does not pass for complete", async () => {
    // More than fit the two batches that may be in hand.
    await paintPictures(worker.photos, Array.from({ length: 160 }, (_, n) => `new ${n}`));
    const place = { rootPath: worker.photos, subdirectories: [""] };
    const id = await createSession(db, { name: "t", ...place });
    training.hold();
    await startSession(db, id);
    await training.held();
    await pauseSession(db, id);
    run = (await use("two"))!;
    await pauseSession(db, run);
    training.release();
    await workersHave(two.clip.key);
    await resumeSession(db, id);
    assert.equal((await worker.ended(id)).status, "completed");
    const made = await madeBy(db);
    assert.ok(made.has(two.clip.key), "what was left was made with the new models");
    // Its folders hold the whole library: faces of all of it were looked for with the new ones.
    assert.deepEqual(await lacking(two), [true, false]);
    assert.deepEqual(await readServing(db), { clip: one.clip.key, faces: two.faces.key });
    await resumeSession(db, run);
    assert.equal((await worker.ended(run)).outcome, "clean");
    assert.deepEqual(await lacking(two), [false, false]);
    assert.deepEqual(await readServing(db), keys(two));
    const told = await db.select().from(events).where(eq(events.kind, "models_changed"));
    assert.equal(told.at(-1)!.message, "two for pictures and words, two for faces");
    assert.equal(told.at(-1)!.by, "test");
  });

  await t.step("a photo that cannot be read fails, and does not hold the switch up", async () => {
    const [lost] = await db.select().from(photos).orderBy(photos.id).limit(1);
    await installTinyPack(dataDir, { name: "three" });
    await Deno.remove(previewPath(dataDir, lost.sha256));
    await Deno.rename(lost.firstPath, `${lost.firstPath}.away`);
    run = (await use("three"))!;
    const { status, outcome, failures } = await worker.ended(run);
    assert.deepEqual([status, outcome], ["completed", "with_errors"]);
    assert.ok(failures.some(({ path }) => path === lost.firstPath), JSON.stringify(failures));
    const three = await findModels(dataDir);
    assert.deepEqual(await readServing(db), keys(three));
    await Deno.rename(`${lost.firstPath}.away`, lost.firstPath);
  });

  await t.step(
    "a picture of which only a near-copy is left is found by new models too",
    async () => {
      const [original, copy] = await db.select().from(photos).orderBy(photos.id).limit(2);
      await db.update(photos).set({ representativeId: original.id }).where(eq(photos.id, copy.id));
      await db.execute(sql`update files set missing_at = now() where photo_id = ${original.id}`);
      await worker.run();
      await installTinyPack(dataDir, { name: "four", batch: 1 });
      await worker.ended((await use("four"))!);
      const { clip } = await findModels(dataDir);
      const made = await db.execute(sql`
      select 1 from embeddings where photo_id = ${original.id} and model = ${clip.key}`);
      assert.equal(made.length, 1);
    },
  );

  await t.step("a pack that is not there or damaged is refused, and nothing changes", async () => {
    const chosen = await readChosen(dataDir);
    await assert.rejects(use("five"), /it is not installed; run "deno task models pull five"/);
    await installTinyPack(dataDir, { name: "six" });
    await Deno.writeTextFile(join(packsDir(dataDir), "six", "visual.onnx"), "cut off");
    await assert.rejects(use("six"), /SHA-256/);
    assert.deepEqual(await readChosen(dataDir), chosen);
  });
  await worker.close();
});

Deno.test("a run for other models is not for this worker", async () => {
  const database = await testDatabase();
  const { db } = database;
  const dataDir = await testDirectory();
  await installTinyPack(dataDir, { name: "one" });
  const [builtin, one] = await Promise.all(
    [BUILTIN, { clip: "one", faces: "one" }].map((named) => findModels(dataDir, named)),
  );
  const wanted = { clipModel: one.clip.key, faceModel: one.faces.key };
  const place = { rootPath: "", subdirectories: [] };
  const id = await createSession(db, { name: "t", kind: "models", ...place, ...wanted });
  await startSession(db, id);
  const status = async () =>
    (await db.select().from(phases).where(eq(phases.sessionId, id)))
      .map(({ name, openedRound }) => `${name} ${openedRound}`).sort();
  const untouched = await status();
  const identity = { id: crypto.randomUUID(), device: "cpu" };
  await advanceSession(db, id, { ...identity, models: builtin });
  assert.deepEqual(await status(), untouched);
  assert.deepEqual(await runningPhases(db, ["training"], builtin), []);
  assert.equal((await runningPhases(db, ["training"], one)).length, 1);
  const mixed = { clip: one.clip, faces: builtin.faces };
  assert.deepEqual(await runningPhases(db, ["training"], mixed), []);
  const message = async () => (await readProgress(db, id))!.overallProgress.message;
  const vitals = { inHand: 0, stillSeconds: 0, patienceSeconds: 60, rate: 0, counters: NOTHING };
  await beat(db, { ...identity, models: builtin }, vitals);
  assert.equal(
    await message(),
    `Waiting for a worker with ${one.clip.key} and ${one.faces.key}: none is running`,
  );
  await beat(db, { ...identity, id: crypto.randomUUID(), models: one }, vitals);
  assert.equal(await message(), "Reading pictures and making them searchable");
  await resign(db, identity.id);
  await advanceSession(db, id, { ...identity, models: one });
  assert.notDeepEqual(await status(), untouched);

  // Tried again when other models are chosen, it says what it waits for, and can be called off.
  await db.execute(sql`delete from workers`);
  await beat(db, { ...identity, models: builtin }, vitals);
  await retrySession(db, id);
  while (await carryOutRequests(db));
  assert.match((await message())!, /^Waiting for a worker with/);
  assert.equal((await cancelSession(db, id)).status, "cancelled");
  await database.drop();
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("two choices at once, one for pictures and one for faces, both hold", async () => {
  const database = await testDatabase();
  const { db } = database;
  const dataDir = await testDirectory();
  const halves = { words: ["visual", "textual"], people: ["detector", "recogniser"] };
  for (const [name, roles] of Object.entries(halves)) {
    await installTinyPack(dataDir, { name });
    const path = join(packsDir(dataDir), name, "manifest.json");
    const manifest = JSON.parse(await Deno.readTextFile(path));
    manifest.roles = Object.fromEntries(roles.map((role) => [role, manifest.roles[role]]));
    if (name === "people") delete manifest.tokenizer;
    await Deno.writeTextFile(path, JSON.stringify(manifest));
  }
  await Promise.all(["words", "people"].map((pack) => useModels(db, { dataDir, pack, by: "t" })));
  assert.deepEqual(await readChosen(dataDir), { clip: "words", faces: "people" });
  const { clip, faces } = await findModels(dataDir);
  assert.deepEqual(await readServing(db), { clip: clip.key, faces: faces.key });
  await database.drop();
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("what a worker makes of a choice", async (t) => {
  const dataDir = await testDirectory();
  const choose = (choice: string) =>
    Deno.writeTextFile(join(packsDir(dataDir), "chosen.json"), choice);
  await installTinyPack(dataDir, { name: "one" });
  const builtin = await findModels(dataDir);
  const others = watchChoice({ dataDir, modelsDir: null }, builtin);

  await t.step("nothing was ever chosen", async () => assert.equal(await others(), false));
  await t.step("another pack, for one kind only", async () => {
    await choose('{"clip":null,"faces":"one"}');
    assert.equal(await others(), true);
    assert.equal(await watchChoice({ dataDir, modelsDir: "/own" }, builtin)(), false);
  });
  await t.step("a pack that is not there, and one that comes back", async () => {
    await choose('{"clip":"gone","faces":null}');
    assert.equal(await others(), false);
    await installTinyPack(dataDir, { name: "gone", batch: 2 });
    assert.equal(await others(), true);
  });
  await t.step("the same pack with other weights", async () => {
    const models = await findModels(dataDir);
    const older = { ...models, clip: { ...models.clip, key: "gone@before" } };
    const first = watchChoice({ dataDir, modelsDir: null }, older);
    assert.equal(await first(), true, "replaced while the worker began");
    const changed = watchChoice({ dataDir, modelsDir: null }, models);
    assert.equal(await changed(), false);
    await installTinyPack(dataDir, { name: "gone", batch: 3 });
    const later = new Date(Date.now() + 5000);
    await Deno.utime(join(packsDir(dataDir), "gone", "manifest.json"), later, later);
    assert.equal(await changed(), true);
  });
  await t.step("the same models with optimised graphs", async () => {
    await installTinyPack(dataDir, { name: "slow", batch: 1 });
    await choose('{"clip":"slow","faces":"slow"}');
    const models = await findModels(dataDir);
    const optimised = watchChoice({ dataDir, modelsDir: null }, models);
    assert.equal(await optimised(), false);
    await optimizePack(dataDir, (await installedPack(dataDir, "slow"))!);
    const later = new Date(Date.now() + 5000);
    await Deno.utime(join(packsDir(dataDir), "slow", "manifest.json"), later, later);
    assert.deepEqual(await findModels(dataDir), models);
    assert.equal(await optimised(), true);
  });
  await t.step("a file that nobody can read changes nothing", async () => {
    await choose("{");
    assert.equal(await others(), false);
  });
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("which models answer is one row, changed kind by kind", async () => {
  const database = await testDatabase();
  const { db } = database;
  assert.deepEqual(await readServing(db), { clip: null, faces: null });
  await writeServing(db, { clip: "a" });
  assert.deepEqual(await readServing(db), { clip: "a", faces: null });
  await writeServing(db, { faces: "b" });
  await servingBecomes(db, ({ clip, faces }) => clip === "a" && faces === "b");
  await database.drop();
});
