import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { testDatabase } from "../db/testing.ts";
import { withDriver } from "../models/devices/driver_testing.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

Deno.test("doctor warns of a driver that crashes, and tries the CPU unless another is asked for", async () => {
  const database = await testDatabase();
  const crash = "__attribute__((constructor)) static void crash(void) { abort(); }";
  await withDriver(crash, async (dir) => {
    const doctor = async (device: string) => {
      const { code, stdout } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "-A", MAIN, "doctor", "--data", join(dir, "data")],
        env: { SAFELIGHT_DEVICE: device, SAFELIGHT_MODELS: "", DATABASE_URL: database.url },
        stderr: "null",
      }).output();
      return { code, said: new TextDecoder().decode(stdout) };
    };
    const auto = await doctor("auto");
    assert.match(auto.said, /^warn {2}device: GPUs cannot be looked for: .*SIGABRT$/m);
    assert.match(auto.said, /^ok {4}device: cpu \(GPUs cannot be looked for: /m);
    assert.equal(auto.code, 0, auto.said);
    const asked = await doctor("webgpu");
    assert.match(asked.said, /^fails device: SAFELIGHT_DEVICE is "webgpu", which cannot be used/m);
    assert.equal(asked.code, 1);
  });
  await database.drop();
});
