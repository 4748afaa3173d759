import assert from "node:assert/strict";
import { join } from "node:path";
import { eq } from "drizzle-orm";
import sharp from "sharp";
import { readConfig } from "../config.ts";
import { events, sessions, workers } from "../db/schema.ts";
import { testDatabase, testDirectory } from "../db/testing.ts";
import type { Device } from "../models/devices/device.ts";
import { openEngine } from "../models/engine.ts";
import { createSession, startSession } from "./lifecycle.ts";
import { runWorker } from "./worker.ts";
import { workerDevices } from "./worker_device.ts";

// No CUDA libraries come with the package, and CoreML is a Mac's: one of them fails anywhere, for real.
const broken: Device = Deno.build.os === "darwin" ? "cuda" : "coreml";

Deno.test("a device that fails in a run is left for the CPU, and everybody is told", async () => {
  const database = await testDatabase();
  const { db } = database;
  const dir = await testDirectory();
  const photos = join(dir, "photos");
  await Deno.mkdir(photos);
  for (const [i, background] of ["#d01818", "#18b018", "#1818d0"].entries()) {
    await sharp({ create: { width: 300, height: 200, channels: 3, background } })
      .jpeg().toFile(join(photos, `${i}.jpg`));
  }
  const config = readConfig({ SAFELIGHT_DATA: join(dir, "data"), SAFELIGHT_LOG: "text" });
  await Deno.mkdir(config.dataDir);
  const engine = await openEngine({ modelsDir: null, device: broken, deviceReason: "for a test" });
  const stop = new AbortController();
  const id = crypto.randomUUID();
  const running = runWorker({ database, config, engine, stopping: stop.signal, id });
  const session = await createSession(db, { name: "t", rootPath: photos, subdirectories: [""] });

  async function until<Row>(look: () => Promise<Row | undefined>): Promise<Row> {
    for (;;) {
      const row = await look();
      if (row !== undefined) return row;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }
  const row = async () => (await db.select().from(workers).where(eq(workers.id, id)))[0];
  const first = await until(row);
  assert.match(first.device, new RegExp(`^${broken} on `));
  assert.equal(first.deviceReason, "for a test");

  await startSession(db, session);
  const done = await until(async () => {
    const [found] = await db.select().from(sessions).where(eq(sessions.id, session));
    return ["completed", "failed"].includes(found.status) ? found : undefined;
  });
  assert.equal(done.status, "completed");
  assert.match(done.device!, /^cpu on /);
  assert.match(done.deviceReason!, new RegExp(`^${broken} failed: .+`));
  const told = await db.select().from(events).where(eq(events.kind, "device_changed"));
  assert.equal(told.length, 1);
  assert.match(told[0].message!, new RegExp(`, from ${broken} to the CPU: .+`));
  const last = await until(async () => {
    const now = await row();
    return now.device.startsWith("cpu") ? now : undefined;
  });
  assert.equal(last.deviceReason, done.deviceReason);
  stop.abort();
  await running;
  await engine.close();
  await database.drop();
  await Deno.remove(dir, { recursive: true });
});

Deno.test("workers that crash twice in a row on a device get the CPU, others their device back", async () => {
  const choice = { device: "webgpu", reason: "fast" } as const;
  let now = 0;
  const devices = workerDevices(() => Promise.resolve(choice), () => now);
  const next = async () => (await devices.choose()).device;
  assert.equal(await next(), "webgpu");
  devices.ended("SIGSEGV");
  assert.equal(await next(), "webgpu");
  // One that ended by itself says nothing of the driver, nor does one after hours of work.
  devices.ended(null);
  assert.equal(await next(), "webgpu");
  devices.ended("SIGABRT");
  assert.equal(await next(), "webgpu");
  now += 3_600_000;
  devices.ended("SIGKILL");
  assert.equal(await next(), "webgpu");
  // Killed because it hung, or took all memory, and crashed.
  devices.ended("SIGSEGV");
  assert.deepEqual(await devices.choose(), {
    device: "cpu",
    reason: "workers on webgpu crashed 2 times in a row (SIGSEGV); it is tried again when " +
      "Safelight is started again",
  });
  devices.ended(null);
  assert.equal(await next(), "cpu");
});
