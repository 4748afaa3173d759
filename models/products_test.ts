import assert from "node:assert/strict";
import sharp from "sharp";
import { decodePhoto } from "./image.ts";

const data = Deno.env.get("SAFELIGHT_TEST_DATA");
const SIZE = 224;
const MEAN = [0.48145466, 0.4578275, 0.40821073], DEVIATION = [0.26862954, 0.26130258, 0.27577711];

// What CLIP gets, as its reference makes it of the picture in full.
async function fromFull(bytes: Uint8Array): Promise<Uint8Array> {
  // As bare pixels: from a file sharp would shrink on load.
  const { data, info: { width, height } } = await sharp(bytes).autoOrient().raw()
    .toBuffer({ resolveWithObject: true });
  const scale = SIZE / Math.min(width, height);
  const [across, down] = [Math.floor(width * scale), Math.floor(height * scale)];
  return await sharp(data, { raw: { width, height, channels: 3 } })
    .resize(across, down, { fit: "fill", kernel: "cubic" })
    .extract({
      left: halfEven(across - SIZE),
      top: halfEven(down - SIZE),
      width: SIZE,
      height: SIZE,
    })
    .raw().toBuffer();
}

// Python's round, as the reference has it: one pixel beside it is another picture.
const halfEven = (spare: number) => spare % 2 ? 2 * Math.round(spare / 4) : spare / 2;

function cosine(a: Uint8Array, b: Uint8Array): number {
  let [dot, left, right] = [0, 0, 0];
  const normal = (level: number, at: number) => (level / 255 - MEAN[at % 3]) / DEVIATION[at % 3];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [normal(a[i], i), normal(b[i], i)];
    dot += x * y, left += x * x, right += y * y;
  }
  return dot / Math.sqrt(left * right);
}

// Edges, texture down to single pixels and noise: harder than photographs are on shrinking.
function harsh(width: number, height: number) {
  const pixels = new Uint8Array(width * height * 3);
  let seed = 5;
  for (let at = 0; at < width * height; at++) {
    const [x, y] = [at % width, Math.floor(at / width)];
    seed = Math.imul(seed, 1664525) + 1013904223;
    const noise = (seed >>> 24) % 40;
    const stripes = (x * x / 3000 + y * 0.3) % 60 < 30 ? 90 : 0;
    const check = (x >> 9) + (y >> 9) & 1 ? 100 : 0;
    pixels.set([stripes + noise, check + noise, stripes / 2 + check + noise], at * 3);
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

Deno.test("what CLIP sees is as from the picture in full, whatever is unpacked smaller", async () => {
  const originals: [string, Uint8Array][] = [];
  const big = harsh(4000, 3000);
  originals.push(["a JPEG of 12 megapixels", await big.clone().jpeg({ quality: 90 }).toBuffer()]);
  originals.push(["a WebP", await big.clone().resize(2800, 2100).webp({ effort: 0 }).toBuffer()]);
  originals.push(["a long one", await big.clone().resize(4000, 900).jpeg().toBuffer()]);
  if (data) {
    for (const name of ["img1", "couple", "img10", "img28"]) {
      originals.push([name, await Deno.readFile(`${data}/photos/people/${name}.jpg`)]);
      const enlarged = sharp(originals.at(-1)![1]).resize(4000, 4000, { fit: "inside" });
      originals.push([`${name} enlarged`, await enlarged.jpeg({ quality: 90 }).toBuffer()]);
    }
  } else console.warn("SAFELIGHT_TEST_DATA is not set: photographs not checked");
  for (const [name, bytes] of originals) {
    const { clipPixels } = await decodePhoto(bytes, { clipSize: SIZE });
    const likeness = cosine(clipPixels, await fromFull(bytes));
    assert.ok(likeness >= 0.995, `${name}: ${likeness}`);
  }
});

Deno.test("the preview of a long picture is long enough for CLIP's crop, and no wider than others", async () => {
  const long = await harsh(6000, 500).jpeg().toBuffer();
  const photo = await decodePhoto(long, { clipSize: SIZE });
  assert.deepEqual([photo.previewWidth, photo.previewHeight], [1440, 120]);
  const thumbnail = await sharp(photo.thumbnail).metadata();
  assert.deepEqual([thumbnail.width, thumbnail.height], [1440, 120]);
  assert.ok(cosine(photo.clipPixels, await fromFull(long)) >= 0.995);
});
