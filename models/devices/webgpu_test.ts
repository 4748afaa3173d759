import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { useSwiftShader } from "../../e2e/swiftshader.ts";
import {
  addInput,
  addOutput,
  encodeModel,
  floats,
  type Graph,
  integers,
  makeGraph,
  node,
} from "../builtin/onnx_writer.ts";
import { overlap } from "../candidates.ts";
import { openEngine } from "../engine.ts";
import { findFaces } from "../faces.ts";
import { Tensor } from "../onnxruntime.ts";
import { openPacks } from "../pack.ts";
import { batchSizes, embedPixels, openSession } from "../session.ts";
import { openSteadySession } from "../steady_session.ts";
import { writeTinyPack } from "../tiny_pack.ts";
import { chooseDevice, type ChooseOptions } from "./choose.ts";
import type { Device } from "./device.ts";

// ONNX Runtime's WebGPU on SwiftShader: the real path of a GPU, slowly.
await useSwiftShader();

const builtinDir = fileURLToPath(new URL("../builtin", import.meta.url));
const threads = navigator.hardwareConcurrency;

const cosine = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, value, i) => sum + value * b[i], 0);

const open = (path: string, device: Device) => openSession(path, { threads, device });

async function folder(use: (dir: string) => Promise<void>) {
  const dir = await Deno.makeTempDir();
  try {
    await use(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("the built-in models give the CPU's vectors on WebGPU", async () => {
  const { clip, faces } = await openPacks({ modelsDir: null, builtinDir });
  for (const role of [clip.visual, faces.recogniser]) {
    const pictures = ["#c03020", "#205080"].map((background) =>
      sharp({ create: { width: role.size, height: role.size, channels: 3, background } })
        .raw().toBuffer()
    );
    const vectors = await Promise.all((["cpu", "webgpu"] as const).map(async (device) => {
      const session = await open(role.path, device);
      const found = await embedPixels(session, role, await Promise.all(pictures));
      await session.release();
      return found;
    }));
    for (const [i, vector] of vectors[0].entries()) {
      assert.ok(cosine(vector, vectors[1][i]) > 0.999);
    }
    // A model that gave the same for everything would pass the above.
    assert.ok(cosine(vectors[0][0], vectors[0][1]) < 0.999);
  }
});

const data = Deno.env.get("SAFELIGHT_TEST_DATA");

Deno.test({
  name: "SCRFD and MobileFaceNet give the CPU's faces on WebGPU (SAFELIGHT_TEST_DATA)",
  ignore: !data,
  async fn() {
    const { faces } = await openPacks({ modelsDir: join(data!, "models", "faces"), builtinDir });
    const name = "img1.jpg";
    const preview = await Deno.readFile(join(data!, "photos", "people", name));
    const found = await Promise.all((["cpu", "webgpu"] as const).map(async (device) => {
      const detector = await open(faces.detector.path, device);
      const recogniser = await open(faces.recogniser.path, device);
      const [result] = await findFaces(
        {
          // The full 640 pixels take SwiftShader half a minute, and prove no more.
          detector: { session: detector, role: { ...faces.detector, size: 128 } },
          recogniser: { session: recogniser, role: faces.recogniser },
        },
        [preview],
        { minScore: 0.3, minSize: 20 },
      );
      await Promise.all([detector, recogniser].map((session) => session.release()));
      assert.ok(Array.isArray(result));
      return result;
    }));
    const [cpu, webgpu] = found;
    assert.ok(cpu.length > 0, `SCRFD sees no face in ${name}`);
    assert.equal(webgpu.length, cpu.length);
    for (const [i, face] of cpu.entries()) {
      assert.ok(overlap(face.box, webgpu[i].box) >= 0.95);
      assert.ok(cosine(face.embedding, webgpu[i].embedding) >= 0.999);
    }
  },
});

Deno.test("an engine works on WebGPU, and says what it loads", () =>
  folder(async (dir) => {
    await writeTinyPack(dir);
    const engine = await openEngine({ modelsDir: null, builtinDir: dir, device: "webgpu" });
    const activities: (string | null)[] = [];
    engine.watch(() => activities.push(engine.activity));
    const red = await sharp({
      create: { width: 224, height: 224, channels: 3, background: "#f00" },
    })
      .raw().toBuffer();
    // More than a batch.
    const vectors = await engine.embedImages(Array.from({ length: 11 }, () => red));
    assert.ok(vectors.every((vector) => cosine(vector, Float32Array.of(1, 0, 0)) > 0.999));
    assert.equal(engine.device, "webgpu");
    assert.deepEqual(activities, ["loading tiny on webgpu", null]);
    await engine.close();
  }));

/** The mean colour of every picture, which is blown up to 3 × side² floats on the way. */
function wideMean(graph: Graph, image: string, side: number): string {
  const mean = node(graph, "GlobalAveragePool", [image]);
  const wide = node(graph, "Expand", [mean, integers(graph, [1, 3, side, side])]);
  const ends = [[0, 0], [1, 1], [2, 3]].map((values) => integers(graph, values));
  return node(graph, "Slice", [wide, ...ends]);
}

async function writeWide(
  path: string,
  side: number,
  { input = "image", size = 16 }: { input?: string; size?: number } = {},
): Promise<void> {
  const graph = makeGraph("wide");
  const image = addInput(graph, input, "float32", ["N", 3, size, size]);
  node(graph, "Flatten", [wideMean(graph, image, side)], { axis: 1 }, "embedding");
  addOutput(graph, "embedding", ["N", 3]);
  await Deno.writeFile(path, encodeModel(graph, "for tests"));
}

/** Sees one face around the middle of every picture, of score 0.75. */
async function writeWideDetector(path: string, side: number): Promise<void> {
  const graph = makeGraph("wide detector");
  const image = addInput(graph, "input.1", "float32", [1, 3, 64, 64]);
  const mean = node(graph, "ReduceMean", [wideMean(graph, image, side)], {
    axes: [1, 2, 3],
    keepdims: 0,
  });
  const nothing = node(graph, "Mul", [mean, floats(graph, [1], [0])]);
  // In cells of 8 pixels from the anchor: left, top, right, bottom; x and y of five landmarks.
  const face: Record<number, number[]> = {
    1: [0.75],
    4: [2, 2, 2, 2],
    10: [-1, -1, 1, -1, 0, 0, -1, 1, 1, 1],
  };
  for (const columns of [1, 4, 10]) {
    for (const stride of [8, 16, 32]) {
      const rows = 2 * (64 / stride) ** 2;
      const values = new Float32Array(rows * columns);
      if (stride === 8) values.set(face[columns], 2 * (4 * 8 + 4) * columns);
      const name = `out_${columns}_${stride}`;
      node(graph, "Add", [floats(graph, [rows, columns], values), nothing], {}, name);
      addOutput(graph, name, [rows, columns]);
    }
  }
  await Deno.writeFile(path, encodeModel(graph, "for tests"));
}

const pictures = (count: number) => ({
  image: new Tensor(
    "float32",
    Float32Array.from({ length: count * 768 }, (_, i) => Math.floor(i / 768) + 1),
    [count, 3, 16, 16],
  ),
});

// SwiftShader's largest buffer is 1 GB.
Deno.test("a batch that the GPU has no memory for is run in halves, and later ones are smaller", () =>
  folder(async (dir) => {
    const path = join(dir, "wide.onnx");
    await writeWide(path, 4096);
    const failures: string[] = [];
    const session = await openSteadySession(path, {
      threads,
      device: "webgpu",
      onFailure: (reason) => failures.push(reason),
    });
    const { embedding } = await session.run(pictures(6));
    assert.deepEqual(embedding.dims, [6, 3]);
    assert.deepEqual([...embedding.data as Float32Array].filter((_, i) => i % 3 === 0), [
      1,
      2,
      3,
      4,
      5,
      6,
    ]);
    assert.deepEqual(failures, []);
    assert.ok(batchSizes(session).current() <= 3);
    await session.release();
  }));

Deno.test("a picture that the GPU has no memory for moves the session to the CPU, with the reason", () =>
  folder(async (dir) => {
    const path = join(dir, "wide.onnx");
    await writeWide(path, 10_000);
    const failures: string[] = [];
    const session = await openSteadySession(path, {
      threads,
      device: "webgpu",
      onFailure: (reason) => failures.push(reason),
    });
    const { embedding } = await session.run(pictures(1));
    assert.deepEqual([...embedding.data as Float32Array], [1, 1, 1]);
    assert.equal(failures.length, 1);
    assert.match(failures[0], /WebGPU validation failed/);
    await session.release();
  }));

Deno.test("where one graph of a thread has lost the GPU, the other is on the CPU too", () =>
  folder(async (dir) => {
    await writeTinyPack(dir);
    const engine = await openEngine({ modelsDir: null, builtinDir: dir, device: "webgpu" });
    const recogniser = join(dir, "recogniser.onnx");
    await writeWideDetector(join(dir, "detector.onnx"), 10_000);
    await writeWide(recogniser, 10_000, { input: "input.1", size: 112 });
    const preview = await sharp({
      create: { width: 128, height: 128, channels: 3, background: "#c08040" },
    }).jpeg().toBuffer();
    const find = (previews: Uint8Array[], minScore: number) =>
      engine.findFaces(previews, { minScore, minSize: 20 });
    // Too much for the detector; there is no face for the recogniser.
    assert.deepEqual(await find([preview], 0.9), [[]]);
    assert.equal(engine.device, "cpu");
    // This is answered once the move is over, so from here on nothing can be opened anew.
    await find([], 0.9);
    await Deno.remove(recogniser);
    const [faces] = await find([preview], 0.5);
    assert.ok(Array.isArray(faces) && faces.length === 1, String(faces));
    await engine.close();
  }));

Deno.test("loading a graph of pictures on a GPU runs it, so that its shaders are compiled", () =>
  folder(async (dir) => {
    await writeTinyPack(dir);
    const engine = await openEngine({ modelsDir: null, builtinDir: dir, device: "webgpu" });
    await writeWide(join(dir, "visual.onnx"), 10_000, { size: 224 });
    const loaded = Promise.withResolvers<void>();
    engine.watch(({ what }) => {
      if (what === "activity" && engine.activity === null) loaded.resolve();
    });
    engine.loadImages();
    await loaded.promise;
    // Only a run can have failed.
    assert.match(engine.deviceReason, /^webgpu failed: .*WebGPU/);
    await engine.close();
  }));

Deno.test("auto refuses a GPU that is a program; asked for by name it is tried and taken", () =>
  folder(async (dir) => {
    await writeTinyPack(dir);
    const models = await openPacks({ modelsDir: null, builtinDir: dir });
    const options: ChooseOptions = { models, dataDir: dir };
    const auto = await chooseDevice("auto", options);
    assert.equal(auto.device, "cpu");
    assert.match(auto.reason, /SwiftShader .* is a program that runs on the CPU/);
    const forced = await chooseDevice("webgpu", options);
    assert.equal(forced.device, "webgpu");
    assert.match(forced.reason, /SwiftShader .*, [\d.]+ × the CPU's speed/);
    // Remembered: a second try would be told.
    const probe = () => Promise.reject(new Error("tried again"));
    assert.deepEqual(await chooseDevice("webgpu", { ...options, probe }), forced);
  }));
