import sharp, { type Sharp } from "sharp";
import { InferenceSession, Tensor } from "../models/onnxruntime.ts";
import { coreSeconds } from "./process.ts";

// A picture is a chain of small steps: with two threads for each, libvips took 5 to 10 % more.
sharp.concurrency(1);
sharp.cache(false);

/**
 * What nobody can do without: the models' own runs and sharp's own work, in this process, one thing
 * after the other, nothing stored. Figures are core-seconds, which other programs on the machine
 * disturb less than time by the clock.
 */

export interface Size {
  width: number;
  height: number;
}

/**
 * Core-seconds one picture of that size takes a graph, in batches of `batch` where the graph lets:
 * a session of one thread, without what comes before and after it.
 */
export async function bareInference(
  path: string,
  { input, size, batch, runs }: { input: string; size: Size; batch: number; runs: number },
): Promise<number> {
  const session = await InferenceSession.create(path, { intraOpNumThreads: 1 });
  const metadata = session.inputMetadata.find(({ name }) => name === input);
  const pictures = metadata?.isTensor && metadata.shape[0] === 1 ? 1 : batch;
  const dims = [pictures, 3, size.height, size.width];
  const length = dims.reduce((product, side) => product * side);
  const pixels = Float32Array.from({ length }, (_, i) => Math.sin(i));
  const feeds = { [input]: new Tensor("float32", pixels, dims) };
  // The first run allocates.
  await session.run(feeds);
  const seconds = await coreSeconds(async () => {
    for (let i = 0; i < runs; i++) await session.run(feeds);
  });
  await session.release();
  return seconds / (runs * pictures);
}

/**
 * Core-seconds sharp takes for everything training makes of one original: one decode, with
 * shrink-on-load, to the preview's size; from its pixels the preview and those of the thumbnail, and
 * from these the thumbnail, the 9 × 8 grey levels of the hash, and CLIP's crop. Sizes and settings
 * are those of models/products.ts.
 */
export async function bareOriginal(paths: string[]): Promise<number> {
  const seconds = await coreSeconds(async () => {
    for (const path of paths) await derive(await Deno.readFile(path));
  });
  return seconds / paths.length;
}

async function derive(bytes: Uint8Array): Promise<void> {
  const inside = { fit: "inside", withoutEnlargement: true } as const;
  const photo = await pixels(
    sharp(bytes).autoOrient().resize(1440, 1440, { ...inside, kernel: "cubic" })
      .toColourspace("srgb"),
  );
  const [small] = await Promise.all([
    pixels(photo().resize(1440, 480, { ...inside, kernel: "cubic" })),
    photo().jpeg({ quality: 86, optimiseCoding: false }).toBuffer(),
  ]);
  await Promise.all([
    small().webp({ quality: 78, effort: 2 }).toBuffer(),
    small().greyscale().resize(9, 8, { fit: "fill" }).raw().toBuffer(),
    small().resize(224, 224, { fit: "cover", kernel: "cubic" }).raw().toBuffer(),
  ]);
}

// What the pipeline ends with, as the beginning of others.
async function pixels(pipeline: Sharp): Promise<() => Sharp> {
  const { data, info: { width, height } } = await pipeline.raw()
    .toBuffer({ resolveWithObject: true });
  return () => sharp(data, { raw: { width, height, channels: 3 } });
}

/**
 * Core-seconds sharp takes for what face detection needs of one preview: its pixels, from which
 * faces are cut, and the picture on the detector's canvas.
 */
export async function barePreview(
  previews: { jpeg: Uint8Array; canvas: Size }[],
): Promise<number> {
  const seconds = await coreSeconds(async () => {
    for (const { jpeg, canvas: { width, height } } of previews) {
      const photo = await pixels(sharp(jpeg));
      await photo()
        .resize(width, height, { fit: "contain", position: "left top", kernel: "linear" })
        .raw().toBuffer();
    }
  });
  return seconds / previews.length;
}
