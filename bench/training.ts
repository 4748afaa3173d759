import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openPacks } from "../models/pack.ts";
import { bareInference, bareOriginal } from "./bare.ts";
import { type PeerFigures, runPeer } from "./peer.ts";
import { photos } from "./photos.ts";
import { circumstances, memory } from "./process.ts";
import { median, print, withServer } from "./support.ts";
import { shapes } from "./shapes/make.ts";
import { type PhaseFigures, runPhase, WORKER } from "./run_phase.ts";

/**
 * Photos of 12 megapixels a second through training, with ViT-B/32's shape, against what the cores
 * could do at most: cores ÷ (core-seconds of the bare model + of bare sharp), both measured here,
 * before and after; and against `@huggingface/transformers` with the same graph and pictures.
 * On a GPU (`--device webgpu`) the model costs no core, and the limit is sharp's.
 * `--photos 120 --rounds 2 --no-peer`; `--models FOLDER` takes other models.
 */
const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    photos: { type: "string", default: "120" },
    rounds: { type: "string", default: "2" },
    models: { type: "string" },
    device: { type: "string", default: "cpu" },
    "no-peer": { type: "boolean", default: false },
  },
});
const count = Number(options.photos);
const cores = navigator.hardwareConcurrency;
const modelsDir = options.models ?? join(await shapes(), "clip");
const builtinDir = fileURLToPath(new URL("../models/builtin", import.meta.url));
const { clip } = await openPacks({ modelsDir, builtinDir });

const environment = { SAFELIGHT_MODELS: modelsDir, SAFELIGHT_DEVICE: options.device };
await withServer({ worker: true, environment }, async (served, dir) => {
  const library = join(dir, "library"), warm = join(dir, "warm");
  const paths = await photos(library, { count });
  await photos(warm, { count: 8, first: 10_000 });
  const some = paths.slice(0, 48);
  const bare = { inference: [] as number[], originals: [] as number[] };
  const measureBare = async () => {
    const { path, input, size: side } = clip.visual;
    const size = { width: side, height: side };
    bare.inference.push(await bareInference(path, { input, size, batch: 8, runs: 6 }));
    bare.originals.push(await bareOriginal(some));
  };
  // Loads the model of the worker.
  await runPhase(served, { library: warm, phase: "training", photos: 8 });
  const runs: PhaseFigures[] = [];
  for (let round = 0; round < Number(options.rounds); round++) {
    await measureBare();
    await served.database.sql`truncate files, photos cascade`;
    runs.push(await runPhase(served, { library, phase: "training", photos: count }));
  }
  await measureBare();
  const [{ pid }] = await served.database.sql`select pid from workers order by started_at desc`;
  const { peak } = memory(pid);
  const peer = options["no-peer"] ? null : await runPeer(paths, dir);
  report({ bare, runs, peak, peer });
});

function report({ bare, runs, peak, peer }: {
  bare: { inference: number[]; originals: number[] };
  runs: PhaseFigures[];
  peak: number;
  peer: PeerFigures | null;
}) {
  const inference = median(bare.inference), originals = median(bare.originals);
  const needed = originals + (options.device === "cpu" ? inference : 0);
  const limit = cores / needed;
  const ours = median(runs.map((run) => run.photosPerSecond));
  console.log(`\n${circumstances()}`);
  console.log(`${count} photos of 12 megapixels, ${clip.identity.key} on ${options.device}`);
  print("training: core-seconds a photo", [
    { what: "bare model", "core-s": inference },
    { what: "bare sharp", "core-s": originals },
    ...Object.entries(runs.at(-1)!.coreSeconds).map(([what, value]) => ({
      what,
      "core-s": value,
    })),
    {
      what: "bare ÷ worker",
      "core-s": needed / runs.at(-1)!.coreSeconds[WORKER],
    },
  ]);
  print("training: photos a second", [
    { what: `limit: ${cores} cores ÷ bare`, "photos/s": limit, "of the limit": 1 },
    { what: "Safelight", "photos/s": ours, "of the limit": ours / limit },
    ...(peer?.results ?? []).map(({ batch, photos, seconds }) => ({
      what: `@huggingface/transformers ${peer!.version}, batches of ${batch}`,
      "photos/s": photos / seconds,
      "of the limit": photos / seconds / limit,
    })),
  ]);
  if (peer) {
    const best = Math.max(...peer.results.map(({ photos, seconds }) => photos / seconds));
    console.log(`  Safelight ÷ the faster of the peer's: ${(ours / best).toFixed(2)}`);
  }
  console.log(`  most memory the worker held: ${peak.toFixed(0)} MB`);
  if (peer) console.log(`  most memory the peer held: ${peer.peakMb.toFixed(0)} MB`);
}
