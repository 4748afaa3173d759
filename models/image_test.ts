import assert from "node:assert/strict";
import sharp, { type Create, type Exif, type Sharp } from "sharp";
import { decodePhoto, decodePreview } from "./image.ts";
import { ImageError, type ImageFault } from "./types.ts";

const data = Deno.env.get("SAFELIGHT_TEST_DATA");
const decode = (bytes: Uint8Array) => decodePhoto(bytes, { clipSize: 224 });

// Four quadrants: red, green / blue, white.
function quadrants(width: number, height: number): Sharp {
  const pixels = new Uint8Array(width * height * 3);
  const colours = [[220, 30, 30], [30, 180, 30], [30, 30, 220], [240, 240, 240]];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const quadrant = (y < height / 2 ? 0 : 2) + (x < width / 2 ? 0 : 1);
      pixels.set(colours[quadrant], (y * width + x) * 3);
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

function noise(width: number, height: number): Sharp {
  const pixels = new Uint8Array(width * height * 3);
  let seed = 1;
  for (let i = 0; i < pixels.length; i++) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    pixels[i] = seed >>> 24;
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

function difference(a: Uint8Array, b: Uint8Array): number {
  assert.equal(a.length, b.length);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] - b[i]);
  return sum / a.length;
}

async function assertFault(bytes: Uint8Array, fault: ImageFault, text?: RegExp) {
  await assert.rejects(decode(bytes), (error) => {
    assert.ok(error instanceof ImageError, String(error));
    assert.equal(error.fault, fault, error.message);
    if (text) assert.match(error.message, text);
    return true;
  });
}

Deno.test("CLIP's crop is within 2 grey levels of the reference", async () => {
  if (!data) {
    console.warn("SAFELIGHT_TEST_DATA is not set: CLIP's crop not checked against the reference");
    return;
  }
  let checked = 0;
  for await (const { name } of Deno.readDir(`${data}/reference/clip_224`)) {
    const expected = await sharp(`${data}/reference/clip_224/${name}`).removeAlpha().raw()
      .toBuffer();
    const path = `${data}/photos/people/${name.replace(".png", ".jpg")}`;
    const { clipPixels } = await decode(await Deno.readFile(path));
    assert.ok(difference(clipPixels, expected) < 1, `${name}: ${difference(clipPixels, expected)}`);
    checked++;
  }
  assert.equal(checked, 8);
});

Deno.test("what is stored is upright and no larger than it should be", async () => {
  const photo = await decode(await quadrants(3000, 2000).jpeg().toBuffer());
  assert.deepEqual([photo.width, photo.height, photo.format], [3000, 2000, "jpeg"]);
  assert.deepEqual([photo.previewWidth, photo.previewHeight], [1440, 960]);
  const preview = await sharp(photo.preview).metadata();
  assert.deepEqual([preview.format, preview.width, preview.height], ["jpeg", 1440, 960]);
  const thumbnail = await sharp(photo.thumbnail).metadata();
  assert.deepEqual([thumbnail.format, thumbnail.width, thumbnail.height], ["webp", 720, 480]);
  assert.equal(photo.clipPixels.length, 224 * 224 * 3);
  assert.deepEqual([photo.takenAt, photo.camera], [null, null]);
  const pixels = await decodePreview(photo.preview);
  assert.deepEqual([pixels.width, pixels.height, pixels.data.length], [1440, 960, 1440 * 960 * 3]);
});

Deno.test("all eight EXIF orientations give the same upright picture", async () => {
  const upright = await quadrants(120, 80).raw().toBuffer({ resolveWithObject: true });
  const raw = { raw: { width: 120, height: 80, channels: 3 } } as const;
  // What a camera stores so that the given orientation puts it upright again.
  const stored = [
    () => sharp(upright.data, raw),
    () => sharp(upright.data, raw).flop(),
    () => sharp(upright.data, raw).rotate(180),
    () => sharp(upright.data, raw).flip(),
    // sharp mirrors before it turns.
    () => sharp(upright.data, raw).flop().rotate(270),
    () => sharp(upright.data, raw).rotate(270),
    () => sharp(upright.data, raw).flop().rotate(90),
    () => sharp(upright.data, raw).rotate(90),
  ];
  const expected = await decode(await stored[0]().png().toBuffer());
  for (const [index, make] of stored.entries()) {
    // Turned first, tagged in a second pass: sharp would combine the two.
    const turned = await make().png().toBuffer();
    const tagged = await sharp(turned).withMetadata({ orientation: index + 1 })
      .jpeg({ quality: 95, chromaSubsampling: "4:4:4" }).toBuffer();
    const photo = await decode(tagged);
    const label = `orientation ${index + 1}`;
    assert.deepEqual([photo.width, photo.height], [120, 80], label);
    assert.deepEqual([photo.previewWidth, photo.previewHeight], [120, 80], label);
    assert.equal((await sharp(photo.preview).metadata()).orientation ?? 1, 1, label);
    assert.ok(difference(photo.clipPixels, expected.clipPixels) < 4, label);
  }
});

