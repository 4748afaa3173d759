import assert from "node:assert/strict";
import { join } from "node:path";
import { install } from "./install.ts";

Deno.test("where the new pack cannot take its place, the old one is there again", async () => {
  const packsDir = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(packsDir, ".pulls"));
    await Deno.mkdir(join(packsDir, "tiny"));
    await Deno.writeTextFile(join(packsDir, "tiny/manifest.json"), "old");
    // What was to be installed is gone.
    await assert.rejects(install(packsDir, "tiny"), Deno.errors.NotFound);
    assert.equal(await Deno.readTextFile(join(packsDir, "tiny/manifest.json")), "old");
  } finally {
    await Deno.remove(packsDir, { recursive: true });
  }
});
