import assert from "node:assert/strict";
import { join } from "node:path";
import { readChosen, writeChosen } from "./chosen.ts";
import { installedPack, installedPacks, packsDir } from "./installed.ts";
import { writeTinyPack } from "./tiny_pack.ts";

async function inDataDir(test: (dataDir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function pack(dataDir: string, name: string, named = name): Promise<void> {
  await Deno.mkdir(join(packsDir(dataDir), name), { recursive: true });
  await writeTinyPack(join(packsDir(dataDir), name), { name: named });
}

Deno.test("without a folder nothing is installed and nothing chosen", () =>
  inDataDir(async (dataDir) => {
    assert.deepEqual(await installedPacks(dataDir), []);
    assert.equal(await installedPack(dataDir, "any"), null);
    assert.deepEqual(await readChosen(dataDir), { clip: null, faces: null });
  }));

Deno.test("a wrong pack hides no other, and pulls under way are no packs", () =>
  inDataDir(async (dataDir) => {
    await pack(dataDir, "good");
    await pack(dataDir, "renamed", "original");
    await pack(dataDir, ".pulls/half");
    await Deno.mkdir(join(packsDir(dataDir), "broken"));
    await Deno.writeTextFile(join(packsDir(dataDir), "broken/manifest.json"), "{");
    await Deno.mkdir(join(packsDir(dataDir), "empty"));
    const faults: string[] = [];
    const packs = await installedPacks(dataDir, (fault) => faults.push(fault));
    assert.deepEqual(packs.map(({ name }) => name), ["good"]);
    assert.match(faults[0], /"broken" is left out: .*not JSON/);
    assert.match(faults[1], /"renamed" is left out: .* names itself "original"; rename/);
    assert.equal(faults.length, 2);
    assert.equal(await installedPack(dataDir, "../models/good"), null);
  }));

Deno.test("a choice is written whole, and a wrong file is told", () =>
  inDataDir(async (dataDir) => {
    await writeChosen(dataDir, { clip: "one", faces: null });
    assert.deepEqual(await readChosen(dataDir), { clip: "one", faces: null });
    const names = [...Deno.readDirSync(packsDir(dataDir))].map(({ name }) => name);
    assert.deepEqual(names, ["chosen.json"]);
    await Deno.writeTextFile(join(packsDir(dataDir), "chosen.json"), '{"clip": 5}');
    await assert.rejects(
      readChosen(dataDir),
      /models were chosen.*\(clip: .*received number\); remove it/,
    );
  }));