Deno.test("transparent pictures lie on white", async () => {
  const clear = { width: 40, height: 40, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } };
  for (const format of ["png", "webp", "gif"] as const) {
    const bytes = await sharp({ create: clear as Create }).toFormat(format).toBuffer();
    const photo = await decode(bytes);
    assert.ok(photo.clipPixels.every((level) => level >= 254), format);
    assert.equal(photo.flat, true);
  }
});

Deno.test("grey, 16-bit, CMYK, TIFF, AVIF, WebP and animated pictures become sRGB", async () => {
  const source = quadrants(90, 60);
  const forms: [string, Sharp][] = [
    ["png", source.clone().toColourspace("rgb16").png()],
    ["tiff", source.clone().tiff({ compression: "lzw" })],
    ["avif", source.clone().avif({ effort: 0, quality: 80 })],
    ["webp", source.clone().webp({ lossless: true })],
    ["gif", source.clone().gif()],
  ];
  const expected = await decode(await source.clone().png().toBuffer());
  for (const [format, form] of forms) {
    const photo = await decode(await form.toBuffer());
    assert.equal(photo.format, format);
    assert.deepEqual([photo.width, photo.height], [90, 60]);
    assert.ok(difference(photo.clipPixels, expected.clipPixels) < 4, format);
  }
  const cmyk = await source.clone().toColourspace("cmyk").jpeg().toBuffer();
  assert.equal((await sharp(cmyk).metadata()).space, "cmyk");
  // The gamut of print is smaller: near, not equal.
  assert.ok(difference((await decode(cmyk)).clipPixels, expected.clipPixels) < 40);
  const grey = await decode(await source.clone().greyscale().png().toBuffer());
  assert.equal(grey.clipPixels[0], grey.clipPixels[1]);
});

Deno.test("of an animation the first frame is the photo", async () => {
  const frames = await Promise.all(
    ["#c00000", "#0000c0"].map((background) =>
      sharp({ create: { width: 50, height: 30, channels: 3, background } }).png().toBuffer()
    ),
  );
  const bytes = await sharp(frames, { join: { animated: true } }).gif().toBuffer();
  assert.equal((await sharp(bytes, { animated: true }).metadata()).pages, 2);
  const photo = await decode(bytes);
  assert.deepEqual([photo.width, photo.height], [50, 30]);
  assert.ok(photo.clipPixels[0] > 150 && photo.clipPixels[2] < 50);
});

Deno.test("a wide-gamut profile is turned into sRGB", async () => {
  const colour = { width: 32, height: 32, channels: 3, background: "#b46464" } as const;
  const bytes = await sharp({ create: colour }).withIccProfile("p3").png().toBuffer();
  const raw = await sharp(bytes, { ignoreIcc: true }).removeAlpha().raw().toBuffer();
  assert.notEqual(raw[0], 180);
  const { clipPixels } = await decode(bytes);
  for (const [channel, level] of [180, 100, 100].entries()) {
    assert.ok(Math.abs(clipPixels[channel] - level) <= 2, `${channel}: ${clipPixels[channel]}`);
  }
});

Deno.test("tiny and very long pictures are photos too", async () => {
  for (const [width, height] of [[1, 1], [1, 3000], [20000, 3], [65000, 1], [9000, 300]]) {
    const photo = await decode(await quadrants(width, height).png().toBuffer());
    assert.deepEqual([photo.width, photo.height], [width, height]);
    assert.ok(photo.previewWidth <= 1440 && photo.previewHeight <= 1440);
    assert.equal(photo.clipPixels.length, 224 * 224 * 3);
  }
});

Deno.test("the hash tells pictures apart and survives another size and quality", async () => {
  const scene = await noise(9, 8).resize(900, 600, { kernel: "cubic", fit: "fill" }).png()
    .toBuffer();
  const first = await decode(scene);
  const again = await decode(await sharp(scene).resize(450, 300).jpeg({ quality: 70 }).toBuffer());
  assert.equal(first.flat, false);
  assert.equal(first.dhash, again.dhash);
  assert.match(first.dhash, /^[0-9a-f]{16}$/);
  const other = await decode(await sharp(scene).flop().png().toBuffer());
  assert.notEqual(first.dhash, other.dhash);
});

Deno.test("a file cut short is truncated, whatever its format", async () => {
  const source = noise(300, 200);
  const whole: Record<string, Uint8Array> = {
    jpeg: await source.clone().jpeg().toBuffer(),
    progressive: await source.clone().jpeg({ progressive: true }).toBuffer(),
    png: await source.clone().png().toBuffer(),
    webp: await source.clone().webp().toBuffer(),
    gif: await source.clone().gif().toBuffer(),
    tiff: await source.clone().tiff({ compression: "lzw" }).toBuffer(),
    avif: await source.clone().avif({ effort: 0 }).toBuffer(),
  };
  for (const [format, bytes] of Object.entries(whole)) {
    await decode(bytes);
    for (const part of [0.02, 0.5, 0.95]) {
      const cut = Uint8Array.from(bytes.subarray(0, Math.floor(bytes.length * part)));
      await assertFault(cut, "truncated", new RegExp(format.slice(0, 4), "i")).catch((error) => {
        if (format === "progressive") return assertFault(cut, "truncated");
        throw new Error(`${format} cut at ${part}: ${error.message}`);
      });
    }
  }
});

