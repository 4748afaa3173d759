import { Buffer } from "node:buffer";
import { boxes, boxOf } from "./boxes.ts";
import { parseExif } from "./exif_block.ts";
import { ImageError } from "./types.ts";

/** The picture a camera put into its raw file to show there and then. */
export interface RawPreview {
  jpeg: Uint8Array;
  /** EXIF blocks of the raw file. */
  exif: Uint8Array[];
  /** And of the preview itself. */
  own: Uint8Array[];
}

interface Found {
  at: number;
  width: number;
  height: number;
  /** Where the frame's header begins, so that something can be put before it. */
  frame: number;
}

/** Smaller ones are index prints, which would stand in search and people for a photo they are not. */
const LEAST_SIDE = 480;

/**
 * Segments looked at for one beginning, and in all; heads of previews have tens of them. Without an
 * end, a file made of beginnings whose segments lead into each other would take hours.
 */
const SEGMENTS_OF_ONE = 1000;
const MOST_SEGMENTS = 100_000;

/**
 * Finds the largest JPEG in a camera's raw file, and makes it stand as the file says. Cameras keep it
 * in places of their own, some only their makers know (Olympus and Pentax within the maker's notes);
 * but a JPEG tells itself by how it begins: of three bytes that chance repeats every 16 MB, and
 * segments that chance does not. Throws an ImageError `unsupported` if there is none larger than an
 * index print.
 */
export function findPreview(file: Uint8Array): RawPreview {
  let best: Found | null = null;
  const left = { segments: MOST_SEGMENTS };
  for (let at = file.indexOf(0xff); at >= 0; at = file.indexOf(0xff, at + 1)) {
    if (file[at + 1] !== 0xd8 || file[at + 2] !== 0xff) continue;
    const found = readFrame(file, at, left);
    if (found && (!best || found.width * found.height > best.width * best.height)) best = found;
  }
  if (!best || Math.max(best.width, best.height) < LEAST_SIDE) {
    const what = best ? `a preview of only ${best.width} × ${best.height} pixels` : "no preview";
    throw new ImageError("unsupported", `The camera's raw file holds ${what} to read it by`);
  }
  const exif = exifBlocks(file);
  const own = jpegExif(file, best);
  return { jpeg: upright(file, best, { exif, own }), exif, own };
}

// Baseline or progressive, in colour: raw data themselves are often lossless JPEG (SOF3), in grey.
function readFrame(
  file: Uint8Array,
  start: number,
  left: { segments: number },
): Found | null {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const end = Math.max(0, left.segments - SEGMENTS_OF_ONE);
  for (let at = start + 2; at + 10 < file.length && left.segments > end; left.segments--) {
    if (file[at] !== 0xff) return null;
    const marker = file[at + 1];
    if (marker === 0xff) {
      at++;
      continue;
    }
    const tables = marker === 0xc4 || marker === 0xdb || marker === 0xdd || marker >= 0xe0;
    if (marker >= 0xc0 && marker <= 0xc2) {
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      const fine = file[at + 4] === 8 && file[at + 9] === 3 && width > 0 && height > 0;
      return fine ? { at: start, width, height, frame: at } : null;
    }
    if (!tables) return null;
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}

// The preview lies as the sensor saw it, and the file says how to turn it; unless the preview says
// so itself, or stands already (sensors are wider than high). It is told before all else in it, since
// libvips takes the first EXIF block, and what the preview has may say nothing of this.
function upright(
  file: Uint8Array,
  { at, width, height }: Found,
  { exif, own }: { exif: Uint8Array[]; own: Uint8Array[] },
): Uint8Array {
  const jpeg = file.subarray(at);
  const orientation = orientationOf(exif);
  const turned = orientation >= 5 && height > width;
  if (orientation === 1 || turned || orientationOf(own) !== 1) return jpeg;
  const tag = Buffer.from("ffe10022457869660000", "hex");
  const tiff = Buffer.from("4d4d002a000000080001011200030000000100000000000000000000", "hex");
  tiff.writeUInt16BE(orientation, 18);
  tag.writeUInt16BE(2 + 6 + tiff.length, 2);
  return Buffer.concat([jpeg.subarray(0, 2), tag, tiff, jpeg.subarray(2)]);
}

function jpegExif(file: Uint8Array, { at, frame }: Found): Uint8Array[] {
  const head = Buffer.from(file.buffer, file.byteOffset + at, frame - at);
  const start = head.indexOf("Exif\0\0", 0, "latin1");
  return start < 0 ? [] : [head.subarray(start)];
}

/**
 * The raw file's own EXIF. Most are TIFF files, some under another name in bytes 2 and 3; Canon's CR3
 * has its directories in boxes of their own; Fujifilm's RAF has it in the preview only.
 */
function exifBlocks(file: Uint8Array): Uint8Array[] {
  const text = Buffer.from(file.buffer, file.byteOffset, Math.min(16, file.length));
  if (text.toString("latin1", 4, 8) === "ftyp") return canonBlocks(file);
  if (text.toString("latin1", 0, 4) === "FUJI") return [];
  const little = file[0] === 0x49;
  if (file[little ? 2 : 3] === 0x2a && file[little ? 3 : 2] === 0) return [file];
  const copy = file.slice();
  copy.set(little ? [0x2a, 0] : [0, 0x2a], 2);
  return [copy];
}

function canonBlocks(file: Uint8Array): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  for (const { type, body } of boxes(boxOf(file, "moov") ?? new Uint8Array())) {
    if (type !== "uuid") continue;
    for (const part of boxes(body.subarray(16))) {
      if (part.type === "CMT1") blocks.push(part.body);
      if (part.type === "CMT2") blocks.push(below(part.body, 0x8769));
      if (part.type === "CMT4") blocks.push(below(part.body, 0x8825));
    }
  }
  return blocks;
}

// Makes a directory that stands alone the sub-directory (EXIF, GPS) it is elsewhere: one more, with
// nothing but where that one is, becomes the first.
function below(tiff: Buffer, tag: number): Uint8Array {
  if (tiff.length < 8) return tiff;
  const little = tiff[0] === 0x49;
  const end = tiff.length + tiff.length % 2;
  const copy = Buffer.alloc(end + 18);
  tiff.copy(copy);
  const short = (value: number, at: number) =>
    little ? copy.writeUInt16LE(value, at) : copy.writeUInt16BE(value, at);
  const long = (value: number, at: number) =>
    little ? copy.writeUInt32LE(value, at) : copy.writeUInt32BE(value, at);
  const first = little ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  short(1, end), short(tag, end + 2), short(4, end + 4), long(1, end + 6), long(first, end + 10);
  long(end, 4);
  return copy;
}

function orientationOf(blocks: Uint8Array[]): number {
  for (const block of blocks) {
    const value = parseExif(block)?.Image?.Orientation;
    if (typeof value === "number" && value >= 1 && value <= 8) return value;
  }
  return 1;
}
