import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import sharp from "sharp";
import { parseExif } from "./exif_block.ts";
import { decodePhoto } from "./image.ts";
import { findPreview } from "./raw.ts";
import { ImageError } from "./types.ts";

// Containers as cameras lay them out, with pictures of our own in them: no camera's file is at hand.

const jpegOf = (width: number, height: number, background: string) =>
  sharp({ create: { width, height, channels: 3, background } }).jpeg().toBuffer();

const [full, small] = [await jpegOf(1200, 800, "#c02020"), await jpegOf(160, 120, "#2020c0")];

// What sensors give: any bytes at all, the beginning of a JPEG among them.
function sensorData(length: number): Buffer {
  const data = Buffer.alloc(length);
  let seed = 7;
  for (let i = 0; i < length; i++) data[i] = (seed = Math.imul(seed, 1664525) + 1013904223) >>> 24;
  data.set([0xff, 0xd8, 0xff, 0xe1, 0, 8], length >> 1);
  return data;
}

interface Entry {
  tag: number;
  /** Bytes that go elsewhere in the file, or one number. */
  value: number | Buffer;
}

/** A TIFF of directories, which pointers name by their number. */
function tiff(directories: Entry[][], { big = false, head = "II*\0" } = {}): Buffer {
  const starts: number[] = [];
  // Canon has two words of its own between head and first directory.
  let end = head.startsWith("CR", 8) ? 16 : 8;
  for (const entries of directories) {
    starts.push(end);
    end += 2 + entries.length * 12 + 4;
  }
  const parts: Buffer[] = [];
  const file = Buffer.alloc(end);
  file.write(head, 0, "latin1");
  const short = (value: number, at: number) =>
    big ? file.writeUInt16BE(value, at) : file.writeUInt16LE(value, at);
  const long = (value: number, at: number) =>
    big ? file.writeUInt32BE(value, at) : file.writeUInt32LE(value, at);
  long(starts[0], 4);
  directories.forEach((entries, index) => {
    short(entries.length, starts[index]);
    entries.forEach(({ tag, value }, i) => {
      const at = starts[index] + 2 + i * 12;
      const words = typeof value !== "number";
      short(tag, at);
      short(TEXTS.has(tag) ? 2 : tag === ORIENTATION ? 3 : 4, at + 2);
      long(words && TEXTS.has(tag) ? value.length : 1, at + 4);
      if (words) {
        long(end, at + 8);
        parts.push(value);
        end += value.length;
      } else if (tag === ORIENTATION) short(value, at + 8);
      else long(POINTERS.has(tag) ? starts[value] : value, at + 8);
    });
  });
  return Buffer.concat([file, ...parts]);
}

const ORIENTATION = 0x112;
const TEXTS = new Set([0x10f, 0x110, 0x9003, 0x9011]);
const POINTERS = new Set([0x14a, 0x8769, 0x8825]);
const text = (words: string) => Buffer.from(`${words}\0`);

const shot = (orientation: number): Entry[] => [
  { tag: 0x10f, value: text("Maker") },
  { tag: 0x110, value: text("Model 1") },
  { tag: ORIENTATION, value: orientation },
];
const dated: Entry[] = [{ tag: 0x9003, value: text("2020:02:29 12:00:00") }];
const preview = (jpeg: Buffer): Entry[] => [{ tag: 0x201, value: jpeg }];
const raw: Entry[] = [{ tag: 0x111, value: sensorData(50_000) }];

function box(type: string, ...parts: Uint8Array[]): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + parts.reduce((sum, part) => sum + part.length, 0));
  head.write(type, 4, "latin1");
  return Buffer.concat([head, ...parts]);
}

const ifd0 = (orientation: number, more: Entry[] = []): Entry[] => [
  { tag: 0xfe, value: 1 },
  ...shot(orientation),
  ...more,
];

/** Each kind of file, with the picture lying as orientation 6 (a quarter to the right) puts it up. */
const KINDS: Record<string, Buffer> = {
  // Canon: a thumbnail in a second directory, the preview as a strip of the first.
  cr2: tiff([
    [...shot(6), { tag: 0x111, value: full }, { tag: 0x8769, value: 1 }],
    dated,
    preview(small),
    raw,
  ], { head: "II*\0\0\0\0\0CR\x02\0" }),
  // Nikon: previews in sub-directories, big-endian.
  nef: tiff([
    ifd0(6, [{ tag: 0x14a, value: 1 }, { tag: 0x8769, value: 2 }]),
    preview(full),
    dated,
    raw,
    preview(small),
  ], { big: true, head: "MM\0*" }),
  arw: tiff([ifd0(6, [{ tag: 0x201, value: full }, { tag: 0x8769, value: 1 }]), dated, raw]),
  dng: tiff([
    ifd0(6, [{ tag: 0x14a, value: 1 }, { tag: 0x8769, value: 2 }, { tag: 0xc612, value: 1 }]),
    [{ tag: 0x111, value: full }],
    dated,
    raw,
  ]),
  // Olympus: within the maker's notes, under its own magic number.
  orf: tiff([ifd0(6, [{ tag: 0x8769, value: 1 }]), [...dated, { tag: 0x927c, value: full }], raw], {
    head: "IIRO",
  }),
  // Panasonic: a tag for the whole preview, another magic number.
  rw2: tiff([
    [{ tag: 0x2e, value: full }, ...shot(6), { tag: 0x8769, value: 1 }],
    dated,
    raw,
  ], { head: "IIU\0" }),
  // Canon's CR3: boxes; directories in a uuid box of moov, previews beside it.
  cr3: Buffer.concat([
    box("ftyp", Buffer.from("crx \0\0\0\x01crx isom")),
    box(
      "moov",
      box(
        "uuid",
        Buffer.alloc(16, 1),
        box("CMT1", tiff([shot(6)])),
        box("CMT2", tiff([dated])),
        box("THMB", small),
      ),
    ),
    box("uuid", Buffer.alloc(16, 2), box("PRVW", full)),
    box("mdat", sensorData(50_000)),
  ]),
};

