import { crc32 } from "node:zlib";
import { makeRandom } from "./random.ts";

/** What a run must make of a file that is no photo; `ignored` is not even counted. */
export type FaultKind = "corrupt" | "empty" | "truncated" | "unsupported" | "too_large" | "ignored";

/** A file that cannot become a photo. `from` names the picture that `make` gets the bytes of. */
export interface Fault {
  path: string;
  kind: FaultKind;
  from?: number;
  make: (picture: Uint8Array) => Uint8Array;
}

const pngSignature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Every kind of file that a real folder of photos collects over the years. */
export const faults: readonly Fault[] = [
  { path: "broken/half-downloaded.jpg", kind: "truncated", from: 2, make: firstPart },
  { path: "broken/card-full.jpg", kind: "truncated", from: 45 + 27, make: firstPart },
  { path: "broken/half-saved.png", kind: "truncated", from: 9, make: firstPart },
  { path: "broken/scrambled.jpg", kind: "corrupt", from: 30, make: scrambled },
  {
    path: "broken/recovered.jpg",
    kind: "corrupt",
    make: () => join([0xff, 0xd8, 0xff, 0xe0], noise(9000), [0xff, 0xd9]),
  },
  { path: "broken/damaged.png", kind: "corrupt", from: 9, make: scrambled },
  { path: "broken/zero.jpg", kind: "empty", make: () => new Uint8Array() },
  { path: "broken/nothing.png", kind: "empty", make: () => new Uint8Array() },
  { path: "broken/poster.png", kind: "too_large", make: hugePng },
  {
    path: "broken/letter.jpg",
    kind: "unsupported",
    make: () => text("Dear all,\n\nthe photos are on the other disk.\n"),
  },
  {
    path: "phone/IMG_4410.heic",
    kind: "unsupported",
    // A burst as a film: no still among them.
    make: () => join(box("hevc", "msf1"), noise(4000)),
  },
  {
    path: "phone/VID_4411.jpg",
    kind: "unsupported",
    make: () => join(box("isom", "mp42"), noise(4000)),
  },
  {
    path: "phone/VID_4412.mp4",
    kind: "ignored",
    make: () => join(box("isom", "mp42"), noise(4000)),
  },
  { path: "phone/notes.txt", kind: "ignored", make: () => text("Batteries!\n") },
  { path: "walks/Thumbs.db", kind: "ignored", make: () => noise(600) },
];

function firstPart(picture: Uint8Array): Uint8Array {
  return picture.subarray(0, Math.floor(picture.length * 0.45));
}

/** The file begins and ends like a picture, but its headers are overwritten. */
function scrambled(picture: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(picture);
  copy.set(noise(700), 12);
  return copy;
}

/** A correct header that claims 30 000 × 30 000 pixels, and next to nothing behind it. */
function hugePng(): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, 30_000);
  view.setUint32(4, 30_000);
  header.set([8, 2], 8);
  return join(pngSignature, chunk("IHDR", header), chunk("IDAT", noise(64)), chunk("IEND", []));
}

function chunk(type: string, data: ArrayLike<number>): Uint8Array {
  const body = join(text(type), data);
  const frame = new DataView(new ArrayBuffer(8));
  frame.setUint32(0, data.length);
  frame.setUint32(4, crc32(body));
  const bytes = new Uint8Array(frame.buffer);
  return join(bytes.subarray(0, 4), body, bytes.subarray(4));
}

/** The first box of an ISO media file, which names its kind. */
function box(brand: string, other: string): Uint8Array {
  return join([0, 0, 0, 24], text(`ftyp${brand}`), [0, 0, 0, 0], text(`${other}${brand}`));
}

function noise(length: number): Uint8Array {
  const random = makeRandom(length);
  // Never 0xFF, so that no marker of a JPEG appears by chance.
  return Uint8Array.from({ length }, () => Math.floor(random() * 255));
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function join(...parts: ArrayLike<number>[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}
