import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import sharp from "sharp";
import { isSrgbProfile } from "./colour_tags.ts";
import { closeDecodeThreads } from "./decode_threads.ts";
import { decodePhoto } from "./image.ts";
import { tiffOf } from "./tiff.ts";
import { type DecodedPhoto, ImageError, type ImageFault } from "./types.ts";

const RED = [220, 30, 30], GREEN = [30, 180, 30], BLUE = [30, 30, 220], GREY = [240, 240, 240];
const QUADRANTS = [RED, GREEN, BLUE, GREY];

const fixture = (name: string) => Deno.readFile(new URL(`./fixtures/${name}`, import.meta.url));
const decode = (bytes: Uint8Array) => decodePhoto(bytes, { clipSize: 224 });

// The middles of the four quadrants of CLIP's crop.
function colours({ clipPixels }: DecodedPhoto): number[][] {
  return [[56, 56], [168, 56], [56, 168], [168, 168]].map((
    [x, y],
  ) => [...clipPixels.subarray((y * 224 + x) * 3, (y * 224 + x) * 3 + 3)]);
}

function assertColours(photo: DecodedPhoto, expected: number[][], { within = 2, about = "" } = {}) {
  const found = colours(photo);
  const near = found.every((colour, i) =>
    colour.every((level, part) => Math.abs(level - expected[i][part]) <= within)
  );
  assert.ok(near, `${about} ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`);
}

function quadrants(
  expected = QUADRANTS,
  { width = 64, height = 48 } = {},
): Uint8Array<ArrayBuffer> {
  const pixels = new Uint8Array(width * height * 3);
  for (let at = 0; at < width * height; at++) {
    const [x, y] = [at % width, Math.floor(at / width)];
    pixels.set(expected[(y < height / 2 ? 0 : 2) + (x < width / 2 ? 0 : 1)], at * 3);
  }
  return pixels;
}

const picture = (expected = QUADRANTS) =>
  sharp(quadrants(expected), { raw: { width: 64, height: 48, channels: 3 } });

async function assertFault(bytes: Uint8Array, fault: ImageFault, text: RegExp) {
  await assert.rejects(decode(bytes), (error) => {
    assert.ok(error instanceof ImageError, String(error));
    assert.equal(error.fault, fault, error.message);
    assert.match(error.message, text);
    return true;
  });
}

// A decode thread outlives the photo it was started for.
const test = (name: string, run: () => Promise<void>) =>
  Deno.test({
    name,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () => run().finally(closeDecodeThreads),
  });

test("HEIC, JPEG XL and BMP are photos", async () => {
  for (const name of ["quadrants.heic", "quadrants.jxl"]) {
    const photo = await decode(await fixture(name));
    assert.equal(photo.format, name.split(".")[1]);
    assert.deepEqual([photo.width, photo.height, photo.previewWidth], [64, 48, 64]);
    assertColours(photo, QUADRANTS, { about: name });
  }
  for (const name of ["24", "os2", "8-rle", "4", "16-565", "16-555"]) {
    const photo = await decode(await fixture(`${name}.bmp`));
    assert.deepEqual([photo.width, photo.height, photo.format], [17, 11, "bmp"]);
    // Five bits a part: steps of eight.
    assertColours(photo, QUADRANTS, { about: name, within: name.startsWith("16") ? 7 : 0 });
  }
  const [black, white] = [[0, 0, 0], [255, 255, 255]];
  assertColours(await decode(await fixture("1.bmp")), [black, white, black, white]);
});

test("what is half transparent lies on white, in every format", async () => {
  const half = [[238, 143, 143], [143, 218, 143], [143, 143, 238], [248, 248, 248]];
  for (const name of ["alpha.heic", "alpha.jxl", "32-alpha.bmp"]) {
    assertColours(await decode(await fixture(name)), half, { about: name });
  }
  const palette = await picture().ensureAlpha(0.5).png({ palette: true }).toBuffer();
  assertColours(await decode(palette), half, { about: "PNG with a palette" });
});

test("wide gamuts become sRGB", async () => {
  // Display P3 as ICC: sharp converted sRGB to it, so what comes back is what went in.
  assertColours(await decode(await fixture("p3.heic")), QUADRANTS, { within: 3, about: "HEIC" });
  // 220 30 30 in Display P3 is beyond sRGB's red. From the primaries and curves of both: 240 0 0.
  const p3 = [[240, 0, 0], [0, 183, 0], [30, 30, 229], GREY];
  assertColours(await decode(await fixture("p3.jxl")), p3, { about: "JPEG XL" });
  const avif = await fixture("p3.avif");
  assertColours(await decode(avif), p3, { about: "AVIF by numbers", within: 3 });
  const png = withChunk(await picture().png().toBuffer(), "cICP", [12, 13, 0, 1]);
  assertColours(await decode(png), p3, { about: "PNG by numbers" });
});

