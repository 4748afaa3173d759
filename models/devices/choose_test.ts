import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openPacks } from "../pack.ts";
import { writeTinyPack } from "../tiny_pack.ts";
import { askForCandidates, askForProbe } from "./ask.ts";
import type { Candidate } from "./candidates.ts";
import { chooseDevice, examineDevices } from "./choose.ts";
import type { Device } from "./device.ts";
import { withDriver } from "./driver_testing.ts";
import { least } from "./probe.ts";
import { openMemory } from "./remembered.ts";
import type { Outcome } from "./verdict.ts";

const builtinDir = fileURLToPath(new URL("../builtin", import.meta.url));
const models = await openPacks({ modelsDir: null, builtinDir });

const candidate = (device: Device, changes: Partial<Candidate> = {}): Candidate => ({
  device,
  adapter: `a ${device} card`,
  software: false,
  missing: null,
  ...changes,
});

const good = { cosine: 0.9999, overlap: 0.99, faces: 2, seconds: 0.1, cpuSeconds: 1 };

/** Chooses among candidates of which each comes to what is told here. */
async function among(
  outcomes: [Candidate, Outcome][],
  use: (choice: {
    options: Parameters<typeof chooseDevice>[1];
    tried: Device[];
  }) => Promise<void>,
) {
  const dataDir = await Deno.makeTempDir();
  const tried: Device[] = [];
  const probe = (device: Device) => {
    tried.push(device);
    return Promise.resolve(outcomes.find(([candidate]) => candidate.device === device)![1]);
  };
  const list = () => Promise.resolve(outcomes.map(([candidate]) => candidate));
  try {
    await use({ options: { models, dataDir, list, probe }, tried });
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

Deno.test("auto takes the first that gives the CPU's results faster, and says how fast", () =>
  among([[candidate("cuda"), good], [candidate("webgpu"), good]], async ({ options, tried }) => {
    assert.deepEqual(await chooseDevice("auto", options), {
      device: "cuda",
      reason: "a cuda card, 10 × the CPU's speed",
    });
    assert.deepEqual(tried, ["cuda"]);
  }));

Deno.test("auto says of each candidate why it was refused", () =>
  among([
    [candidate("cuda", { missing: "its libraries are not installed" }), good],
    [candidate("coreml"), { ...good, cosine: 0.9985 }],
    [candidate("directml"), { ...good, overlap: 0.94 }],
    [candidate("webgpu"), { ...good, seconds: 2 }],
  ], async ({ options, tried }) => {
    const { device, reason } = await chooseDevice("auto", options);
    assert.equal(device, "cpu");
    assert.equal(
      reason,
      "nothing better: cuda: its libraries are not installed; coreml: wrong results: cosine 0.9985 " +
        "to the CPU's vectors, expected 0.999; directml: wrong results: faces overlap by 0.94 with " +
        "the CPU's, expected 0.95; webgpu: a webgpu card, 0.50 × the CPU's speed",
    );
    assert.deepEqual(tried, ["coreml", "directml", "webgpu"]);
  }));

Deno.test("a device asked for by name may be slow, but not wrong or absent", () =>
  among([
    [candidate("cuda", { missing: "its libraries are not installed" }), good],
    [candidate("directml"), { failure: "Failed to get an adapter" }],
    [candidate("webgpu", { software: true }), { ...good, seconds: 2 }],
  ], async ({ options, tried }) => {
    const { device, reason } = await chooseDevice("webgpu", options);
    assert.equal(device, "webgpu");
    assert.match(reason, /^SAFELIGHT_DEVICE asks for it; a webgpu card is a program .* 0\.50 ×/);
    await assert.rejects(chooseDevice("cuda", options), {
      name: "DeviceError",
      message: 'SAFELIGHT_DEVICE is "cuda", which cannot be used here: its libraries are not ' +
        "installed; repair that, or set it to auto or cpu " +
        '("deno task doctor" tries every device)',
    });
    await assert.rejects(chooseDevice("directml", options), /Failed to get an adapter; repair/);
    await assert.rejects(chooseDevice("coreml", options), /ONNX Runtime on \w+ does not know it/);
    assert.deepEqual(tried, ["webgpu", "directml"]);
    // It may have been repaired; what worked need not be tried again.
    await assert.rejects(chooseDevice("directml", options), /Failed to get an adapter; repair/);
    await chooseDevice("webgpu", options);
    assert.deepEqual(tried, ["webgpu", "directml", "directml"]);
    await chooseDevice("webgpu", { ...options, anew: true });
    assert.deepEqual(tried, ["webgpu", "directml", "directml", "webgpu"]);
    assert.deepEqual(await chooseDevice("cpu", options), {
      device: "cpu",
      reason: "SAFELIGHT_DEVICE asks for it",
    });
  }));

Deno.test("what came of a try is remembered, a failure for a day; doctor tries again", () =>
  among([
    [candidate("cuda"), { failure: "out of memory" }],
    [candidate("webgpu"), good],
  ], async ({ options, tried }) => {
    for (let start = 0; start < 3; start++) {
      assert.equal((await chooseDevice("auto", options)).device, "webgpu");
    }
    assert.deepEqual(tried, ["cuda", "webgpu"]);
    const tomorrow = openMemory(options.dataDir, () => Date.now() + 25 * 3600 * 1000);
    assert.equal(await tomorrow.find(candidate("cuda"), models), null);
    assert.deepEqual(await tomorrow.find(candidate("webgpu"), models), good);
    // Another card or other models are another matter.
    const memory = openMemory(options.dataDir);
    assert.equal(await memory.find(candidate("webgpu", { adapter: "new" }), models), null);
    const clip = { ...models.clip, identity: { ...models.clip.identity, key: "other" } };
    assert.equal(await memory.find(candidate("webgpu"), { ...models, clip }), null);
    const examined = await examineDevices(options);
    assert.deepEqual(examined.map(({ candidate, better }) => [candidate.device, better]), [
      ["cuda", false],
      ["webgpu", true],
    ]);
    assert.deepEqual(tried, ["cuda", "webgpu", "cuda", "webgpu"]);
    await Deno.writeTextFile(join(options.dataDir, "devices.json"), "damaged");
    assert.equal((await chooseDevice("auto", options)).device, "webgpu");
  }));

Deno.test("results that are no numbers are wrong, and not the same as the CPU's", () =>
  among([
    [candidate("cuda"), { ...good, cosine: NaN }],
    [candidate("webgpu"), { ...good, overlap: NaN }],
  ], async ({ options }) => {
    const { device, reason } = await chooseDevice("auto", options);
    assert.equal(device, "cpu");
    assert.match(reason, /cuda: wrong results: cosine NaN .*; webgpu: wrong results: faces .* NaN/);
    // JSON has made null of what was remembered: such an entry is none.
    assert.equal((await chooseDevice("auto", options)).device, "cpu");
    assert.equal(least(0.5, NaN, -1), -1);
    assert.equal(least(0.5, 0.25), 0.25);
  }));

Deno.test("remembered entries of an odd shape are ignored", () =>
  among([[candidate("webgpu"), good]], async ({ options, tried }) => {
    await chooseDevice("auto", options);
    const path = join(options.dataDir, "devices.json");
    const [entry] = JSON.parse(await Deno.readTextFile(path));
    for (
      const odd of [null, 7, {}, { ...entry, outcome: null }, { ...entry, outcome: { cosine: 1 } }]
    ) {
      await Deno.writeTextFile(path, JSON.stringify([odd]));
      assert.equal((await chooseDevice("auto", options)).device, "webgpu");
    }
    assert.equal(tried.length, 6);
    await Deno.writeTextFile(path, JSON.stringify([null, entry]));
    assert.equal((await chooseDevice("auto", options)).device, "webgpu");
    assert.equal(tried.length, 6);
  }));

Deno.test("a device is chosen also where that cannot be remembered", () =>
  among([[candidate("webgpu"), good]], async ({ options, tried }) => {
    await Deno.mkdir(join(options.dataDir, "devices.json"));
    for (let start = 0; start < 2; start++) {
      assert.equal((await chooseDevice("auto", options)).device, "webgpu");
    }
    assert.deepEqual(tried, ["webgpu", "webgpu"]);
    assert.deepEqual([...Deno.readDirSync(options.dataDir)].map(({ name }) => name), [
      "devices.json",
    ]);
  }));

Deno.test("a choice that is interrupted remembers nothing", async () => {
  const dataDir = await Deno.makeTempDir();
  const stop = new AbortController();
  const choosing = chooseDevice("webgpu", {
    models,
    dataDir,
    signal: stop.signal,
    list: () => Promise.resolve([candidate("webgpu")]),
  });
  // Once the process that tries it runs.
  setTimeout(() => stop.abort(), 100);
  await assert.rejects(choosing, /Interrupted/);
  assert.deepEqual([...Deno.readDirSync(dataDir)], []);
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("a driver that crashes costs a process of its own, and is said", () =>
  withDriver("__attribute__((constructor)) static void crash(void) { abort(); }", async (dir) => {
    await writeTinyPack(dir);
    const crash = { failure: "the process that tried it ended with SIGABRT" };
    assert.deepEqual(await askForCandidates(), crash);
    const tiny = await openPacks({ modelsDir: null, builtinDir: dir });
    assert.deepEqual(await askForProbe("webgpu", tiny), crash);
    assert.deepEqual(await chooseDevice("auto", { models: tiny, dataDir: dir }), {
      device: "cpu",
      reason: `GPUs cannot be looked for: ${crash.failure}`,
    });
  }));

Deno.test("what a driver prints behind the answer is not taken for it", () =>
  withDriver(
    '__attribute__((destructor)) static void part(void) { puts("{}\\n[ok]\\n{driver ended}"); }',
    async () => {
      const candidates = await askForCandidates();
      assert.ok(Array.isArray(candidates), JSON.stringify(candidates));
      assert.ok(candidates.some(({ device }) => device === "webgpu"));
    },
  ));

Deno.test("a question that is interrupted rejects, whether it was begun or not", async () => {
  await assert.rejects(askForCandidates(AbortSignal.abort()), /Interrupted/);
});
