import assert from "node:assert/strict";
import { join } from "node:path";
import { catalogue } from "./catalogue.ts";
import { writeChosen } from "./chosen.ts";
import { sha256 } from "./identity.ts";
import { packsDir } from "./installed.ts";
import { KNOWN_MODELS } from "./known_models.ts";
import { openPacks } from "./pack.ts";
import { tinyGraphs, writeTinyPack } from "./tiny_pack.ts";

const data = Deno.env.get("SAFELIGHT_TEST_DATA");

async function inFolders(test: (modelsDir: string, builtinDir: string) => Promise<void>) {
  const dir = await Deno.makeTempDir();
  const [modelsDir, builtinDir] = [join(dir, "models"), join(dir, "builtin")];
  await Deno.mkdir(modelsDir);
  await Deno.mkdir(builtinDir);
  await writeTinyPack(builtinDir, { name: "builtin", builtin: true });
  try {
    await test(modelsDir, builtinDir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function write(dir: string, files: Record<string, Uint8Array | string>) {
  for (const [name, content] of Object.entries(files)) {
    const path = join(dir, name);
    await Deno.mkdir(join(path, ".."), { recursive: true });
    if (typeof content === "string") await Deno.writeTextFile(path, content);
    else await Deno.writeFile(path, content);
  }
}

Deno.test("without a folder the built-in pack does everything", () =>
  inFolders(async (_, builtinDir) => {
    const { clip, faces, warnings } = await openPacks({ modelsDir: null, builtinDir });
    assert.deepEqual(warnings, []);
    assert.ok(clip.identity.builtin && faces.identity.builtin);
    assert.match(clip.identity.key, /^builtin@[0-9a-f]{12}$/);
    assert.equal(clip.identity.key, `builtin@${clip.visual.sha256.slice(0, 12)}`);
    assert.notEqual(clip.identity.key, faces.identity.key);
    assert.deepEqual([clip.identity.dimension, faces.identity.dimension], [3, 3]);
    assert.equal(clip.visual.path, join(builtinDir, "visual.onnx"));
  }));

Deno.test("a folder with a manifest is a pack, also in a subfolder", () =>
  inFolders(async (modelsDir, builtinDir) => {
    await Deno.mkdir(join(modelsDir, "mine"));
    await writeTinyPack(join(modelsDir, "mine"), { name: "mine" });
    const { clip, faces, warnings } = await openPacks({ modelsDir, builtinDir });
    assert.deepEqual(warnings, []);
    assert.deepEqual([clip.identity.pack, clip.identity.builtin], ["mine", false]);
    assert.deepEqual(faces.recogniser.thresholds, { certain: 0.9, likely: 0.8 });
    assert.equal(clip.licence, "MIT");
  }));

Deno.test("of two packs the first by name is used, and the other is said", () =>
  inFolders(async (modelsDir, builtinDir) => {
    for (const name of ["first", "second"]) {
      await Deno.mkdir(join(modelsDir, name));
      await writeTinyPack(join(modelsDir, name), { name });
    }
    const { clip, faces, warnings } = await openPacks({ modelsDir, builtinDir });
    assert.deepEqual([clip.identity.pack, faces.identity.pack], ["first", "first"]);
    assert.equal(warnings.length, 2);
    assert.match(warnings[0], /clip models of pack "second" are not used/);
  }));

Deno.test("a file that is not the one its manifest names is refused", () =>
  inFolders(async (modelsDir, builtinDir) => {
    await writeTinyPack(modelsDir, { name: "mine" });
    await Deno.writeFile(join(modelsDir, "detector.onnx"), tinyGraphs.detector(false));
    await assert.rejects(
      openPacks({ modelsDir, builtinDir }),
      /Cannot open model pack "mine": detector\.onnx has SHA-256 [0-9a-f]{64}, expected [0-9a-f]{64}; /,
    );
    await Deno.remove(join(modelsDir, "detector.onnx"));
    await assert.rejects(openPacks({ modelsDir, builtinDir }), /"mine".*detector\.onnx.*fetch/);
  }));

Deno.test("a wrong manifest says every wrong field; paths stay in the folder", () =>
  inFolders(async (modelsDir, builtinDir) => {
    const refused = async (change: (manifest: Record<string, unknown>) => void, why: RegExp) => {
      await writeTinyPack(modelsDir);
      const path = join(modelsDir, "manifest.json");
      const manifest = JSON.parse(await Deno.readTextFile(path));
      change(manifest);
      await Deno.writeTextFile(path, JSON.stringify(manifest));
      await assert.rejects(openPacks({ modelsDir, builtinDir }), why);
    };
    await refused((m) => (delete m.licence, delete m.name), /name: .*; licence: /);
    // deno-lint-ignore no-explicit-any
    const roles = (m: Record<string, unknown>) => m.roles as any;
    await refused((m) => roles(m).visual.file = "../../etc/passwd", /inside the pack's folder/);
    await refused((m) => delete roles(m).textual, /visual and textual come together/);
    await refused((m) => roles(m).textual.dimension = 5, /visual has 3 dimensions, textual 5/);
    await refused((m) => delete m.tokenizer, /needs a tokenizer/);
    await write(modelsDir, { "manifest.json": "{" });
    await assert.rejects(openPacks({ modelsDir, builtinDir }), /manifest\.json.*not JSON/);
  }));

Deno.test("graphs without a manifest are recognised in subfolders", () =>
  inFolders(async (modelsDir, builtinDir) => {
    await write(modelsDir, {
      "detection/model.onnx": tinyGraphs.detector(),
      "recognition/model.onnx": tinyGraphs.recogniser(),
    });
    const { clip, faces, warnings } = await openPacks({ modelsDir, builtinDir });
    assert.match(faces.identity.key, /^custom@/);
    assert.deepEqual([faces.detector.size, faces.recogniser.input], [64, "input.1"]);
    assert.equal(clip.identity.builtin, true);
    assert.deepEqual(warnings.length, 1);
    assert.match(warnings[0], /pictures and words.*built-in/);
  }));

Deno.test("a YuNet is taken with OpenCV's constants, its size from the graph", () =>
  inFolders(async (modelsDir, builtinDir) => {
    await write(modelsDir, {
      "yunet.onnx": tinyGraphs.yunet(),
      "recogniser.onnx": tinyGraphs.recogniser(),
    });
    const { detector, recogniser } = (await openPacks({ modelsDir, builtinDir })).faces;
    assert.deepEqual([detector.family, detector.order, detector.size], ["yunet", "bgr", 64]);
    assert.deepEqual([detector.mean, detector.std], [[0, 0, 0], [1 / 255, 1 / 255, 1 / 255]]);
    assert.equal(detector.input, "input");
    assert.equal(recogniser.order, "rgb");
  }));

Deno.test("half a pair is not used, nor a picture model without its vocabulary", () =>
  inFolders(async (modelsDir, builtinDir) => {
    await write(modelsDir, {
      "visual/model.onnx": tinyGraphs.visual(),
      "textual/model.onnx": tinyGraphs.textual(),
      "detector.onnx": tinyGraphs.detector(),
      "notes.onnx": "not a graph",
    });
    const { clip, faces, warnings } = await openPacks({ modelsDir, builtinDir });
    assert.ok(clip.identity.builtin && faces.identity.builtin);
    const text = warnings.join("\n");
    assert.match(text, /no CLIP vocabulary/);
    assert.match(text, /"detector\.onnx" \(detector\) is not used: its recogniser half/);
    assert.match(text, /"notes\.onnx" is not used: it is no ONNX model/);
  }));

Deno.test("an export for photo libraries is read with its own preprocessing", () =>
  inFolders(async (modelsDir, builtinDir) => {
    const merges = Array.from({ length: 48894 }, (_, i) => `a${i} b`);
    await write(modelsDir, {
      "visual/model.onnx": tinyGraphs.visual(1, 256),
      "visual/preprocess_cfg.json": JSON.stringify({ mean: [0.1, 0.2, 0.3], std: [1, 2, 3] }),
      "textual/model.onnx": tinyGraphs.textual("int64"),
      "textual/merges.txt": `#version: 0.2\n${merges.join("\n")}\n`,
    });
    const { clip } = await openPacks({ modelsDir, builtinDir });
    assert.match(clip.identity.key, /^custom@/);
    assert.equal(clip.visual.size, 256);
    assert.deepEqual([clip.visual.mean, clip.visual.std], [[0.1, 0.2, 0.3], [1, 2, 3]]);
    assert.deepEqual(clip.tokenizer, {
      kind: "clip",
      path: join(modelsDir, "textual/merges.txt"),
    });
  }));

Deno.test("the key does not depend on where the folder is", () =>
  inFolders(async (modelsDir, builtinDir) => {
    const files = { "d.onnx": tinyGraphs.detector(), "r.onnx": tinyGraphs.recogniser() };
    await write(modelsDir, files);
    const first = await openPacks({ modelsDir, builtinDir });
    await write(join(modelsDir, "../elsewhere/deep"), files);
    const second = await openPacks({ modelsDir: join(modelsDir, "../elsewhere"), builtinDir });
    assert.equal(first.faces.identity.key, second.faces.identity.key);
  }));

Deno.test("an empty folder is said, a missing one is an error", () =>
  inFolders(async (modelsDir, builtinDir) => {
    const { clip, warnings } = await openPacks({ modelsDir, builtinDir });
    assert.equal(clip.identity.builtin, true);
    assert.match(warnings[0], /No usable models for pictures and words nor for faces/);
    await assert.rejects(
      openPacks({ modelsDir: join(modelsDir, "absent"), builtinDir }),
      /Cannot read the models folder ".*absent".*SAFELIGHT_MODELS/,
    );
  }));

Deno.test("known models are known by SHA-256, with their own constants", () =>
  inFolders(async (_, builtinDir) => {
    assert.ok(Object.keys(KNOWN_MODELS).every((hash) => /^[0-9a-f]{64}$/.test(hash)));
    if (!data) {
      console.warn("SAFELIGHT_TEST_DATA is not set: known models not checked on real files");
      return;
    }
    const opened = await openPacks({ modelsDir: join(data, "models"), builtinDir });
    assert.match(opened.faces.identity.key, /^mobilefacenet@/);
    assert.equal(opened.faces.recogniser.std[0], 128 / 255);
    assert.equal(opened.clip.identity.builtin, true);
    assert.match(
      opened.warnings.join("\n"),
      /yunet_n_dynamic\.onnx" \(detector\) is not used: another/,
    );
  }));

Deno.test("the catalogue and what is known by SHA-256 say the same of a model", () => {
  let compared = 0;
  for (const { roles } of catalogue()) {
    for (const role of [roles.detector, roles.recogniser]) {
      const known = role?.sha256 && KNOWN_MODELS[role.sha256];
      if (!role || !known) continue;
      const { order = "rgb", mean, std } = known.normalisation;
      assert.deepEqual([role.order, role.mean], [order, mean], role.file);
      assert.ok(std.every((value, i) => Math.abs(value - role.std[i]) < 1e-12), role.file);
      if (known.thresholds) assert.deepEqual(role.thresholds, known.thresholds, role.file);
      compared++;
    }
  }
  assert.ok(compared >= 2, `${compared}`);
});

async function inDataDir(test: (dataDir: string, builtinDir: string) => Promise<void>) {
  await inFolders(async (dataDir, builtinDir) => {
    for (const name of ["first", "second"]) {
      await Deno.mkdir(join(packsDir(dataDir), name), { recursive: true });
      await writeTinyPack(join(packsDir(dataDir), name), { name });
    }
    await test(dataDir, builtinDir);
  });
}

Deno.test("chosen packs are used, by halves; a named one counts instead", () =>
  inDataDir(async (dataDir, builtinDir) => {
    const packs = async (named = {}) => {
      const options = { modelsDir: null, packsDir: packsDir(dataDir), builtinDir, ...named };
      const { clip, faces } = await openPacks(options);
      return [clip.identity.pack, faces.identity.pack];
    };
    assert.deepEqual(await packs(), ["builtin", "builtin"]);
    await writeChosen(dataDir, { clip: "first", faces: null });
    assert.deepEqual(await packs(), ["first", "builtin"]);
    assert.deepEqual(await packs({ faces: "second" }), ["first", "second"]);
    assert.deepEqual(await packs({ clip: "builtin" }), ["builtin", "builtin"]);
    const own = join(dataDir, "own");
    await Deno.mkdir(own);
    await writeTinyPack(own, { name: "own" });
    assert.deepEqual(await packs({ modelsDir: own }), ["own", "own"]);
    assert.deepEqual(await packs({ modelsDir: own, clip: "second" }), ["second", "own"]);
  }));

Deno.test("a chosen pack that is missing or damaged, and a wrong choice, are told", () =>
  inDataDir(async (dataDir, builtinDir) => {
    const open = () => openPacks({ modelsDir: null, packsDir: packsDir(dataDir), builtinDir });
    await writeChosen(dataDir, { clip: "absent", faces: null });
    await assert.rejects(
      open,
      /"absent" \(it is not installed\); run "deno task models pull absent"/,
    );
    await writeChosen(dataDir, { clip: "../first", faces: null });
    await assert.rejects(open, /it is not installed/);
    await writeChosen(dataDir, { clip: null, faces: "first" });
    await Deno.writeFile(
      join(packsDir(dataDir), "first/detector.onnx"),
      tinyGraphs.detector(false),
    );
    await assert.rejects(
      open,
      /"first".*detector\.onnx has SHA-256 .*deno task models pull first"/,
    );
    await Deno.writeTextFile(join(packsDir(dataDir), "chosen.json"), "{");
    await assert.rejects(open, /chosen\.json.*choose again with "deno task models use NAME"/);
    const named = { clip: "second", faces: "builtin" };
    const { clip, faces } = await openPacks({
      modelsDir: null,
      packsDir: packsDir(dataDir),
      builtinDir,
      ...named,
    });
    assert.deepEqual({ clip: clip.identity.pack, faces: faces.identity.pack }, named);
  }));

Deno.test("files that were hashed are not read again until their size or time changes", () =>
  inDataDir(async (dataDir, builtinDir) => {
    await writeChosen(dataDir, { clip: "first", faces: "first" });
    const open = () => openPacks({ modelsDir: null, packsDir: packsDir(dataDir), builtinDir });
    const { clip } = await open();
    const path = clip.visual.path;
    const { mtime, size } = await Deno.stat(path);
    await Deno.writeFile(path, new Uint8Array(size));
    // The same size and time: nobody looks.
    await Deno.utime(path, mtime!, mtime!);
    assert.equal((await open()).clip.identity.key, clip.identity.key);
    await Deno.utime(path, new Date(0), new Date(0));
    await assert.rejects(open, /visual\.onnx has SHA-256/);
    // A manifest that names another hash is not satisfied by what was remembered.
    await writeTinyPack(join(packsDir(dataDir), "first"), { name: "first" });
    await open();
    const manifestPath = join(packsDir(dataDir), "first/manifest.json");
    const manifest = JSON.parse(await Deno.readTextFile(manifestPath));
    manifest.roles.visual.sha256 = "0".repeat(64);
    await Deno.writeTextFile(manifestPath, JSON.stringify(manifest));
    await assert.rejects(open, /visual\.onnx has SHA-256/);
  }));

Deno.test("a graph that was optimized keeps the name of the one it was made of", () =>
  inDataDir(async (dataDir, builtinDir) => {
    await writeChosen(dataDir, { clip: "first", faces: "first" });
    const open = () => openPacks({ modelsDir: null, packsDir: packsDir(dataDir), builtinDir });
    const before = await open();
    const dir = join(packsDir(dataDir), "first");
    const manifest = JSON.parse(await Deno.readTextFile(join(dir, "manifest.json")));
    const graph = tinyGraphs.visual(1);
    await Deno.writeFile(join(dir, "visual.onnx"), graph);
    manifest.roles.visual.madeOf = manifest.roles.visual.sha256;
    manifest.roles.visual.sha256 = await sha256(graph);
    await Deno.writeTextFile(join(dir, "manifest.json"), JSON.stringify(manifest));
    const after = await open();
    assert.equal(after.clip.identity.key, before.clip.identity.key);
    assert.notEqual(after.clip.visual.sha256, before.clip.visual.sha256);
  }));
