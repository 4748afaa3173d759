import { openDataDir } from "../db/data_dir.ts";
import { startEmbedded } from "../db/embedded/server.ts";
import { testDirectory } from "../db/testing.ts";
import { makeSampleLibrary } from "../models/sample/library.ts";
import { findChromium } from "./chromium.ts";

/**
 * The test command: one PostgreSQL server for all files (the embedded one, unless
 * SAFELIGHT_TEST_DATABASE_URL names another), one sample library, a real Chromium, then every test,
 * or those named.
 * Ends with the line `N passed, N failed` and the exit code of the tests.
 */
async function main(paths: string[]): Promise<number> {
  const chromium = await findChromium();
  const given = Deno.env.get("SAFELIGHT_TEST_DATABASE_URL");
  const dir = await testDirectory();
  await openDataDir(`${dir}/data`);
  const server = given ? null : await startEmbedded(`${dir}/data`);
  const sample = `${dir}/sample`;
  await makeSampleLibrary(sample);
  try {
    const { code, text } = await run(paths, {
      SAFELIGHT_TEST_DATABASE_URL: given ?? server!.url,
      SAFELIGHT_CHROMIUM: chromium,
      SAFELIGHT_TEST_SAMPLE: sample,
    });
    const [passed, failed] = ["passed", "failed"].map((word) =>
      [...text.matchAll(new RegExp(`(\\d+) ${word}`, "g"))].at(-1)?.[1] ?? "0"
    );
    console.log(`${passed} passed, ${failed} failed`);
    return code;
  } finally {
    await server?.release();
    await Deno.remove(dir, { recursive: true });
  }
}

async function run(
  paths: string[],
  env: Record<string, string>,
): Promise<{ code: number; text: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--quiet", ...paths],
    env: { ...env, NO_COLOR: "1" },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let last = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    Deno.stdout.writeSync(new TextEncoder().encode(chunk));
    last = (last + chunk).slice(-4000);
  }
  return { code: (await child.status).code, text: last };
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    console.error((error as Error).message);
    console.log("0 passed, 1 failed");
    Deno.exit(1);
  }
}
