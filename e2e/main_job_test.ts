import assert from "node:assert/strict";
import { join } from "node:path";
import { testDatabase, testDirectory } from "../db/testing.ts";
import type { SessionResult } from "../jobs/session_result.ts";
import { checkLedgers } from "../jobs/check_ledgers.ts";
import type { UnifiedProgress } from "../jobs/progress.ts";
import { sampleExpectations } from "../models/sample/expectations.ts";
import { startProgram } from "./program.ts";
import { sampleLibrary } from "./sample.ts";

interface Run {
  code: number;
  progress: UnifiedProgress[];
  result: SessionResult;
}

async function index(args: string[], env: Record<string, string>): Promise<Run> {
  const program = startProgram(["index", "--json", ...args], env);
  const { code } = await program.ended;
  const lines = program.lines.map((line) => JSON.parse(line));
  const result = lines.at(-1);
  assert.equal(result?.type, "result", program.errors());
  return { code, progress: lines.slice(0, -1), result };
}

Deno.test("index over the sample library", async (t) => {
  const library = await sampleLibrary();
  const database = await testDatabase();
  const dir = await testDirectory();
  const env = { SAFELIGHT_DATA: join(dir, "data"), DATABASE_URL: database.url };
  const { files } = sampleExpectations();
  const kinds = (...kinds: string[]) => files.filter((file) => kinds.includes(file.kind));

  await t.step("finds exactly what is there", async () => {
    const { code, result, progress } = await index([library.path], env);
    assert.equal(code, 1, "broken files are failed items");
    const found = files.length - kinds("ignored").length;
    const skipped = kinds("exact_copy", "near_copy", "unsupported").length;
    const failed = kinds("corrupt", "empty", "truncated", "too_large").length;
    const photos = kinds("photo").length;
    const row = (total: number, done: number, skipped: number, failed: number) => ({
      total,
      done,
      skipped,
      failed,
      cancelled: 0,
      pending: 0,
    });
    assert.deepEqual(result.ledger.discovery, row(found, found, 0, 0));
    assert.deepEqual(result.ledger.training, row(found, photos, skipped, failed));
    assert.deepEqual(result.ledger.face_detection, row(photos, photos, 0, 0));
    assert.equal(result.status, "completed");
    assert.equal(result.outcome, "with_errors");
    assert.equal(result.builtinModels, true);
    const broken = kinds("corrupt", "empty", "truncated", "too_large")
      .map((file) => join(library.path, file.path)).sort();
    assert.deepEqual(result.failures.map((failure) => failure.path).sort(), broken);
    for (const failure of result.failures) assert.ok(failure.message.length > 10);
    assert.equal(result.counters.photos, photos);
    assert.equal(result.counters.duplicates, kinds("near_copy").length);
    assert.deepEqual(await checkLedgers(database.db), []);
    checkPromises(progress);
  });

  await t.step("gathers every character's faces into one group", async () => {
    const characters = new Set(files.flatMap((file) => file.characters ?? []));
    const faces = await database.sql`
      select f.cluster_id as cluster, p.first_path as path, f.box[1] + f.box[3] / 2 as x
      from faces f join photos p on p.id = f.photo_id`;
    const groups = new Map<string, Set<string>>();
    const shown = files.filter((file) => file.kind === "photo" && file.characters?.length);
    let matched = 0;
    for (const file of shown) {
      const here = faces.filter((face) => face.path === join(library.path, file.path))
        .sort((a, b) => a.x - b.x);
      if (here.length !== file.characters!.length) continue;
      here.forEach((face, index) => {
        matched++;
        if (face.cluster === null) return;
        const members = groups.get(face.cluster) ?? new Set();
        groups.set(face.cluster, members.add(file.characters![index]));
      });
    }
    const drawn = shown.reduce((sum, file) => sum + file.characters!.length, 0);
    assert.ok(matched >= 0.95 * drawn, `${matched} of ${drawn} drawn faces were found`);
    assert.equal(groups.size, characters.size);
    for (const members of groups.values()) assert.equal(members.size, 1);
  });

  await t.step("a second run makes no job for what is unchanged", async () => {
    const { result } = await index([library.path], env);
    // What could not become a photo is tried again; the rest is known.
    const again = kinds("corrupt", "empty", "truncated", "too_large", "unsupported").length;
    assert.equal(result.ledger.training.total, again);
    assert.equal(result.ledger.face_detection.total, 0);
    assert.equal(result.counters.photos, 0);
  });

  await t.step("--skip-faces leaves faces and clustering out", async () => {
    const { result, progress } = await index([library.path, "--skip-faces"], env);
    assert.equal(result.status, "completed");
    const last = progress.at(-1)!;
    assert.equal(last.phases.faceDetection.status, "skipped");
    assert.equal(last.phases.training.weight, 100);
    assert.equal(last.overallProgress.percentage, 100);
  });

  await t.step("originals are as they were", async () => {
    const fresh = await testDirectory();
    const { makeSampleLibrary } = await import("../models/sample/library.ts");
    await makeSampleLibrary(fresh);
    for (const file of files) {
      const [a, b] = await Promise.all([library.path, fresh].map(async (root) => {
        const path = join(root, file.path);
        const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
        return { sha256: new Uint8Array(digest).toHex(), mtime: (await Deno.stat(path)).mtime };
      }));
      assert.deepEqual(a, b, file.path);
    }
    await Deno.remove(fresh, { recursive: true });
  });

  await database.drop();
  await Deno.remove(dir, { recursive: true });
  await library.remove();
});

/** Promises 3, 4 and 5 over everything that was shown during a run. */
function checkPromises(shown: UnifiedProgress[]): void {
  let last = -1;
  const moving = new Set<string>();
  for (const { overallStatus, overallProgress, phases } of shown) {
    const { percentage } = overallProgress;
    const discovering = phases.training.progress.total === null;
    assert.equal(percentage === null, discovering);
    if (percentage !== null) {
      assert.ok(percentage >= last, `${last} was followed by ${percentage}`);
      last = percentage;
    }
    assert.equal(percentage === 100, overallStatus === "completed");
    for (const phase of Object.values(phases)) {
      if (phase.status === "running" && phase.progress.current > 0) moving.add(phase.name);
      const { total, done, skipped, failed, cancelled, pending } = phase.progress;
      if (phase.name === "discovery" || total === null) continue;
      assert.equal(total, done + skipped + failed + cancelled + pending);
    }
  }
  assert.equal(last, 100);
  assert.ok(moving.has("training") && moving.has("face_detection"), [...moving].join());
}
