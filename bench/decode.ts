import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { decodePhoto } from "../models/image.ts";
import { bareOriginal } from "./bare.ts";
import { photos } from "./photos.ts";
import { coreSeconds } from "./process.ts";
import { median, print, withFolder } from "./support.ts";

/**
 * Core-seconds the decode stage takes of one 12-megapixel JPEG, with preview, thumbnail, hash, CLIP's
 * crop and metadata, against bare sharp for the same products: once made one from the other as here,
 * once each from the original as one would write it first; and against the least there is, the one
 * decode to the preview's size. Without a profile, with sRGB's as programs add it, and in
 * Display P3 as telephones write it. All take turns.
 */
const COUNT = 6;
const ROUNDS = 3;
const CLIP_SIZE = 224;

await withFolder(async (dir) => {
  const made = await photos(join(dir, "photos"), { count: COUNT });
  const again = (name: string, change: (image: Sharp) => Sharp) =>
    Promise.all(made.map(async (path) => {
      const to = path.replace(/\.jpg$/, `-${name}.jpg`);
      await change(sharp(path).keepExif()).jpeg({ quality: 92 }).toFile(to);
      return to;
    }));
  await compare("without a profile", await again("plain", (image) => image));
  await compare(
    "with sRGB's profile",
    await again("srgb", (image) => image.withIccProfile("srgb")),
  );
  await compare("in Display P3", await again("p3", (image) => image.withIccProfile("p3")));
});

async function compare(what: string, paths: string[]): Promise<void> {
  const ways = {
    "decode stage": () => each(paths, (bytes) => decodePhoto(bytes, { clipSize: CLIP_SIZE })),
    "bare sharp": () => bareOriginal(paths),
    "bare sharp, each from the original": () => each(paths, fromOriginal),
    "one decode to 1440 pixels": () => each(paths, (bytes) => shrunk(bytes).raw().toBuffer()),
  };
  const costs = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, way] of Object.entries(ways)) {
      const cost = await way();
      // The first time libraries are loaded and memory is taken.
      if (round > 0) costs.get(name)!.push(cost);
    }
  }
  const stage = median(costs.get("decode stage")!);
  print(
    `decode: core-seconds of a 12-megapixel JPEG ${what}, ${COUNT} of them`,
    [...costs].map(([what, values]) => ({
      what,
      "ms of a core": median(values) * 1000,
      "decode stage / this": stage / median(values),
    })),
  );
}

async function each(paths: string[], work: (bytes: Uint8Array) => Promise<unknown>) {
  const seconds = await coreSeconds(async () => {
    for (const path of paths) await work(await Deno.readFile(path));
  });
  return seconds / paths.length;
}

function shrunk(bytes: Uint8Array) {
  return sharp(bytes).autoOrient()
    .resize(1440, 1440, { fit: "inside", withoutEnlargement: true });
}

function fromOriginal(bytes: Uint8Array) {
  return Promise.all([
    shrunk(bytes).jpeg({ quality: 86 }).toBuffer(),
    sharp(bytes).autoOrient().resize(1440, 480, { fit: "inside" }).webp({ quality: 78, effort: 2 })
      .toBuffer(),
    sharp(bytes).autoOrient().greyscale().resize(9, 8, { fit: "fill" }).raw().toBuffer(),
    sharp(bytes).autoOrient().resize(CLIP_SIZE, CLIP_SIZE, { fit: "cover", kernel: "cubic" }).raw()
      .toBuffer(),
  ]);
}
