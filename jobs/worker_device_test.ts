import assert from "node:assert/strict";
import { readConfig } from "../config.ts";
import { withDriver } from "../models/devices/driver_testing.ts";
import { checkDevice, deviceChooser } from "./worker_device.ts";

const CRASH = "__attribute__((constructor)) static void crash(void) { abort(); }";

Deno.test("devices that could not be listed are listed again for the next worker", () =>
  withDriver(CRASH, async (dir) => {
    const choose = deviceChooser(readConfig({ SAFELIGHT_DATA: dir }), new AbortController().signal);
    const { device, reason } = await choose();
    assert.equal(device, "cpu");
    assert.match(reason, /^GPUs cannot be looked for: /);
    // As if the driver had been repaired.
    Deno.env.set("VK_ICD_FILENAMES", "/nowhere");
    assert.doesNotMatch((await choose()).reason, /cannot be looked for/);
    // Listed now, and remembered: the same driver would crash again.
    Deno.env.set("VK_ICD_FILENAMES", `${dir}/driver.json`);
    assert.doesNotMatch((await choose()).reason, /cannot be looked for/);
  }));

Deno.test("looking for a device that is asked for ends early, without an error, when told to", async () => {
  const dir = await Deno.makeTempDir();
  const config = readConfig({ SAFELIGHT_DATA: dir, SAFELIGHT_DEVICE: "webgpu" });
  await checkDevice(config, AbortSignal.abort());
  // CUDA's libraries come with no package; where nobody stops it, that is told.
  await assert.rejects(checkDevice({ ...config, device: "cuda" }, new AbortController().signal), {
    name: "DeviceError",
  });
  await Deno.remove(dir, { recursive: true });
});