test("profiles are applied to 8 and to 16 bits, and plain sRGB's to none", async () => {
  const profile = async (name: string) => {
    const { icc } = await sharp(await picture().withIccProfile(name).png().toBuffer()).metadata();
    return icc!;
  };
  const [p3, srgb] = [await profile("p3"), await profile("srgb")];
  assert.deepEqual([isSrgbProfile(p3), isSrgbProfile(srgb)], [false, true]);
  const numbers = [[180, 100, 100], [100, 180, 100], [100, 100, 180], GREY];
  // From the primaries and curves of both spaces.
  const expected = [[193, 95, 98], [65, 182, 90], [100, 100, 186], GREY];
  const size = { width: 64, height: 48, channels: 3 };
  const levels = quadrants(numbers);
  const deep = Uint16Array.from(levels, (level) => level * 257);
  assertColours(await decode(tiffOf({ data: levels, ...size }, p3)), expected, { about: "8 bits" });
  assertColours(await decode(tiffOf({ data: deep, ...size }, p3)), expected, { about: "16 bits" });
  assertColours(await decode(tiffOf({ data: deep, ...size }, srgb)), numbers, { within: 0 });
  const jpeg = await picture().withIccProfile("p3").jpeg({
    quality: 100,
    chromaSubsampling: "4:4:4",
  }).toBuffer();
  assertColours(await decode(jpeg), QUADRANTS, { about: "JPEG", within: 3 });
  const damaged = await decode(tiffOf({ data: levels, ...size }, p3.subarray(0, 200)));
  assertColours(damaged, numbers, { about: "half a profile" });
});

test("Adobe RGB, by its profile's name or by a word in the EXIF, becomes sRGB", async () => {
  // Linear, 150 is 0.3114 of Adobe RGB and 100 is 0.1276; its green is greener than sRGB's.
  const adobe = [[150, 150, 150], [100, 150, 100], [150, 100, 100], [240, 240, 240]];
  const srgb = [[151, 151, 151], [66, 151, 97], [167, 100, 100], [240, 240, 240]];
  const jpeg = await picture(adobe).withExif({ IFD2: { ColorSpace: "65535" } })
    .jpeg({ quality: 100, chromaSubsampling: "4:4:4" }).toBuffer();
  assertColours(await decode(jpeg), adobe, { about: "without the word" });
  const named = withExif(
    await picture(adobe).jpeg({ quality: 100, chromaSubsampling: "4:4:4" })
      .toBuffer(),
    interoperability("R03"),
  );
  assertColours(await decode(named), srgb, { about: "R03" });
  const usual = withExif(
    await picture(adobe).jpeg({ quality: 100, chromaSubsampling: "4:4:4" })
      .toBuffer(),
    interoperability("R98"),
  );
  assertColours(await decode(usual), adobe, { about: "R98" });
});

test("HDR shows light up to paper white as it is, and what is brighter nearly white", async () => {
  // Of 203, 50, 1000 and 4 cd/m², by PQ: 50/203 of paper white is sRGB's level 136, 4/203 its 38.
  const levels = [[231, 231, 231], [136, 136, 136], [251, 251, 251], [38, 38, 38]];
  assertColours(await decode(await fixture("pq.heic")), levels, { about: "HEIC" });
  const pq = [148, 112, 192, 59].map((level) => [level, level, level]);
  const png = withChunk(await picture(pq).png().toBuffer(), "cICP", [9, 16, 0, 1]);
  assertColours(await decode(png), levels, { about: "PNG", within: 4 });
  assertColours(await decode(await fixture("pq.avif")), levels, { about: "AVIF" });
  // HLG's 75 % is paper white; half its range a quarter of that light, by the square root's law.
  const hlg = [191, 128, 255, 0].map((level) => [level, level, level]);
  const film = withChunk(await picture(hlg).png().toBuffer(), "cICP", [9, 18, 0, 1]);
  const [paper, half, brightest, black] = colours(await decode(film)).map(([red]) => red);
  assert.ok(Math.abs(paper - 231) <= 3, `${paper}`);
  assert.ok(Math.abs(half - 136) <= 3, `${half}`);
  assert.ok(brightest > 248 && black === 0, `${brightest} ${black}`);
  await assertFault(await fixture("pq.jxl"), "unsupported", /HDR \(PQ\)/);
});

