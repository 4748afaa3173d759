import { Buffer } from "node:buffer";
import { ImageError } from "./types.ts";

export type PhotoFormat =
  | "jpeg"
  | "png"
  | "webp"
  | "gif"
  | "tiff"
  | "avif"
  | "bmp"
  | "heic"
  | "jxl"
  | "raw";

/**
 * The format of a file by its content, never by its name: only what a camera's, browser's or
 * scanner's photo can be goes on to a decoder, so that the rarer readers (SVG among them) never see
 * a stranger's file. `raw` stands for every camera's own. Throws an ImageError: `empty` or
 * `unsupported`, with the name of what it found.
 */
export function sniffFormat(bytes: Uint8Array): PhotoFormat {
  if (bytes.length === 0) throw new ImageError("empty", "The file is empty (0 bytes)");
  const buffer = view(bytes);
  const starts = (hex: string) => buffer.subarray(0, hex.length / 2).toString("hex") === hex;
  const ascii = (from: number, to: number) => buffer.toString("latin1", from, to);
  if (starts("ffd8ff")) return "jpeg";
  if (starts("89504e470d0a1a0a")) return "png";
  if (ascii(0, 4) === "RIFF" && ascii(8, 12) === "WEBP") return "webp";
  if (/^GIF8[79]a$/.test(ascii(0, 6))) return "gif";
  if (starts("49492a00") || starts("4d4d002a")) {
    return isCameraRaw(buffer) ? "raw" : "tiff";
  }
  if (starts("49492b00") || starts("4d4d002b")) return "tiff";
  if (ascii(4, 8) === "ftyp") return boxFormat(buffer);
  if (starts("ff0a") || ascii(4, 12) === "JXL \r\n\x87\n") return "jxl";
  if (ascii(0, 2) === "BM" && buffer.length > 18 && BMP_HEADERS.has(buffer.readUInt32LE(14))) {
    return "bmp";
  }
  // Olympus, Panasonic and Fujifilm.
  if (/^(IIR[OS]|MMOR|IIU\0|FUJIFILMCCD-RAW)/.test(ascii(0, 15))) return "raw";
  throw unsupported(otherName(buffer) ?? "no picture");
}

/** True where a file of this format ends before its own structure says it should. */
export function endsEarly(bytes: Uint8Array, format: PhotoFormat): boolean {
  const buffer = view(bytes);
  switch (format) {
    case "jpeg":
      return buffer.lastIndexOf("ffd9", undefined, "hex") < 0;
    case "png":
      return buffer.lastIndexOf("IEND", undefined, "latin1") < 0;
    case "webp":
      return buffer.length < 12 || buffer.readUInt32LE(4) + 8 > buffer.length;
    case "gif":
      return buffer[buffer.length - 1] !== 0x3b;
    case "tiff":
      return buffer.length < 8 || firstDirectory(buffer) + 2 > buffer.length;
    case "avif":
    case "heic":
      return boxesEnd(buffer) > buffer.length;
    case "jxl":
      return buffer[0] === 0 && boxesEnd(buffer) > buffer.length;
    case "bmp":
      return buffer.length < 6 || buffer.readUInt32LE(2) > buffer.length;
    case "raw":
      // What is decoded of it is a JPEG.
      return buffer.lastIndexOf("ffd9", undefined, "hex") < 0;
  }
}

// Sizes of the information header: OS/2's two, Windows' five. "BM" alone begins many a text.
const BMP_HEADERS = new Set([12, 40, 52, 56, 64, 108, 124]);

function unsupported(what: string): ImageError {
  return new ImageError(
    "unsupported",
    `The file is ${what}; photos are read as JPEG, PNG, WebP, AVIF, HEIC, JPEG XL, TIFF, GIF, BMP ` +
      "or a camera's raw file",
  );
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

// ISO base media: the brands say whether it is AVIF, HEIC, Canon's raw format or a film.
function boxFormat(buffer: Buffer): PhotoFormat {
  const length = Math.min(Math.max(buffer.readUInt32BE(0), 16), 256);
  const brands = buffer.toString("latin1", 8, length);
  if (/avif|avis/.test(brands)) return "avif";
  if (/hei[cxsm]|mif1/.test(brands)) return "heic";
  if (/hev[cxsm]|msf1/.test(brands)) throw unsupported("a film of HEIC pictures");
  if (/^crx /.test(brands)) return "raw";
  throw unsupported("a film");
}

function otherName(buffer: Buffer): string | null {
  const head = buffer.toString("latin1", 0, 64);
  if (head.startsWith("%PDF")) return "a PDF document";
  if (head.startsWith("PK")) return "an archive or office document";
  if (head.startsWith("8BPS")) return "a Photoshop document";
  if (head.slice(4, 8) === "jP  " || head.startsWith("\xff\x4f\xff\x51")) {
    return "a JPEG 2000 picture";
  }
  if (head.startsWith("FOVb")) return "a Sigma raw file";
  if (head.startsWith("\x1aE\xdf\xa3")) return "a film";
  // A drawing may name files and addresses, and none of its pixels exist before somebody chooses them.
  if (/<svg/i.test(buffer.toString("latin1", 0, 1024))) return "a drawing (SVG)";
  if (/^\s*(<\?xml|<!doctype html|<html)/i.test(head)) return "a text document";
  return null;
}

// Raw files are TIFFs whose first directory holds a small preview (NewSubfileType, tag 254, bit 0),
// or that carry DNGVersion (tag 50706); Canon's have "CR" at byte 8. Read as TIFF they would give
// a stamp of 160 pixels in place of the photo.
function isCameraRaw(buffer: Buffer): boolean {
  if (buffer.toString("latin1", 8, 10) === "CR") return true;
  const little = buffer[0] === 0x49;
  const short = (at: number) => little ? buffer.readUInt16LE(at) : buffer.readUInt16BE(at);
  const start = buffer.length < 8 ? Infinity : firstDirectory(buffer);
  if (start + 2 > buffer.length) return false;
  for (let i = 0, at = start + 2; i < short(start) && at + 12 <= buffer.length; i++, at += 12) {
    const tag = short(at);
    if (tag === 50706) return true;
    // The value is a LONG: its low half is where the byte order puts it.
    if (tag === 254 && (short(at + (little ? 8 : 10)) & 1) === 1) return true;
  }
  return false;
}

function firstDirectory(buffer: Buffer): number {
  return buffer[0] === 0x49 ? buffer.readUInt32LE(4) : buffer.readUInt32BE(4);
}

// Where the boxes of an ISO base media file say it ends.
function boxesEnd(buffer: Buffer): number {
  let at = 0;
  while (at + 8 <= buffer.length) {
    const size = buffer.readUInt32BE(at);
    // 0: to the end of the file; 1: a 64-bit length, which no photo needs.
    if (size < 8) return buffer.length;
    at += size;
  }
  return at;
}
