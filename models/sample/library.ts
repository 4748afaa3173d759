import { dirname, join } from "node:path";
import sharp from "sharp";
import { type Change, planCopies } from "./copies.ts";
import { sampleExpectations, type SampleFile, type SampleManifest } from "./expectations.ts";
import { faults } from "./faults.ts";
import { flatColours, flatPath } from "./flat.ts";
import { paint } from "./paint.ts";
import { type PlannedPicture, planPictures } from "./plan.ts";

/** Modification time of the first file; each further one is a minute younger. */
const firstTime = Date.UTC(2024, 0, 1, 8);

/** Pictures painted at once: sharp draws in its own threads, and memory stays small. */
const together = 4;

/**
 * Writes the sample library below `directory` (made if needed; files of the same names are
 * replaced): about 240 files, the same bytes and modification times every time with the same
 * version of sharp. `onFile` is called as each file is complete. Resolves to what a correct run must
 * find; see `sampleExpectations`.
 */
export async function makeSampleLibrary(
  directory: string,
  options: { onFile?: (file: SampleFile) => void } = {},
): Promise<SampleManifest> {
  const manifest = sampleExpectations();
  const order = new Map(manifest.files.map(({ path }, index) => [path, index]));
  const write = async (path: string, bytes: Uint8Array) => {
    const index = order.get(path)!;
    const full = join(directory, path);
    await Deno.mkdir(dirname(full), { recursive: true });
    await Deno.writeFile(full, bytes);
    const time = new Date(firstTime + index * 60_000);
    await Deno.utime(full, time, time);
    options.onFile?.(manifest.files[index]);
  };
  const pictures = planPictures();
  const read = (path: string) => Deno.readFile(join(directory, path));
  await each(pictures, async (picture) => write(picture.path, await encode(picture)));
  await each(flatColours, async ([name, hex]) => {
    const path = flatPath(name);
    const plane = sharp({ create: { width: 900, height: 600, channels: 3, background: hex } });
    const bytes = await (path.endsWith(".png") ? plane.png() : plane.jpeg({ quality: 90 }))
      .toBuffer();
    await write(path, bytes);
  });
  await each(planCopies(pictures.map(({ path }) => path)), async ({ path, of, change }) => {
    await write(path, await changed(await read(of), change));
  });
  await each(faults, async ({ path, from, make }) => {
    await write(
      path,
      make(from === undefined ? new Uint8Array() : await read(pictures[from].path)),
    );
  });
  return manifest;
}

async function encode(picture: PlannedPicture): Promise<Uint8Array> {
  const { format, orientation, takenAt } = picture;
  let image = await paint(picture);
  if (orientation !== 1) {
    const angle = { 3: 180, 6: 270, 8: 90 }[orientation];
    const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
    const raw = { width: info.width, height: info.height, channels: info.channels };
    image = sharp(data, { raw }).rotate(angle).withMetadata({ orientation });
  }
  if (takenAt !== null) {
    image = image.withExifMerge({
      IFD0: { Make: "Safelight", Model: "Paintbox" },
      IFD2: { DateTimeOriginal: takenAt.replaceAll("-", ":").replace("T", " ") },
    });
  }
  switch (format) {
    case "jpeg":
      return await image.jpeg({ quality: 86 }).toBuffer();
    case "png":
      return await image.png({ compressionLevel: 4 }).toBuffer();
    case "webp":
      return await image.webp({ quality: 86, effort: 2 }).toBuffer();
    case "tiff":
      return await image.tiff({ compression: "lzw", predictor: "horizontal" }).toBuffer();
    case "gif":
      return await image.gif({ effort: 2 }).toBuffer();
  }
}

async function changed(bytes: Uint8Array, change: Change): Promise<Uint8Array> {
  if (change === "none") return bytes;
  const image = sharp(bytes).autoOrient();
  const { width } = (await sharp(bytes).metadata()).autoOrient;
  switch (change) {
    case "quality":
      return await image.jpeg({ quality: 70 }).toBuffer();
    case "half":
      return await image.resize(width / 2).jpeg({ quality: 84 }).toBuffer();
    case "smaller":
      return await image.resize(Math.round(width * 0.75)).jpeg({ quality: 80 }).toBuffer();
    case "webp":
      return await image.webp({ quality: 84, effort: 2 }).toBuffer();
  }
}

/** Runs the work over all things, a few at a time. */
async function each<T>(things: readonly T[], work: (thing: T) => Promise<void>): Promise<void> {
  const queue = things[Symbol.iterator]();
  await Promise.all(Array.from({ length: together }, async () => {
    for (const thing of queue) await work(thing);
  }));
}
