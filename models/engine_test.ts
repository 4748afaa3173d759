import assert from "node:assert/strict";
import { join } from "node:path";
import sharp from "sharp";
import { type Engine, openEngine } from "./engine.ts";
import { decodePhoto } from "./image.ts";
import { tinyGraphs, writeTinyPack } from "./tiny_pack.ts";
import { ImageError } from "./types.ts";

const FACES = { minScore: 0.5, minSize: 20 };

async function withEngine(
  test: (engine: Engine, dir: string) => Promise<void>,
  options: {
    batch?: number;
    roles?: ("images" | "faces" | "text")[];
    idleSeconds?: number;
  } = {},
) {
  const dir = await Deno.makeTempDir();
  await writeTinyPack(dir, options);
  const engine = await openEngine({ modelsDir: null, builtinDir: dir, threads: 1, ...options });
  try {
    await test(engine, dir);
  } finally {
    await engine.close();
    await Deno.remove(dir, { recursive: true });
  }
}

const plain = (background: string, side = 128) =>
  sharp({ create: { width: side, height: side, channels: 3, background } });
const near = (vector: Float32Array, expected: number[]) =>
  assert.ok(expected.every((value, i) => Math.abs(vector[i] - value) < 1e-3), `${vector}`);

for (const batch of [undefined, 1]) {
  Deno.test(`pictures become vectors in order, batch axis ${batch ? "fixed at 1" : "free"}`, () =>
    withEngine(async (engine) => {
      const crops = await Promise.all(
        ["#ff0000", "#00ff00", "#0000ff"].map((c) => plain(c, 224).raw().toBuffer()),
      );
      // More than one batch, and not a multiple.
      const many = Array.from({ length: 20 }, (_, i) => crops[i % 3]);
      const vectors = await engine.embedImages(many);
      assert.equal(vectors.length, 20);
      for (const [i, vector] of vectors.entries()) {
        near(vector, [0, 1, 2].map((channel) => channel === i % 3 ? 1 : 0));
      }
      assert.deepEqual(await engine.embedImages([]), []);
      assert.equal(engine.clipSize, 224);
      assert.equal(engine.models.clip.dimension, 3);
    }, { batch }));
}

Deno.test("faces are found in previews, placed relative to the picture", () =>
  withEngine(async (engine) => {
    const preview = await plain("#c08040").jpeg().toBuffer();
    const [faces] = await engine.findFaces([preview], FACES);
    assert.ok(Array.isArray(faces));
    assert.equal(faces.length, 1);
    const [face] = faces;
    // 64 input pixels show 128 of the picture: the box is (4, 4) to (36, 36) of 64.
    assert.deepEqual(face.box, [4 / 64, 4 / 64, 32 / 64, 32 / 64]);
    assert.deepEqual(face.landmarks[0], [12 / 64, 16 / 64]);
    assert.equal(face.score, 0.75);
    assert.ok(face.quality >= 0 && face.quality <= 1);
    const colour = [0xc0, 0x80, 0x40].map((level) => level / Math.hypot(0xc0, 0x80, 0x40));
    assert.ok(colour.every((value, i) => Math.abs(face.embedding[i] - value) < 0.02));
    assert.deepEqual((await engine.findFaces([preview], { ...FACES, minScore: 0.8 }))[0], []);
    assert.deepEqual((await engine.findFaces([preview], { ...FACES, minSize: 65 }))[0], []);
  }));

Deno.test("a preview that cannot be read spoils only itself", () =>
  withEngine(async (engine) => {
    const preview = await plain("#c08040").jpeg().toBuffer();
    const cut = preview.subarray(0, preview.length / 2);
    const results = await engine.findFaces([preview, cut, new Uint8Array(), preview], FACES);
    const faults = results.map((r) => r instanceof ImageError ? r.fault : r.length);
    assert.deepEqual(faults, [1, "truncated", "empty", 1]);
  }));

Deno.test("texts become vectors; other words, another vector", () =>
  withEngine(async (engine) => {
    const [red, sea, again] = await Promise.all(["red", "sea", "RED!"].map(engine.embedText));
    assert.ok(Math.abs(Math.hypot(...red) - 1) < 1e-5);
    assert.deepEqual(red, again);
    assert.notDeepEqual(red, sea);
  }));

Deno.test("a text encoder that nobody asks is dropped, and comes back with the next text", () =>
  withEngine(async (engine) => {
    const before = await engine.embedText("red");
    const dropped = await threadsFall(() => engine.embedText("red"));
    assert.ok(dropped, "the encoder's threads are still there");
    assert.deepEqual(await engine.embedText("red"), before);
  }, { idleSeconds: 0.05 }));

/** True once this process has fewer threads than right after `work`; /proc is Linux's. */
async function threadsFall(work: () => Promise<unknown>): Promise<boolean> {
  await work();
  if (Deno.build.os !== "linux") return true;
  const count = () => [...Deno.readDirSync("/proc/self/task")].length;
  const most = count();
  for (let look = 0; look < 600; look++) {
    if (count() < most) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

Deno.test("errors of the thread arrive as Errors, and the thread goes on", () =>
  withEngine(async (engine, dir) => {
    await assert.rejects(
      engine.embedImages([new Uint8Array(12)]),
      /12 bytes; 224 × 224 RGB needs 150528/,
    );
    await Deno.writeTextFile(join(dir, "detector.onnx"), "changed since");
    const preview = await plain("#808080").jpeg().toBuffer();
    await assert.rejects(engine.findFaces([preview], FACES), /Cannot open ".*detector\.onnx"/);
    await Deno.writeFile(join(dir, "detector.onnx"), tinyGraphs.detector());
    assert.equal((await engine.findFaces([preview], FACES)).length, 1);
  }));

Deno.test("an engine does only what it was opened for", () =>
  withEngine(async (engine) => {
    await assert.rejects(engine.embedImages([]), /opened for text, not for images/);
    assert.equal((await engine.embedText("red")).length, 3);
  }, { roles: ["text"] }));

Deno.test("closing lets running work finish and refuses new", () =>
  withEngine(async (engine) => {
    const running = engine.embedText("red");
    await engine.close();
    assert.equal((await running).length, 3);
    await assert.rejects(engine.embedText("sea"), /closed/);
    await engine.close();
  }));

Deno.test("the calling thread stays free while graphs run", () =>
  withEngine(async (engine) => {
    const crop = await plain("#123456", 224).raw().toBuffer();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const batch = Array.from({ length: 64 }, () => crop);
    await engine.embedImages(batch);
    clearInterval(timer);
    assert.ok(ticks > 0);
  }));

Deno.test("a decoded photo is what the engine takes", () =>
  withEngine(async (engine) => {
    const photo = await decodePhoto(await plain("#00ff00", 600).png().toBuffer(), engine);
    near((await engine.embedImages([photo.clipPixels]))[0], [0, 1, 0]);
    const [faces] = await engine.findFaces([photo.preview], FACES);
    assert.ok(Array.isArray(faces) && faces.length === 1);
  }));