test("16-bit and many-paged TIFFs, LZW, are photos of their first page", async () => {
  const levels = Uint16Array.from(quadrants(), (level) => level * 257);
  const deep = tiffOf({ data: levels, width: 64, height: 48, channels: 3 });
  assertColours(await decode(deep), QUADRANTS, { about: "16 bits", within: 0 });
  const pages = await Promise.all(
    [QUADRANTS, QUADRANTS.toReversed()].map((colours) => picture(colours).png().toBuffer()),
  );
  const tiff = await sharp(pages, { join: { animated: true } }).tiff({ compression: "lzw" })
    .toBuffer();
  assert.equal((await sharp(tiff).metadata()).pages, 2);
  const photo = await decode(tiff);
  assert.deepEqual([photo.width, photo.height], [64, 48]);
  assertColours(photo, QUADRANTS, { about: "the first of two" });
});

test("progressive, CMYK and grey JPEGs are photos", async () => {
  const jpeg = { quality: 100, chromaSubsampling: "4:4:4" };
  const progressive = await picture().jpeg({ ...jpeg, progressive: true }).toBuffer();
  assertColours(await decode(progressive), QUADRANTS);
  // Adobe's programs store CMYK upside down, and say so in a segment; sharp does as they do.
  const cmyk = await picture().toColourspace("cmyk").jpeg(jpeg).toBuffer();
  assert.ok(cmyk.includes("Adobe"));
  const [red, , , grey] = colours(await decode(cmyk));
  assert.ok(red[0] > 180 && red[1] < 90 && red[2] < 90, `${red}`);
  assert.ok(grey.every((level) => level > 215), `${grey}`);
});

test("of an Ultra HDR JPEG the picture for any screen is the photo", async () => {
  const bytes = Buffer.from(await fixture("uhdr.jpg"));
  // Its maker's name for the second picture.
  assert.ok(bytes.includes("urn:iso:std:iso:ts:21496:-1") || bytes.includes("hdrgm"));
  const photo = await decode(bytes);
  assert.deepEqual([photo.width, photo.height, photo.format], [64, 48, "jpeg"]);
  const base = bytes.subarray(0, bytes.indexOf("ffd9ffd8", 0, "hex") + 2);
  assertColours(photo, colours(await decode(base)), { within: 0 });
});

test("orientations that are none leave the picture as it is", async () => {
  for (const orientation of [0, 9, 65535]) {
    const tag = Buffer.from("4d4d002a000000080001011200030000000100000000000000000000", "hex");
    tag.writeUInt16BE(orientation, 18);
    const photo = await decode(withExif(await picture().jpeg().toBuffer(), tag));
    assert.deepEqual([photo.width, photo.height], [64, 48], `${orientation}`);
  }
});

test("a HEIC stands as its container says", async () => {
  const file = Buffer.from(await fixture("p3.heic"));
  const at = file.indexOf("colrprof") - 4;
  const size = file.readUInt32BE(at);
  // In the profile's place: a quarter turn to the left, and nothing.
  file.writeUInt32BE(9, at);
  file.write("irot", at + 4, "latin1");
  file[at + 8] = 1;
  file.writeUInt32BE(size - 9, at + 9);
  file.write("free", at + 13, "latin1");
  const photo = await decode(file);
  assert.deepEqual([photo.width, photo.height], [48, 64]);
  assert.deepEqual([photo.previewWidth, photo.previewHeight], [48, 64]);
  const [green, grey, red, blue] = colours(photo);
  assert.ok(green[1] > 150 && grey[0] > 230 && red[0] > 180 && blue[2] > 180);
});

test("the film behind the still of a motion photo is no damage", async () => {
  const film = Buffer.from("\0\0\0\x18ftypmp42\0\0\0\0isommp42\0\0\x10\0mdat", "latin1");
  const noise = Buffer.alloc(4096, 0x5a);
  const photo = await decode(Buffer.concat([await picture().jpeg().toBuffer(), film, noise]));
  assert.deepEqual([photo.width, photo.height, photo.format], [64, 48, "jpeg"]);
  const heic = Buffer.concat([await fixture("p3.heic"), Buffer.from("\0\0\x10\x08mpvd"), noise]);
  assert.equal((await decode(heic)).format, "heic");
});

