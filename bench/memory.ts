import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openPacks } from "../models/pack.ts";
import { fillLibrary } from "./library.ts";
import { circumstances, memory } from "./process.ts";
import { print, type Served, sleep, withServer } from "./support.ts";
import { shapes } from "./shapes/make.ts";

/**
 * Memory of the web process before the first search, after it (text encoder loaded, index made) and
 * after more of them, with ViT-B/32's shape. At most it should be 300 MB + 1.5 times the text
 * encoder's file + 2.8 KB a photo. `--photos 20000`; `--idle` also waits six minutes without a
 * search, after which the encoder should be gone.
 */
const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    photos: { type: "string", default: "20000" },
    idle: { type: "boolean", default: false },
  },
});
const count = Number(options.photos);
const IDLE_SECONDS = 360;
const SEARCHES = 50;

const modelsDir = join(await shapes(), "clip");
const builtinDir = fileURLToPath(new URL("../models/builtin", import.meta.url));
const { clip } = await openPacks({ modelsDir, builtinDir });
const encoder = (await Deno.stat(clip.textual.path)).size;

const environment = { SAFELIGHT_MODELS: modelsDir, SAFELIGHT_DEVICE: "cpu" };
await withServer({ worker: false, environment }, async (served) => {
  await fillLibrary(served.database, {
    count,
    model: clip.identity.key,
    vector: () => unit(clip.visual.dimension),
  });
  await fetch(`${served.url}/health`);
  const rows: Record<string, string | number>[] = [];
  const look = (what: string) => {
    const { resident, peak } = memory(served.pid);
    rows.push({ what, "MB": resident, "most so far, MB": peak });
  };
  look("before the first search");
  await search(served, "a red sunset over the sea");
  look("after it");
  for (let i = 0; i < SEARCHES; i++) await search(served, `picture number ${i}`);
  look(`after ${SEARCHES} more`);
  if (options.idle) {
    await sleep(IDLE_SECONDS * 1000);
    look(`after ${IDLE_SECONDS} s without one`);
  }
  console.log(`\n${circumstances()}`);
  const most = (300e6 + 1.5 * encoder + 2800 * count) / 1e6;
  rows.push({ what: "target: at most", "MB": most, "most so far, MB": most });
  print(
    `memory of the web process, ${count.toLocaleString("en")} photos, text encoder of ${
      (encoder / 1e6).toFixed(0)
    } MB`,
    rows,
  );
});

async function search({ url }: Served, words: string): Promise<void> {
  const response = await fetch(`${url}/api/v1/search?everything=1&q=${encodeURIComponent(words)}`);
  const { results, message } = await response.json();
  if (!response.ok || results.length === 0) throw new Error(`Nothing found: ${message}`);
}

function unit(dimension: number): Float32Array {
  const values = Float32Array.from({ length: dimension }, () => Math.random() - 0.5);
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}
