import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { openDatabase } from "../db/client.ts";
import { startEmbedded } from "../db/embedded/server.ts";
import { testDirectory } from "../db/testing.ts";
import { checkLedgers } from "../jobs/check_ledgers.ts";
import { libraryState } from "./library_state.ts";
import { startProgram } from "./program.ts";
import { sampleLibrary } from "./sample.ts";

/** Least cosine between the vectors of a disturbed and an undisturbed run. */
const SAME = 0.9999;

Deno.test("kill -9 of worker, program and database ends in the same library", async () => {
  const library = await sampleLibrary();
  const [calm, hurt] = [await testDirectory(), await testDirectory()];

  const undisturbed = startProgram(["index", "--json", library.path], environment(calm));
  assert.equal((await undisturbed.ended).code, 1, undisturbed.errors());

  // Worker and database die under the program, which goes on; then the program itself, which is
  // started again.
  const first = startProgram(["index", "--json", library.path], environment(hurt));
  await first.line((line) => counted(line, "training") >= 10);
  await killWorker(hurt);
  await first.line((line) => counted(line, "training") >= 60);
  await killDatabase(hurt);
  await first.line((line) => counted(line, "training") >= 120);
  first.kill("SIGKILL");
  await first.ended;
  const second = startProgram(["index", "--json", library.path], environment(hurt));
  await second.line((line) => counted(line, "faceDetection") >= 20);
  await killWorker(hurt);
  await second.line((line) => counted(line, "faceDetection") >= 100);
  await killDatabase(hurt);
  const { code } = await second.ended;
  assert.equal(code, 1, second.errors());

  const [expected, actual] = [await state(calm), await state(hurt)];
  assert.deepEqual(actual.ledger, expected.ledger);
  assert.deepEqual([...actual.photos.keys()], [...expected.photos.keys()]);
  for (const [sha256, photo] of expected.photos) {
    const other = actual.photos.get(sha256)!;
    assert.equal(other.representative, photo.representative, photo.first);
    assert.equal(other.first, photo.first);
    assert.equal(other.vector === null, photo.vector === null, photo.first);
    if (photo.vector) assert.ok(cosine(photo.vector, other.vector!) >= SAME, photo.first);
  }
  assert.equal(JSON.stringify([...actual.faces]), JSON.stringify([...expected.faces]));
  assert.equal(actual.clusters.join("\n"), expected.clusters.join("\n"));

  for (const dir of [calm, hurt]) await Deno.remove(dir, { recursive: true });
  await library.remove();
});

const data = (dir: string) => join(dir, "data");

// Its own database in its own directory, whatever server the other tests use.
const environment = (dir: string) => ({ SAFELIGHT_DATA: data(dir), DATABASE_URL: "" });

/** How many items of a phase a line of `index --json` says are counted. */
function counted(line: string, phase: "training" | "faceDetection"): number {
  return JSON.parse(line).phases?.[phase].progress.current ?? 0;
}

async function killWorker(dir: string): Promise<void> {
  const password = await Deno.readTextFile(join(data(dir), "postgres.password"));
  const port = await Deno.readTextFile(join(data(dir), "postgres.port"));
  const sql = postgres(`postgres://safelight:${password}@127.0.0.1:${port}/postgres`, { max: 1 });
  const [{ pid }] = await sql`select pid from workers order by beat_at desc limit 1`;
  await sql.end();
  Deno.kill(pid, "SIGKILL");
}

async function killDatabase(dir: string): Promise<void> {
  const [pid] = (await Deno.readTextFile(join(data(dir), "postgres", "postmaster.pid")))
    .split("\n");
  Deno.kill(Number(pid), "SIGKILL");
}

async function state(dir: string) {
  const server = await startEmbedded(data(dir));
  const database = await openDatabase(server.url);
  try {
    assert.deepEqual(await checkLedgers(database.db), []);
    return await libraryState(database.sql);
  } finally {
    await database.close();
    await server.release();
  }
}

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * b[index], 0);
}