test("files of these formats that are cut short or damaged say so", async () => {
  const whole = {
    "p3.heic": /HEIC/,
    "quadrants.jxl": /JPEG XL/,
    "24.bmp": /BMP/,
    "8-rle.bmp": /BMP/,
  };
  for (const [name, words] of Object.entries(whole)) {
    const bytes = await fixture(name);
    for (const part of [0.3, 0.9]) {
      await assertFault(bytes.slice(0, bytes.length * part), "truncated", words).catch((error) => {
        throw new Error(`${name} cut at ${part}: ${error.message}`);
      });
    }
  }
  const heic = Buffer.from(await fixture("p3.heic"));
  heic.fill(0xa5, heic.indexOf("hvcC"), heic.indexOf("hvcC") + 60);
  await assertFault(heic, "corrupt", /HEIC file is damaged/);
  const bmp = await fixture("24.bmp");
  bmp[28] = 7;
  await assertFault(bmp, "corrupt", /BMP file is damaged/);
});

test("these formats too are refused by their header if they are too large", async () => {
  const bmp = await fixture("24.bmp");
  new DataView(bmp.buffer).setUint32(18, 30_000, true);
  new DataView(bmp.buffer).setUint32(22, 30_000, true);
  await assertFault(bmp, "too_large", /30000 × 30000/);
  const heic = Buffer.from(await fixture("p3.heic"));
  // As coded, and as cropped from that.
  for (let at = heic.indexOf("ispe"); at >= 0; at = heic.indexOf("ispe", at + 4)) {
    heic.writeUInt32BE(30_000, at + 8);
    heic.writeUInt32BE(30_000, at + 12);
  }
  await assertFault(heic, "too_large", /30000 × 30000/);
  // SizeHeader: not small, 30 bits of height, then a ratio of 1 : 1.
  const bits = "0" + "11" + reversed((30_000 - 1).toString(2).padStart(30, "0")) + "100";
  const jxl = Buffer.concat([
    Buffer.from("ff0a", "hex"),
    Buffer.from(bits.padEnd(64, "0").match(/.{8}/g)!.map((byte) => parseInt(reversed(byte), 2))),
  ]);
  await assertFault(jxl, "too_large", /30000 × 30000/);
});

test("whatever happens to a file's bytes, it is a photo or at fault itself", async () => {
  const names = ["quadrants.heic", "quadrants.jxl", "8-rle.bmp", "pq.avif", "uhdr.jpg"];
  let seed = 3;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor(seed / 2 ** 32 * below);
  };
  for (let round = 0; round < 60; round++) {
    const name = names[round % names.length];
    const bytes = await fixture(name);
    for (let i = random(5); i >= 0; i--) bytes[random(bytes.length)] = random(256);
    await decode(bytes).catch((error) => {
      if (!(error instanceof ImageError)) throw new Error(`${name}, round ${round}: ${error}`);
    });
  }
});

const reversed = (text: string) => [...text].reverse().join("");

function withChunk(png: Buffer, type: string, data: number[]): Buffer {
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length);
  chunk.write(type, 4, "latin1");
  chunk.set(data, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return Buffer.concat([png.subarray(0, 33), chunk, png.subarray(33)]);
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function withExif(jpeg: Buffer, tiff: Buffer): Buffer {
  const head = Buffer.from("ffe100004578696600 00".replace(" ", ""), "hex");
  head.writeUInt16BE(2 + 6 + tiff.length, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, tiff, jpeg.subarray(2)]);
}

// IFD0 → EXIF directory (ColorSpace: uncalibrated) → interoperability directory with its index.
function interoperability(index: string): Buffer {
  const entry = (tag: number, type: number, count: number, value: string) =>
    [tag, type].map((word) => word.toString(16).padStart(4, "0")).join("") +
    count.toString(16).padStart(8, "0") + value;
  const long = (value: number) => value.toString(16).padStart(8, "0");
  return Buffer.from(
    "4d4d002a00000008" +
      "0001" + entry(0x8769, 4, 1, long(26)) + long(0) +
      "0002" + entry(0xa001, 3, 1, "ffff0000") + entry(0xa005, 4, 1, long(56)) + long(0) +
      "0001" + entry(1, 2, 4, Buffer.from(`${index}\0`).toString("hex")) + long(0),
    "hex",
  );
}
