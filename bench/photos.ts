import { Buffer } from "node:buffer";
import { homedir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";

const WIDTH = 4000;
const HEIGHT = 3000;
/** Drawn at a quarter of the pixels and enlarged: as soft as what a lens leaves, and fast. */
const DRAWN = { width: WIDTH / 2, height: HEIGHT / 2 };
/** Every fourth is held upright, as cameras say it: by EXIF orientation 6. */
const UPRIGHT = 4;

/**
 * Fills the folder `to` with `count` distinct JPEGs of 12 megapixels and 3 to 5 MB, like a camera's:
 * smooth areas, edges, texture and sensor noise, with EXIF. No two have the same look, so that none is
 * a duplicate; those of another `first` are others again. Each is made once, which takes a second, and
 * kept in the user's cache. Gives their paths.
 */
export async function photos(
  to: string,
  { count, first = 0 }: { count: number; first?: number },
): Promise<string[]> {
  const cache = join(
    Deno.env.get("XDG_CACHE_HOME") || join(homedir(), ".cache"),
    "safelight/photos",
  );
  await Deno.mkdir(cache, { recursive: true });
  await Deno.mkdir(to, { recursive: true });
  let noise: Float32Array | null = null;
  const paths: string[] = [];
  for (let index = first; index < first + count; index++) {
    const name = `IMG_${String(index).padStart(4, "0")}.jpg`;
    const path = join(cache, name);
    if (!await Deno.stat(path).then(() => true, () => false)) {
      noise ??= sensorNoise();
      await Deno.writeFile(`${path}.part`, await draw(index, noise));
      await Deno.rename(`${path}.part`, path);
    }
    // A copy would still be written to the disk while what is measured runs.
    await Deno.link(path, join(to, name)).catch(() => Deno.copyFile(path, join(to, name)));
    paths.push(join(to, name));
  }
  return paths;
}

// Gaussian, as a table: a picture adds a stretch of it that begins anywhere.
function sensorNoise(): Float32Array {
  const random = generator(-1);
  return Float32Array.from(
    { length: 1 << 22 },
    () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  );
}

async function draw(index: number, noise: Float32Array): Promise<Uint8Array> {
  const random = generator(index);
  const [coarse, fine] = [await grid(9, random), await grid(160, random)];
  const drawn = await sharp(coarse).composite([
    { input: fine, blend: "soft-light" },
    { input: shapes(random), blend: "over" },
  ]).removeAlpha().raw().toBuffer();
  const { buffer } = await sharp(drawn, { raw: { ...DRAWN, channels: 3 } })
    .resize(WIDTH, HEIGHT, { fit: "fill", kernel: "cubic" }).raw().toBuffer();
  const pixels = new Uint8ClampedArray(buffer);
  const strength = 5 + 8 * random();
  let at = Math.floor(random() * noise.length);
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] += strength * noise[at];
    if (++at === noise.length) at = 0;
  }
  const taken = `2026:${String(1 + index % 12).padStart(2, "0")}:07 10:11:12`;
  return await sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
    .jpeg({ quality: 92 })
    // Without a profile, as most cameras leave it: converting one costs as much as decoding.
    .withExif({
      IFD0: {
        Make: "Safelight",
        Model: "Bench",
        Orientation: index % UPRIGHT === UPRIGHT - 1 ? "6" : "1",
      },
      IFD2: { DateTimeOriginal: taken },
    }).toBuffer();
}

// Random colours, drawn soft over the whole picture.
function grid(across: number, random: () => number): Promise<Buffer> {
  const [width, height] = [across, Math.round(across * 3 / 4)];
  const data = Uint8Array.from({ length: width * height * 3 }, () => 40 + random() * 180);
  return sharp(data, { raw: { width, height, channels: 3 } })
    .resize(DRAWN.width, DRAWN.height, { fit: "fill", kernel: "cubic" })
    .png({ compressionLevel: 0 }).toBuffer();
}

function shapes(random: () => number): Buffer {
  const at = (most: number) => Math.floor(random() * most);
  const colour = () => `hsl(${at(360)} ${30 + at(50)}% ${20 + at(60)}%)`;
  const parts = Array.from(
    { length: 60 },
    (_, i) =>
      i % 2
        ? `<circle cx="${at(DRAWN.width)}" cy="${at(DRAWN.height)}" r="${
          20 + at(200)
        }" fill="${colour()}"/>`
        : `<rect x="${at(DRAWN.width)}" y="${at(DRAWN.height)}" width="${20 + at(400)}" height="${
          20 + at(300)
        }" fill="${colour()}"/>`,
  );
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${DRAWN.width}" height="${DRAWN.height}">`;
  return Buffer.from(`${svg}${parts.join("")}</svg>`);
}

// mulberry32: the same picture for the same number, on every machine.
function generator(seed: number): () => number {
  let state = seed * 0x9e3779b9 | 0;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}
