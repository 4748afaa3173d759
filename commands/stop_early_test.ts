import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withDriver } from "../models/devices/driver_testing.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

// Says that it was loaded, and never comes back.
const HANGS = `
#include <unistd.h>
__attribute__((constructor)) static void hang(void) {
  fclose(fopen(getenv("BEGUN"), "w"));
  for (;;) pause();
}`;

for (const command of ["serve", "worker"]) {
  Deno.test(`${command} can be stopped while the device that is asked for is tried`, () =>
    withDriver(HANGS, async (dir) => {
      const begun = join(dir, "begun");
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "-A", MAIN, command, "--data", join(dir, "data")],
        env: {
          SAFELIGHT_DEVICE: "webgpu",
          SAFELIGHT_MODELS: "",
          // Nothing listens there: it is stopped before it looks.
          DATABASE_URL: "postgres://127.0.0.1:1/none",
          BEGUN: begun,
        },
        stdout: "null",
        stderr: "piped",
      }).spawn();
      const output = child.output();
      let ended = false;
      output.then(() => ended = true);
      while (!ended && !await Deno.stat(begun).catch(() => null)) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      if (!ended) child.kill("SIGTERM");
      const { code, stderr } = await output;
      assert.equal(code, 0, new TextDecoder().decode(stderr));
    }));
}
