import assert from "node:assert/strict";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { readServing, writeServing } from "../db/serving_queries.ts";
import { testDatabase, testDirectory } from "../db/testing.ts";
import { useModels } from "../jobs/change_models.ts";
import { installTinyPack, madeBy, paintPictures } from "../jobs/change_models_testing.ts";
import { findModels } from "../jobs/chosen_models.ts";
import { checkLedgers } from "../jobs/check_ledgers.ts";
import { createSession, pauseSession, resumeSession, startSession } from "../jobs/lifecycle.ts";
import { sessionResult } from "../jobs/session_result.ts";
import { packsDir } from "../models/installed.ts";
import { startProgram } from "./program.ts";

const PICTURES = 60;
const rest = () => new Promise((resolve) => setTimeout(resolve, 20));

/** What the page and the API say to a search, in short. */
interface Answer {
  model: string;
  photos: number;
  notice: string | null;
}

Deno.test("models change under a running program", async (test) => {
  // What comes after a step that failed would wait for ever.
  const t = {
    async step(name: string, act: () => Promise<void>) {
      if (!await test.step(name, act)) throw new Error(`It ends after "${name}"`);
    },
  };
  const database = await testDatabase();
  const { db } = database;
  const dir = await testDirectory();
  const dataDir = join(dir, "data"), photos = join(dir, "photos");
  await Deno.mkdir(photos);
  await paintPictures(photos, Array.from({ length: PICTURES }, (_, n) => `picture ${n}`));
  await installTinyPack(dataDir, { name: "one" });
  await installTinyPack(dataDir, { name: "two", batch: 1 });
  const environment = { SAFELIGHT_DATA: dataDir, DATABASE_URL: database.url };
  const program = startProgram(["serve", "--port", "0"], environment);
  const url = (await program.line((line) => line.startsWith("Safelight is at ")))
    .slice("Safelight is at ".length);

  async function search(): Promise<Answer> {
    const response = await fetch(`${url}/api/v1/search?q=red&limit=200&everything=1`);
    const { model, results, notice, message } = await response.json();
    assert.equal(response.status, 200, message);
    return { model, photos: results.length, notice };
  }
  /** Searches without a break until `promise` settles; every answer there was. */
  async function searchDuring<Value>(promise: Promise<Value>): Promise<Answer[]> {
    const answers: Answer[] = [];
    let over = false;
    promise.finally(() => over = true).catch(() => {});
    while (!over) answers.push(await search());
    await promise;
    return answers;
  }
  async function ended(id: number) {
    for (;;) {
      const { status } = await sessionResult(db, id);
      if (["completed", "failed", "cancelled"].includes(status)) return await sessionResult(db, id);
      await rest();
    }
  }
  const use = async (pack: string) => (await useModels(db, { dataDir, pack, by: "test" }))!;
  const builtin = await findModels(dataDir);
  const one = await findModels(dataDir, { clip: "one", faces: "one" });
  const session = await createSession(db, { name: "t", rootPath: photos, subdirectories: [""] });
  await startSession(db, session);
  assert.equal((await ended(session)).outcome, "clean");
  const former = await search();
  assert.equal(former.model, builtin.clip.key);
  assert.ok(former.photos > 0);
  const before = await madeBy(db);

  /** Stops the worker in the middle of a batch of this run, and kills it there. */
  async function killInside(run: number): Promise<void> {
    const held = sql`select w.pid from jobs j join workers w on w.id = j.worker_id
      where j.session_id = ${run} and j.phase = 'training' and j.state = 'running' limit 1`;
    for (;;) {
      const [worker] = await db.execute<{ pid: number }>(held);
      if (worker) {
        Deno.kill(worker.pid, "SIGSTOP");
        const [still] = await db.execute<{ pid: number }>(held);
        if (still?.pid === worker.pid) return Deno.kill(worker.pid, "SIGKILL");
        Deno.kill(worker.pid, "SIGCONT");
      }
      const { status } = await sessionResult(db, run);
      assert.ok(["running", "paused"].includes(status), "the run ended before it was cut off");
    }
  }

  await t.step(
    "the former model answers all through a run that is cut off, then the new",
    async () => {
      const run = await use("one");
      const answers = await searchDuring(killInside(run).then(() => ended(run)));
      const { outcome, ledger } = await sessionResult(db, run);
      assert.deepEqual([outcome, ledger.training.done], ["clean", PICTURES]);
      const [{ deaths }] = await db.execute<{ deaths: number }>(sql`
      select count(*)::int as deaths from events where kind = 'worker_died'`);
      assert.equal(deaths, 1);
      const models = answers.map(({ model }) => model);
      const switched = models.indexOf(one.clip.key);
      assert.ok(switched !== 0, "the former model answered first");
      if (switched > 0) assert.ok(models.slice(switched).every((model) => model === one.clip.key));
      for (const { model, photos, notice } of answers) {
        assert.equal(notice, null);
        if (model === builtin.clip.key) assert.equal(photos, former.photos);
      }
      assert.deepEqual(await checkLedgers(db), []);
      while ((await search()).model !== one.clip.key) await rest();
      assert.equal((await search()).photos, PICTURES, "the tiny model finds all of them alike");
    },
  );

  await t.step(
    "nothing of the former models is gone, and going back takes no inference",
    async () => {
      const after = await madeBy(db);
      for (const [model, made] of before) assert.deepEqual(after.get(model), made, model);
      const { ledger, outcome } = await ended(await use("builtin"));
      assert.deepEqual([outcome, ledger.training.total, ledger.face_detection.total], [
        "clean",
        0,
        0,
      ]);
      while ((await search()).model !== builtin.clip.key) await rest();
      assert.deepEqual(await search(), former);
    },
  );

  await t.step("where the former pack is gone, it is said that pictures are missing", async () => {
    await ended(await use("one"));
    const run = await use("two");
    // Before the worker is back with the new models.
    await pauseSession(db, run);
    await writeServing(db, { clip: "gone@1" });
    const terminal = startProgram(["search", "red", "--json"], environment);
    await terminal.ended;
    assert.match(JSON.parse(terminal.lines.join("\n")).notice, /no longer installed/);
    while ((await search()).notice === null) await rest();
    await resumeSession(db, run);
    await ended(run);
    const { clip } = await readServing(db);
    assert.notEqual(clip, "gone@1");
    while ((await search()).model !== clip || (await search()).notice !== null) await rest();
  });

  await t.step("a pack that vanishes stops nobody who has it open, and is named", async () => {
    await Deno.rename(join(packsDir(dataDir), "two"), join(dir, "two"));
    const terminal = startProgram(["search", "red"], environment);
    assert.equal((await terminal.ended).code, 1);
    assert.match(terminal.errors(), /deno task models pull two/);
    assert.equal((await search()).photos, PICTURES);
    await Deno.rename(join(dir, "two"), join(packsDir(dataDir), "two"));
  });

  program.kill("SIGTERM");
  assert.equal((await program.ended).code, 0, program.errors());
  await database.drop();
  await Deno.remove(dir, { recursive: true });
});
