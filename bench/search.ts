import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openLibraryIndex } from "../db/vector_index/open.ts";
import { openEngine } from "../models/engine.ts";
import { openPacks } from "../models/pack.ts";
import { fillLibrary } from "./library.ts";
import { circumstances, memory } from "./process.ts";
import { seeded } from "../jobs/clustering/test_support.ts";
import { shapes } from "./shapes/make.ts";
import { median, print, quantile, type Served, sleep, timed, withServer } from "./support.ts";

/**
 * Searches over HTTP, one after the other, as somebody types them: words never asked before, over a
 * library of generated vectors, with ViT-B/32's shape as the text encoder. Beside them what the bare
 * encoder takes for the same words in this process, asked in turn with them, and what other requests
 * wait meanwhile. `--photos 100000`, `--queries 50` (at most 50); `--wait 600`: seconds for the index;
 * `--keep DIR`: where the library stays for the next time, as a graph of a million takes an hour.
 */
const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    photos: { type: "string", default: "100000" },
    queries: { type: "string", default: "50" },
    wait: { type: "string", default: "1200" },
    keep: { type: "string" },
  },
});
const count = Number(options.photos), queries = Number(options.queries);

/** Pictures of one thing lie around the words for it. */
const THINGS = 500;
/** Cosine of a picture to the words for it: near enough to be found. */
const NEAR = 0.6;
const WITHIN_MS = 30;
if (queries * 8 > THINGS) {
  throw new Error(`--queries ${queries}: at most ${Math.floor(THINGS / 8)}`);
}

/** Searches of one kind. */
interface Kind {
  what: string;
  /** So many texts that nobody asked for before are in each. */
  terms: number;
  /** What else is asked. */
  rest?: (n: number) => string;
}

const modelsDir = join(await shapes(), "clip");
const builtinDir = fileURLToPath(new URL("../models/builtin", import.meta.url));
const { clip } = await openPacks({ modelsDir, builtinDir });
const { dimension } = clip.visual;
const random = seeded(1);
const encoder = await openEngine({ modelsDir, roles: ["text"] });

const words = (n: number) => `a photo of thing ${n}`;
const centres: Float32Array[] = [];
for (let n = 0; n < THINGS; n++) centres.push(await encoder.embedText(words(n)));

