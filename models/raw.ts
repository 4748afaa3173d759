import { Buffer } from "node:buffer";
import readExif from "exif-reader";
import { boxes, boxOf } from "./boxes.ts";
import { ImageError } from "./types.ts";

/** The picture a camera put into its raw file to show there and then. */
export interface RawPreview {
  jpeg: Uint8Array;
  /** EXIF blocks: of the raw file, which go first, and at last of the preview itself. */
  exif: Uint8Array[];
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
 * Finds the largest JPEG in a camera's raw file, and makes it stand as the file says. Cameras keep it
 * in places of their own, some only their makers know (Olympus and Pentax within the maker's notes);
 * but a JPEG tells itself by how it begins: of three bytes that chance repeats every 16 MB, and
 * segments that chance does not. Throws an ImageError `unsupported` if there is none larger than an
 * index print.
 */
export function findPreview(file: Uint8Array): RawPreview {
  let best: Found | null = null;
  for (let at = file.indexOf(0xff); at >= 0; at = file.indexOf(0xff, at + 1)) {
    if (file[at + 1] !== 0xd8 || file[at + 2] !== 0xff) continue;
    const found = readFrame(file, at);
    if (found && (!best || found.width * found.height > best.width * best.height)) best = found;
  }
  if (!best || Math.max(best.width, best.height) < LEAST_SIDE) {
    const what = best ? `a preview of only ${best.width} × ${best.height} pixels` : "no preview";
    throw new ImageError("unsupported", `The camera's raw file holds ${what} to read it by`);
  }
  const exif = exifBlocks(file);
  return { jpeg: upright(file, best, orientationOf(exif)), exif };
}

// Baseline or progressive, in colour: raw data themselves are often lossless JPEG (SOF3), in grey.
function readFrame(file: Uint8Array, start: number): Found | null {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = start + 2; at + 10 < file.length;) {
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
// so itself, or stands already (sensors are wider than high).
function upright(file: Uint8Array, found: Found, orientation: number): Uint8Array {
  const { at, frame, width, height } = found;
  const jpeg = file.subarray(at);
  const turned = orientation >= 5 && height > width;
  if (orientation === 1 || turned || orientationOf(jpegExif(file, found)) !== 1) return jpeg;
  const tag = Buffer.from("ffe10022457869660000", "hex");
  const tiff = Buffer.from("4d4d002a000000080001011200030000000100000000000000000000", "hex");
  tiff.writeUInt16BE(orientation, 18);
  tag.writeUInt16BE(2 + 6 + tiff.length, 2);
  return Buffer.concat([file.subarray(at, frame), tag, tiff, file.subarray(frame)]);
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
    try {
      const value = readExif(Buffer.from(block.buffer, block.byteOffset, block.byteLength))
        .Image?.Orientation;
      if (typeof value === "number" && value >= 1 && value <= 8) return value;
    } catch {
      // No EXIF after all: as if it said nothing.
    }
  }
  return 1;
}
