import assert from "node:assert/strict";
import { join } from "node:path";
import { writeChosen } from "./chosen.ts";
import { installedPack, packsDir } from "./installed.ts";
import { asPublished } from "./manifest.ts";
import { optimizePack } from "./optimize_pack.ts";
import { openPacks } from "./pack.ts";
import { tinyGraphs, writeTinyPack } from "./tiny_pack.ts";
import { verifyPack } from "./verify.ts";

async function withPack(test: (dataDir: string, dir: string) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir();
  const dir = join(packsDir(dataDir), "tiny");
  try {
    await Deno.mkdir(dir, { recursive: true });
    await writeTinyPack(dir, { batch: 1 });
    await writeChosen(dataDir, { clip: "tiny", faces: "tiny" });
    await test(dataDir, dir);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

const open = (dataDir: string) =>
  openPacks({ modelsDir: null, packsDir: packsDir(dataDir), builtinDir: "absent" });

Deno.test("graphs of one picture become graphs of several, under the names they had", () =>
  withPack(async (dataDir, dir) => {
    const before = await open(dataDir);
    const outcomes = await optimizePack(dataDir, (await installedPack(dataDir, "tiny"))!);
    for (const outcome of Object.values(outcomes)) assert.ok("cosine" in outcome);
    const after = await open(dataDir);
    assert.equal(after.clip.identity.key, before.clip.identity.key);
    assert.equal(after.faces.identity.key, before.faces.identity.key);
    assert.equal(after.clip.visual.path, join(dir, "visual.batch.onnx"));
    assert.notEqual(after.clip.visual.sha256, before.clip.visual.sha256);
    // A worker that opened the pack before opens this one when it needs it.
    await Deno.stat(before.clip.visual.path);
    const pack = (await installedPack(dataDir, "tiny"))!;
    assert.deepEqual(await verifyPack(pack), []);
    // What a later pull asks its source for.
    assert.equal(asPublished(pack.manifest).roles.visual!.sha256, before.clip.visual.sha256);
    const again = await optimizePack(dataDir, pack);
    assert.match(JSON.stringify(again), /several pictures at once already/);
  }));

Deno.test("a damaged graph is not made anything of", () =>
  withPack(async (dataDir, dir) => {
    await Deno.writeFile(join(dir, "visual.onnx"), tinyGraphs.visual(1, 256));
    const pack = (await installedPack(dataDir, "tiny"))!;
    await assert.rejects(
      optimizePack(dataDir, pack),
      /visual\.onnx" has SHA-256 .*models pull tiny/,
    );
  }));