const environment = { SAFELIGHT_MODELS: modelsDir, SAFELIGHT_DEVICE: "cpu" };
const { keep } = options;
await withServer({ worker: false, environment, keep }, async (served, dir) => {
  await fillLibrary(served.database, {
    count,
    model: clip.identity.key,
    vector: (at) => near(centres[at % THINGS]),
  });
  const ready = await timed(() => untilReady(served));
  const kinds: Kind[] = [
    { what: "words, the first", terms: 1 },
    { what: "words", terms: 1 },
    {
      what: "the same words, another filter",
      terms: 0,
      rest: (n) => `camera=Camera%20${n % 20}&q=${words(0)}`,
    },
    { what: "words, a page of 60", terms: 1, rest: () => "limit=60&" },
    { what: "words, one camera of 20 (5 %)", terms: 1, rest: (n) => `camera=Camera%20${n % 20}&` },
    { what: "words, half the years (50 %)", terms: 1, rest: () => "taken=before%202014&" },
    { what: "words, two weeks (0.2 %)", terms: 1, rest: () => "from=2010-03-01&to=2010-03-15&" },
    { what: "words and facets", terms: 1, rest: () => "facets=1&" },
    { what: "three terms", terms: 3 },
    { what: "like a photo", terms: 0, rest: (n) => `like=${1 + n * 37 % count}` },
    { what: "filters alone", terms: 0, rest: (n) => `camera=Camera%20${n % 20}` },
  ];
  const rows: Record<string, string | number>[] = [];
  let next = 0;
  for (const { what, terms, rest } of kinds) {
    const bare: number[] = [], whole: number[] = [], others: number[] = [];
    let found = 0;
    for (let n = 0; n < queries; n++) {
      const asked = Array.from({ length: terms }, () => words(next++ % THINGS));
      bare.push(
        await timed(async () => {
          for (const text of asked) await encoder.embedText(text);
        }),
      );
      const query = (rest?.(n) ?? "") +
        (terms > 0 ? `q=${encodeURIComponent(asked.join(" + "))}` : "");
      const answer = search(served, query);
      // Another request, sent while the search is under way.
      others.push(await timed(async () => await (await fetch(`${served.url}/health`)).text()));
      const { ms, results } = await answer;
      whole.push(ms);
      found += results;
      await sleep(5);
    }
    rows.push({
      what,
      "found": found / queries,
      "median, ms": median(whole),
      "p95, ms": quantile(whole, .95),
      "bare encoder p95, ms": quantile(bare, .95),
      "p95 − encoder": quantile(whole, .95) - quantile(bare, .95),
      "/health meanwhile, p99": quantile(others, .99),
    });
  }
  const cold: number[] = [];
  for (let round = 0; round < 5; round++) cold.push(await coldStart(served, join(dir, "data")));
  console.log(`\n${circumstances()}`);
  print("index, from its snapshot on the disk to the first whole answer (at most 2 s)", [{
    "median, s": median(cold) / 1000,
    "most, s": Math.max(...cold) / 1000,
  }]);
  print(
    `search over HTTP, ${count.toLocaleString("en")} photos, index ready after ${
      (ready / 1000).toFixed(0)
    } s (words: at most ${WITHIN_MS} ms more than the encoder); the web process takes ${
      memory(served.pid).resident.toFixed(0)
    } MB`,
    rows,
  );
});
await encoder.close();

async function search({ url }: Served, query: string): Promise<{ ms: number; results: number }> {
  const start = performance.now();
  const response = await fetch(`${url}/api/v1/search?${query}`);
  const { results, message } = await response.json();
  const ms = performance.now() - start;
  if (!response.ok) throw new Error(`${query}: ${response.status} ${message}`);
  return { ms, results: results.length };
}

/** Opens the index as a web process that starts does: thread, snapshot, what has changed since. */
async function coldStart({ database: { url } }: Served, dataDir: string): Promise<number> {
  const index = openLibraryIndex({
    ...{ url, dataDir, dimension, model: clip.identity.key, vectors: "hnswlib" as const },
  });
  const ms = await timed(async () => {
    // One that takes long answers from what it has, and says how many are missing.
    while ((await index.search(centres[0], 10)).missing > 0);
  });
  const { state, done } = await index.progress();
  console.log(`cold start: ${ms.toFixed(0)} ms, then ${state}, ${done} in their place`);
  await index.close();
  return ms;
}

/**
 * The graph is built while searches are answered exactly: figures are of the finished one. It is ready
 * for the empty library it was opened over, until a search looks again.
 */
async function untilReady(served: Served): Promise<void> {
  await search(served, "q=anything");
  const end = performance.now() + Number(options.wait) * 1000;
  for (;;) {
    const response = await fetch(`${served.url}/api/v1/search/index`);
    const { state } = await response.json();
    if (state === "ready") return;
    if (performance.now() > end) throw new Error(`The index is ${state} after ${options.wait} s`);
    await sleep(500);
  }
}

/** A unit vector at the cosine NEAR to another, in any direction else. */
function near(centre: Float32Array): Float32Array {
  const other = Float32Array.from({ length: dimension }, () => random() - .5);
  let along = 0;
  for (let d = 0; d < dimension; d++) along += other[d] * centre[d];
  let length = 0;
  for (let d = 0; d < dimension; d++) length += (other[d] -= along * centre[d]) ** 2;
  const away = Math.sqrt((1 - NEAR * NEAR) / length);
  return centre.map((value, d) => NEAR * value + away * other[d]);
}
