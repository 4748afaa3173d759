import { join } from "node:path";
import { parseArgs } from "node:util";
import type { UnifiedProgress } from "../jobs/progress.ts";
import { photos } from "./photos.ts";
import { circumstances } from "./process.ts";
import { median, over, print, type Served, sleep, withServer } from "./support.ts";
import { shapes } from "./shapes/make.ts";

/**
 * Seconds from POST …/start until the progress first shows something: a counted file, what the worker
 * is at while it loads its models, and a photo through training. Real models' shapes; `cold` with a
 * worker that has loaded nothing yet, `warm` the same worker again. The first of them should be there
 * within 1 s. `--rounds 3`
 */
const { values: options } = parseArgs({
  args: Deno.args,
  options: { rounds: { type: "string", default: "3" } },
});
const POLL_MS = 10;
const PHOTOS = 24;

interface Firsts {
  "a file counted": number;
  "a model loading": number;
  "a photo trained": number;
}

const environment = { SAFELIGHT_MODELS: await shapes(), SAFELIGHT_DEVICE: "cpu" };
const cold: Firsts[] = [], warm: Firsts[] = [];
for (let round = 0; round < Number(options.rounds); round++) {
  await withServer({ worker: true, environment }, async (served, dir) => {
    const library = join(dir, "library");
    await photos(library, { count: PHOTOS });
    cold.push(await watch(served, library));
    await served.database.sql`truncate files, photos cascade`;
    warm.push(await watch(served, library));
  });
}
console.log(`\n${circumstances()}`);
print(
  "first_numbers: seconds after Start, medians",
  Object.entries({ cold, warm }).map(([worker, rounds]) => {
    const of = (what: keyof Firsts) => median(rounds.map((firsts) => firsts[what]));
    return {
      worker,
      "a file counted": of("a file counted"),
      "a model loading": of("a model loading"),
      "a photo trained": of("a photo trained"),
    };
  }),
);

async function watch({ url, create, post, database }: Served, library: string): Promise<Firsts> {
  const id = await create(library, { skipFaceDetection: true });
  const path = `${url}/api/v1/training/sessions/${id}`;
  const firsts: Firsts = { "a file counted": NaN, "a model loading": NaN, "a photo trained": NaN };
  const start = performance.now();
  const note = (what: keyof Firsts) => {
    if (Number.isNaN(firsts[what])) firsts[what] = (performance.now() - start) / 1000;
  };
  await post(`/api/v1/training/sessions/${id}/start`);
  while (Number.isNaN(firsts["a photo trained"])) {
    const text = await (await fetch(`${path}/progress-unified`)).text();
    const { phases, overallStatus }: UnifiedProgress = JSON.parse(text);
    if (phases.discovery.progress.current > 0) note("a file counted");
    if (/loading/i.test(text)) note("a model loading");
    if (phases.training.progress.current > 0) note("a photo trained");
    if (overallStatus === "failed") throw new Error(`The run failed: ${text}`);
    await sleep(POLL_MS);
  }
  await over(database, id);
  return firsts;
}
