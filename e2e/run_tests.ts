import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { openDataDir } from "../db/data_dir.ts";
import { startEmbedded } from "../db/embedded/server.ts";
import { testDirectory } from "../db/testing.ts";
import { makeSampleLibrary } from "../models/sample/library.ts";
import { findChromium } from "./chromium.ts";

/** Side by side where all are run: much of what they do is waiting for other processes. */
const FIRST = ["commands", "e2e", "routes", "views"];
const SHARDS = [FIRST, [`--ignore=${FIRST.join(",")}`]];

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
    const env = {
      SAFELIGHT_TEST_DATABASE_URL: given ?? server!.url,
      SAFELIGHT_CHROMIUM: chromium,
      SAFELIGHT_TEST_SAMPLE: sample,
    };
    const shards = await Promise.all(
      (paths.length > 0 ? [paths] : SHARDS).map((args) => run(args, env)),
    );
    const sum = (name: "passed" | "failed") => shards.reduce((all, shard) => all + shard[name], 0);
    console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
    return shards.find(({ code }) => code !== 0)?.code ?? 0;
  } finally {
    await server?.release();
    await Deno.remove(dir, { recursive: true });
  }
}

/** One `deno test`, its output printed by whole lines, and the figures of its last line. */
async function run(
  args: string[],
  env: Record<string, string>,
): Promise<{ code: number; passed: number; failed: number }> {
  const child = new Deno.Command(Deno.execPath(), {
    // Types are `deno task check`'s, which remembers what it has checked; each shard would begin anew,
    // 20 CPU seconds.
    args: ["test", "-A", "--quiet", "--no-check", ...args],
    env: { ...env, NO_COLOR: "1" },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let passed = 0, failed = 0;
  for await (const line of createInterface({ input: Readable.fromWeb(child.stdout) })) {
    console.log(line);
    const figures = line.match(/^(?:ok|FAILED) \| (\d+) passed .*?\| (\d+) failed/);
    if (figures) [passed, failed] = [Number(figures[1]), Number(figures[2])];
  }
  return { code: (await child.status).code, passed, failed };
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
