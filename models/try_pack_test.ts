import assert from "node:assert/strict";
import { join } from "node:path";
import { installedPack, packsDir } from "./installed.ts";
import { tinyGraphs, writeTinyPack } from "./tiny_pack.ts";
import { tryPack } from "./try_pack.ts";

/** Tries a tiny pack whose detector sees no face, as none does in a grey picture. */
async function tried(changes: { dimension?: number } = {}): Promise<void> {
  const dataDir = await Deno.makeTempDir();
  const dir = join(packsDir(dataDir), "tiny"), path = join(dir, "manifest.json");
  try {
    await Deno.mkdir(dir, { recursive: true });
    await writeTinyPack(dir);
    await Deno.writeFile(join(dir, "detector.onnx"), tinyGraphs.detector(true, 0));
    const manifest = JSON.parse(await Deno.readTextFile(path));
    delete manifest.roles.detector.sha256;
    Object.assign(manifest.roles.recogniser, changes);
    await Deno.writeTextFile(path, JSON.stringify(manifest));
    await tryPack(dataDir, (await installedPack(dataDir, "tiny"))!);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

Deno.test("a pack that does what its manifest says is accepted", () => tried());

Deno.test("a recogniser is tried though nothing in the picture is a face", () =>
  assert.rejects(
    tried({ dimension: 7 }),
    /"tiny" cannot be used \(The graph gave \[1, 3\], expected vectors of 7 dimensions\).*verify/,
  ));
