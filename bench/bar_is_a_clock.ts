import { join } from "node:path";
import { makeSampleLibrary } from "../models/sample/library.ts";
import type { UnifiedProgress } from "../jobs/progress.ts";
import { copyPhotos, print, type Served, sleep, withServer } from "./support.ts";

/**
 * Promise 10: shown percentage against elapsed time from the end of discovery on, and the error of
 * the ETA when a quarter, half and three quarters of the time have passed, in percent of the whole
 * time. The first run has no history; before each further one the library is forgotten, all but its
 * history, so that it does the same work again. The whole sample is the hard case: its copies and
 * broken files, a fifth of all and nearly free, lie in folders of their own.
 */
const POLL_MS = 100;

interface Look {
  /** Seconds since the first look. */
  at: number;
  percentage: number | null;
  eta: number | null;
}

await withServer({ worker: true }, async (served, dir) => {
  const whole = join(dir, "sample"), photos = join(dir, "photos");
  const { files } = await makeSampleLibrary(whole);
  copyPhotos(files, { from: whole, to: photos });
  const rows = [];
  for (
    const [name, library] of [
      ["photos, no history", photos],
      ["photos", photos],
      ["photos again", photos],
      ["whole sample", whole],
      ["whole sample again", whole],
    ]
  ) {
    await served.database.sql`truncate files, photos, clusters cascade`;
    rows.push({ run: name, ...judge(await watch(served, library)) });
  }
  print("bar_is_a_clock: points between shown percentage and elapsed time", rows);
});

function judge(all: Look[]) {
  if (Deno.args.includes("--looks")) console.log(JSON.stringify(all));
  const looks = all.filter((look) => look.percentage !== null);
  const from = looks[0].at, whole = looks.at(-1)!.at - from;
  const passed = (look: Look) => (look.at - from) / whole;
  const off = looks.map((look) => look.percentage! - 100 * passed(look));
  const error = (share: number) => {
    const look = looks.find((look) => passed(look) >= share)!;
    return look.eta === null ? NaN : 100 * (look.eta - (whole - (look.at - from))) / whole;
  };
  return {
    seconds: whole,
    "furthest ahead": Math.max(...off),
    "furthest behind": Math.min(...off),
    "ETA % off at 25 %": error(0.25),
    "at 50 %": error(0.5),
    "at 75 %": error(0.75),
  };
}

async function watch({ url, create, post }: Served, library: string): Promise<Look[]> {
  const id = await create(library);
  await post(`/api/v1/training/sessions/${id}/start`);
  const looks: Look[] = [];
  const start = performance.now();
  for (;;) {
    const response = await fetch(`${url}/api/v1/training/sessions/${id}/progress-unified`);
    const progress: UnifiedProgress = await response.json();
    const { percentage, etaSeconds } = progress.overallProgress;
    looks.push({ at: (performance.now() - start) / 1000, percentage, eta: etaSeconds });
    if (progress.overallStatus === "completed") return looks;
    if (!["pending", "discovering", "running"].includes(progress.overallStatus)) {
      throw new Error(`The run ${progress.overallStatus}`);
    }
    await sleep(POLL_MS);
  }
}