Deno.test("of a raw file the largest preview is the photo, upright, with the file's own EXIF", async () => {
  for (const [kind, file] of Object.entries(KINDS)) {
    const photo = await decodePhoto(file, { clipSize: 224 });
    assert.deepEqual([photo.width, photo.height, photo.format], [800, 1200, "raw"], kind);
    assert.deepEqual([photo.previewWidth, photo.previewHeight], [800, 1200], kind);
    assert.deepEqual([photo.camera, photo.takenAt], ["Maker Model 1", "2020-02-29T12:00:00"], kind);
    assert.ok(photo.clipPixels[0] > 180 && photo.clipPixels[2] < 50, kind);
  }
});

Deno.test("Fujifilm's preview has the EXIF in itself", async () => {
  const own = await sharp(full).withExif({ IFD0: { Make: "FUJIFILM", Model: "X-T5" } })
    .withMetadata({ orientation: 8 }).jpeg().toBuffer();
  const head = Buffer.from("FUJIFILMCCD-RAW 0201FF129502X-T5".padEnd(92, "\0"), "latin1");
  const photo = await decodePhoto(Buffer.concat([head, own, sensorData(20_000)]), {
    clipSize: 224,
  });
  assert.deepEqual([photo.width, photo.height, photo.camera], [800, 1200, "FUJIFILM X-T5"]);
});

Deno.test("a preview that stands already is not turned again", async () => {
  const upright = await jpegOf(800, 1200, "#c02020");
  const file = tiff([ifd0(6, [{ tag: 0x201, value: upright }]), raw]);
  const photo = await decodePhoto(file, { clipSize: 224 });
  assert.deepEqual([photo.width, photo.height], [800, 1200]);
  const tagged = await sharp(full).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  const once = await decodePhoto(tiff([ifd0(6, [{ tag: 0x201, value: tagged }]), raw]), {
    clipSize: 224,
  });
  assert.deepEqual([once.width, once.height], [800, 1200]);
});

Deno.test("a preview whose own EXIF does not say how it lies is turned as the file says", async () => {
  const make = tiff([[{ tag: 0x10f, value: text("Within") }]]);
  const size = Buffer.alloc(2);
  size.writeUInt16BE(2 + 6 + make.length);
  const app1 = Buffer.concat([Buffer.from([0xff, 0xe1]), size, text("Exif\0"), make]);
  const made = Buffer.concat([full.subarray(0, 2), app1, full.subarray(2)]);
  // This one says 1, as if it stood.
  const usual = await sharp(full).withExif({ IFD2: { LensModel: "Lens 2" } }).jpeg().toBuffer();
  for (const [jpeg, lens] of [[made, null], [usual, "Lens 2"]] as const) {
    const file = tiff([ifd0(6, [{ tag: 0x201, value: jpeg }]), raw]);
    const photo = await decodePhoto(file, { clipSize: 224 });
    assert.deepEqual([photo.width, photo.height, photo.lens], [800, 1200, lens]);
    assert.deepEqual([photo.previewWidth, photo.previewHeight], [800, 1200]);
  }
  const found = findPreview(tiff([ifd0(6, [{ tag: 0x201, value: made }]), raw]));
  assert.equal(parseExif(found.own[0])?.Image?.Make, "Within");
});

Deno.test("beginnings without end, whose segments lead into each other, are given up", () => {
  // Each is followed through all that come after: 4 million of them would take hours.
  const unit = Buffer.from("ffe00006ffd8ffe0", "hex");
  const file = Buffer.concat([Buffer.from("II*\0"), Buffer.alloc(32 << 20, unit)]);
  assert.throws(() => findPreview(file), /no preview/);
  const found = findPreview(Buffer.concat([KINDS.arw, Buffer.alloc(1 << 20, unit)]));
  assert.deepEqual([found.jpeg[0], found.jpeg[1]], [0xff, 0xd8]);
});

Deno.test("a raw file without a preview to speak of is skipped, with the reason", () => {
  const skipped = (file: Uint8Array, reason: RegExp) =>
    assert.throws(() => findPreview(file), (error) => {
      assert.ok(error instanceof ImageError && error.fault === "unsupported", String(error));
      assert.match(error.message, reason);
      return true;
    });
  skipped(tiff([ifd0(1, preview(small)), raw]), /a preview of only 160 × 120 pixels/);
  skipped(tiff([ifd0(1), raw]), /no preview/);
});

Deno.test("a preview cut off is a truncated file", async () => {
  const file = KINDS.arw.subarray(0, KINDS.arw.indexOf(full) + (full.length >> 1));
  await assert.rejects(decodePhoto(file, { clipSize: 224 }), (error) => {
    assert.ok(error instanceof ImageError && error.fault === "truncated", String(error));
    assert.match(error.message, /preview in the camera's raw file ends/);
    return true;
  });
});
