import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { type FacePair, openPacks } from "../models/pack.ts";
import { InferenceSession } from "../models/onnxruntime.ts";
import { bareInference, barePreview, type Size } from "./bare.ts";
import { photos } from "./photos.ts";
import { circumstances, memory } from "./process.ts";
import { portraits } from "./portraits.ts";
import { median, print, withServer } from "./support.ts";
import { shapes } from "./shapes/make.ts";
import { type PhaseFigures, runPhase, WORKER } from "./run_phase.ts";

/**
 * Photos a second through face detection against what the cores could do at most: cores ÷ (core-seconds
 * of the bare detector, of the bare recogniser for as many faces as were found, and of bare sharp),
 * all measured here. With the shapes of SCRFD-10G and ArcFace R50, two faces a picture; and, where
 * SAFELIGHT_TEST_DATA has them, with real models on real photographs.
 * On a GPU (`--device webgpu`) the limit is sharp's.
 * `--photos 120`; `--models FOLDER` takes other models, `--pictures FOLDER` real photographs.
 */
const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    photos: { type: "string", default: "120" },
    models: { type: "string" },
    pictures: { type: "string" },
    device: { type: "string", default: "cpu" },
  },
});
const count = Number(options.photos);
const cores = navigator.hardwareConcurrency;
// Small models are quick: as many seconds as the others need more photographs.
const REAL = 4;
const builtinDir = fileURLToPath(new URL("../models/builtin", import.meta.url));

console.log(`\n${circumstances()}`);
const { models, pictures } = options;
await measure(models ?? join(await shapes(), "faces"), {
  make: pictures ? (to) => portraits(pictures, { to, count }) : (to) => photos(to, { count }),
});
const data = Deno.env.get("SAFELIGHT_TEST_DATA");
if (data && !models && !pictures) {
  await measure(join(data, "models/faces"), {
    make: (to) => portraits(join(data, "photos/people"), { to, count: REAL * count }),
  });
}

async function measure(
  modelsDir: string,
  { make }: { make: (to: string) => Promise<string[]> },
): Promise<void> {
  const { faces } = await openPacks({ modelsDir, builtinDir });
  const environment = { SAFELIGHT_MODELS: modelsDir, SAFELIGHT_DEVICE: options.device };
  await withServer({ worker: true, environment }, async (served, dir) => {
    const { sql } = served.database;
    const library = join(dir, "library"), warm = join(dir, "warm");
    const made = await make(library);
    await photos(warm, { count: 4, first: 10_000 });
    await runPhase(served, { library: warm, phase: "face_detection", photos: 4 });
    await sql`truncate files, photos, clusters cascade`;
    await Deno.remove(join(dir, "data", "previews"), { recursive: true });
    const figures = await runPhase(served, {
      library,
      phase: "face_detection",
      photos: made.length,
    });
    const [{ found }] = await sql`select count(*)::int as found from faces`;
    const [{ pid }] = await sql`select pid from workers order by started_at desc`;
    const { peak } = memory(pid);
    const previews = await somePreviews(join(dir, "data", "previews"), faces);
    const perPhoto = found / made.length;
    report(faces, { figures, perPhoto, peak, bare: await measureBare(faces, previews) });
  });
}

interface Preview {
  jpeg: Uint8Array;
  canvas: Size;
}

interface Bare {
  detector: number;
  recogniser: number;
  sharp: number;
}

async function measureBare({ detector, recogniser }: FacePair, previews: Preview[]): Promise<Bare> {
  const canvases = new Map<string, { canvas: Size; times: number }>();
  for (const { canvas } of previews) {
    const key = `${canvas.width}x${canvas.height}`;
    const known = canvases.get(key);
    canvases.set(key, { canvas, times: (known?.times ?? 0) + 1 });
  }
  let detecting = 0;
  for (const { canvas, times } of canvases.values()) {
    const { path, input } = detector;
    const each = await bareInference(path, { input, size: canvas, batch: 1, runs: 5 });
    detecting += each * times;
  }
  const { path, input, size: side } = recogniser;
  const size = { width: side, height: side };
  return {
    detector: detecting / previews.length,
    recogniser: await bareInference(path, { input, size, batch: 8, runs: 4 }),
    sharp: median([
      await barePreview(previews),
      await barePreview(previews),
      await barePreview(previews),
    ]),
  };
}

// Previews spread over all, each with the canvas it needs: as long as the detector's size, the other
// side as short as the picture allows in steps of 32 where the graph lets.
async function somePreviews(dir: string, { detector }: FacePair): Promise<Preview[]> {
  const session = await InferenceSession.create(detector.path);
  const input = session.inputMetadata.find(({ name }) => name === detector.input);
  const square = !input?.isTensor || typeof input.shape[2] === "number";
  await session.release();
  const paths = await filesBelow(dir);
  const step = Math.max(1, Math.floor(paths.length / 40));
  const chosen = paths.toSorted().filter((_, index) => index % step === 0);
  return await Promise.all(chosen.map(async (path) => {
    const jpeg = await Deno.readFile(path);
    const { width, height } = await sharp(jpeg).metadata();
    const side = (length: number) =>
      square
        ? detector.size
        : Math.ceil(Math.round(length * detector.size / Math.max(width, height)) / 32) * 32;
    return { jpeg, canvas: { width: side(width), height: side(height) } };
  }));
}

async function filesBelow(dir: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(dir)) {
    const path = join(dir, entry.name);
    if (entry.isDirectory) found.push(...await filesBelow(path));
    else found.push(path);
  }
  return found;
}

function report(
  faces: FacePair,
  { figures, perPhoto, peak, bare }: {
    figures: PhaseFigures;
    perPhoto: number;
    peak: number;
    bare: Bare;
  },
) {
  const models = bare.detector + bare.recogniser * perPhoto;
  const needed = bare.sharp + (options.device === "cpu" ? models : 0);
  const limit = cores / needed;
  const ours = figures.photosPerSecond;
  console.log(
    `\n${faces.identity.key}, ${perPhoto.toFixed(2)} faces a photo, on ${options.device}`,
  );
  print("faces: core-seconds a photo", [
    { what: "bare detector", "core-s": bare.detector },
    { what: "bare recogniser, a face", "core-s": bare.recogniser },
    { what: "bare sharp", "core-s": bare.sharp },
    ...Object.entries(figures.coreSeconds).map(([what, value]) => ({ what, "core-s": value })),
    { what: "bare ÷ worker", "core-s": needed / figures.coreSeconds[WORKER] },
  ]);
  print("faces: photos a second", [
    { what: `limit: ${cores} cores ÷ bare`, "photos/s": limit, "of the limit": 1 },
    { what: "Safelight", "photos/s": ours, "of the limit": ours / limit },
  ]);
  console.log(`  most memory the worker held: ${peak.toFixed(0)} MB`);
}
