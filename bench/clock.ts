import { join } from "node:path";
import sharp from "sharp";
import type { UnifiedProgress } from "../jobs/progress.ts";
import { makeSampleLibrary } from "../models/sample/library.ts";
import type { SampleFile } from "../models/sample/expectations.ts";
import { print, type Served, sleep, withServer } from "./support.ts";

/**
 * Promise 10: how far the shown percentage is from the share of time that has passed, from the end
 * of discovery on, and how wrong the ETA is when a quarter, half and three quarters of the time
 * have passed, in percent of the whole time. Libraries of different mixtures, each in folders of
 * one kind, so that what is cheap and what is dear come one after the other; each run first
 * without any history, then with the history of all of them. `--looks` prints every look.
 */
const POLL_MS = 200;

/** Pictures of one mixture: some 10 s on two cores. */
const PICTURES = 240;

interface Look {
  /** Seconds since the first look. */
  at: number;
  percentage: number | null;
  eta: number | null;
}

await withServer({ worker: true }, async (served, dir) => {
  const { sql } = served.database;
  const sample = join(dir, "sample");
  const { files } = await makeSampleLibrary(sample);
  const photos = files.filter((file) => file.kind === "photo");
  const [people, views] = [photos.filter(hasFaces), photos.filter((file) => !hasFaces(file))];
  const make = (name: string, parts: Part[]) => mix(join(dir, name), { sample, parts });
  const libraries: Record<string, string> = {
    "one kind": await make("one kind", [{ of: photos, count: PICTURES }]),
    "people, then views": await make("people, then views", [
      { of: people, count: PICTURES / 2 },
      { of: views, count: PICTURES / 2 },
    ]),
    "large, then small": await make("large, then small", [
      { of: photos, count: PICTURES / 6, width: 4000 },
      { of: photos, count: PICTURES / 2, width: 600 },
    ]),
    "photos, then copies": await make("photos, then copies", [
      { of: photos, count: PICTURES / 2 },
      { of: photos, count: PICTURES / 2, copies: true },
    ]),
  };
  const rows = [];
  for (const history of [false, true]) {
    for (const [name, library] of Object.entries(libraries)) {
      await sql`truncate files, photos, clusters cascade`;
      // Set aside, so that the first runs know nothing of each other.
      if (history) await sql`update history set device = replace(device, ' aside', '')`;
      else {
        await sql`update history set device = device || ' aside' where device not like '% aside'`;
      }
      const looks = await watch(served, library);
      rows.push({ library: name, history: history ? "yes" : "no", ...judge(looks) });
    }
  }
  print("clock: points between shown percentage and elapsed time; ETA in % of the run", rows);
});

interface Part {
  of: SampleFile[];
  count: number;
  /** Scaled to this many pixels across. */
  width?: number;
  /** The very pictures of the part before, byte for byte. */
  copies?: boolean;
}

function hasFaces({ characters }: SampleFile): boolean {
  return (characters?.length ?? 0) > 0;
}

// Each picture is a cut-out of its own out of a sample photo: other bytes, another look.
async function mix(
  to: string,
  { sample, parts }: { sample: string; parts: Part[] },
): Promise<string> {
  for (const [place, part] of parts.entries()) {
    const folder = join(to, String(place));
    await Deno.mkdir(folder, { recursive: true });
    for (let index = 0; index < part.count; index++) {
      const path = join(folder, `IMG_${String(index).padStart(4, "0")}.jpg`);
      if (part.copies) await Deno.copyFile(path.replace(folder, join(to, String(place - 1))), path);
      else await cut(join(sample, part.of[index % part.of.length].path), { index, path, part });
    }
  }
  return to;
}

async function cut(
  from: string,
  { index, path, part }: { index: number; path: string; part: Part },
): Promise<void> {
  const picture = sharp(await Deno.readFile(from)).rotate();
  const { autoOrient: { width, height } } = await picture.metadata();
  const turn = Math.floor(index / part.of.length);
  const share = 1 - 0.04 * (turn % 8);
  const [w, h] = [Math.round(width * share), Math.round(height * share)];
  const cropped = await picture.extract({
    left: Math.floor((width - w) * ((turn * 37) % 100) / 100),
    top: Math.floor((height - h) * ((turn * 61) % 100) / 100),
    width: w,
    height: h,
  }).resize({ width: part.width ?? 1200 }).flop(turn % 2 === 1).jpeg({ quality: 90 }).toBuffer();
  await Deno.writeFile(path, cropped);
}

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
    "largest": Math.max(...off.map(Math.abs)),
    "mean": off.reduce((sum, value) => sum + Math.abs(value), 0) / off.length,
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
