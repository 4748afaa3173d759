import { env, pipeline } from "@huggingface/transformers";
import process from "node:process";

/**
 * The same work in `@huggingface/transformers`, as its documentation recommends it: its
 * image-feature-extraction pipeline, full precision, given paths. `transformers.ts MODELS PATHS.json`
 * reads a list of paths and prints one line of JSON. Nothing is fetched.
 */
const [models, list] = Deno.args;
env.allowRemoteModels = false;
env.localModelPath = models;
env.useBrowserCache = false;

const paths: string[] = JSON.parse(await Deno.readTextFile(list));
const extract = await pipeline("image-feature-extraction", "clip", {
  dtype: "fp32",
  device: "cpu",
});
const results: { batch: number; photos: number; seconds: number; coreSeconds: number }[] = [];
// Loads what is loaded late.
await extract(paths.slice(0, 1));
for (const batch of [1, 8]) {
  const before = process.cpuUsage();
  const start = performance.now();
  for (let from = 0; from < paths.length; from += batch) {
    const { dims } = await extract(paths.slice(from, from + batch));
    if (dims.at(-1) !== 512) throw new Error(`It gave [${dims}], expected 512 columns`);
  }
  const { user, system } = process.cpuUsage(before);
  results.push({
    batch,
    photos: paths.length,
    seconds: (performance.now() - start) / 1000,
    coreSeconds: (user + system) / 1e6,
  });
}
const peak = Deno.readTextFileSync("/proc/self/status").match(/VmHWM:\s+(\d+) kB/)?.[1];
console.log(JSON.stringify({ version: env.version, results, peakMb: Number(peak) * 1024 / 1e6 }));
