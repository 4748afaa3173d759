import assert from "node:assert/strict";
import { join } from "node:path";

/**
 * Has processes started meanwhile load a Vulkan driver that consists of these lines of C, in a
 * folder of its own.
 */
export async function withDriver(
  lines: string,
  use: (dir: string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const before = Deno.env.get("VK_ICD_FILENAMES");
  try {
    const source = join(dir, "driver.c");
    const library = join(dir, "driver.so");
    await Deno.writeTextFile(source, `#include <stdio.h>\n#include <stdlib.h>\n${lines}\n`);
    // It stays until the process ends, also where the loader finds nothing of use in it.
    const { success } = await new Deno.Command("cc", {
      args: ["-shared", "-fPIC", "-Wl,-z,nodelete", "-o", library, source],
    }).output();
    assert.ok(success, "cc cannot build a library");
    const driver = join(dir, "driver.json");
    const ICD = { library_path: library, api_version: "1.1.0" };
    await Deno.writeTextFile(driver, JSON.stringify({ file_format_version: "1.0.0", ICD }));
    Deno.env.set("VK_ICD_FILENAMES", driver);
    await use(dir);
  } finally {
    if (before === undefined) Deno.env.delete("VK_ICD_FILENAMES");
    else Deno.env.set("VK_ICD_FILENAMES", before);
    await Deno.remove(dir, { recursive: true });
  }
}