Deno.test("damage inside is corrupt", async () => {
  const formats = { jpeg: noise(300, 200).jpeg(), png: noise(300, 200).png() };
  for (const image of Object.values(formats)) {
    const bytes = Uint8Array.from(await image.toBuffer());
    const middle = bytes.length >> 1;
    for (let i = 0; i < 200; i++) bytes[middle + i] ^= 0xa5;
    await assertFault(bytes, "corrupt");
  }
});

Deno.test("bytes between a JPEG's segments are no damage", async () => {
  const bytes = await quadrants(64, 64).jpeg().toBuffer();
  const frame = bytes.indexOf(Uint8Array.of(0xff, 0xc0));
  const inside = new Uint8Array(bytes.length + 3);
  inside.set(bytes.subarray(0, frame));
  inside.set([1, 2, 3], frame);
  inside.set(bytes.subarray(frame), frame + 3);
  assert.equal((await decode(inside)).width, 64);
});

Deno.test("empty, foreign and absurd files say what they are", async () => {
  const text = (words: string) => new TextEncoder().encode(words);
  await assertFault(new Uint8Array(), "empty");
  await assertFault(text("hello, I am called holiday.jpg"), "unsupported");
  await assertFault(text("%PDF-1.7 …"), "unsupported", /PDF/);
  await assertFault(
    text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    "unsupported",
  );
  await assertFault(text("\0\0\0\x18ftyphevc\0\0\0\0msf1hevc"), "unsupported", /film of HEIC/);
  await assertFault(text("\0\0\0\x18ftypmp42\0\0\0\0isommp42"), "unsupported", /film/);
  await assertFault(text("II*\0\x10\0\0\0CR\x02\0"), "unsupported", /raw/);
  await assertFault(Uint8Array.of(0xff, 0xd8, 0xff), "truncated");
});

Deno.test("a picture too large is refused by its header", async () => {
  const bytes = Uint8Array.from(await quadrants(8, 8).png().toBuffer());
  const header = new DataView(bytes.buffer);
  header.setUint32(16, 30000);
  header.setUint32(20, 30000);
  header.setUint32(29, crc32(bytes.subarray(12, 29)));
  await assertFault(bytes, "too_large", /30000 × 30000 .*200 million/);
  header.setUint32(16, 500_000);
  header.setUint32(20, 1);
  header.setUint32(29, crc32(bytes.subarray(12, 29)));
  await assertFault(bytes, "too_large", /500000 × 1 .*400000/);
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

Deno.test("date and camera come from EXIF; nonsense is null", async () => {
  const shot = async (exif: Exif) => {
    const bytes = await quadrants(32, 32).withExif(exif).jpeg().toBuffer();
    const { takenAt, camera } = await decode(bytes);
    return [takenAt, camera];
  };
  const taken = (date: string) => ({ IFD2: { DateTimeOriginal: date } });
  assert.deepEqual(
    await shot({ IFD0: { Make: "Canon", Model: "Canon EOS R5" }, ...taken("2019:07:04 18:30:05") }),
    ["2019-07-04T18:30:05", "Canon EOS R5"],
  );
  assert.deepEqual(await shot({ IFD0: { Make: "Apple", Model: "iPhone 12" } }), [
    null,
    "Apple iPhone 12",
  ]);
  for (
    const date of [
      "0000:00:00 00:00:00",
      "    :  :     :  :  ",
      "yesterday",
      "2019:02:30 10:00:00",
      "2019:13:01 10:00:00",
      "0001:01:01 00:00:00",
    ]
  ) {
    assert.deepEqual(await shot(taken(date)), [null, null], date);
  }
});

Deno.test("what is said of a broken file does not depend on what fails beside it", async () => {
  const jpeg = new Uint8Array(
    await sharp({ create: { width: 600, height: 400, channels: 3, background: "#258" } })
      .composite([{
        input: { create: { width: 200, height: 150, channels: 3, background: "#db4" } },
      }])
      .jpeg().toBuffer(),
  );
  const png = new Uint8Array(await sharp(jpeg).png().toBuffer());
  const broken = [
    jpeg.slice(0, jpeg.length >> 1),
    png.slice(0, png.length >> 1),
    jpeg.with(jpeg.length >> 1, 0xff).fill(0xd9, 300, 420),
  ];
  const verdict = (bytes: Uint8Array) =>
    decodePhoto(bytes, { clipSize: 224 }).then(() => "fine", (error) => error.message);
  const alone: string[] = [];
  for (const bytes of broken) alone.push(await verdict(bytes));
  assert.ok(alone.every((words) => words !== "fine"));
  for (let round = 0; round < 10; round++) {
    const files = Array.from({ length: 12 }, (_, index) => broken[index % 3]);
    const beside = await Promise.all([...files, jpeg, png].map(verdict));
    assert.deepEqual(beside.slice(0, 12), files.map((_, index) => alone[index % 3]));
    assert.deepEqual(beside.slice(12), ["fine", "fine"]);
  }
});
