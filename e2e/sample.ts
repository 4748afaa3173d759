import { join } from "node:path";
import { makeSampleLibrary } from "../models/sample/library.ts";
import { testDirectory } from "../db/testing.ts";

/**
 * The folder of a complete sample library. The test command makes one for all tests
 * (SAFELIGHT_TEST_SAMPLE); a test file run alone makes its own, which `remove` takes away.
 */
export async function sampleLibrary(): Promise<{ path: string; remove(): Promise<void> }> {
  const given = Deno.env.get("SAFELIGHT_TEST_SAMPLE");
  if (given) return { path: given, remove: () => Promise.resolve() };
  const dir = await testDirectory();
  const path = join(dir, "library");
  await makeSampleLibrary(path);
  return { path, remove: () => Deno.remove(dir, { recursive: true }) };
}
