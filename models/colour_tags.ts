import { Buffer } from "node:buffer";
import { boxes, boxOf } from "./boxes.ts";
import type { Colour } from "./colour.ts";

/**
 * The colours that the container of a HEIC or AVIF file tells in numbers, or null: there are none, or
 * an ICC profile is there too, which goes before them.
 */
export function heifColour(bytes: Uint8Array): Colour | null {
  const meta = boxOf(bytes, "meta")?.subarray(4) ?? new Uint8Array();
  const properties = boxOf(boxOf(meta, "iprp") ?? new Uint8Array(), "ipco") ?? new Uint8Array();
  let colour: Colour | null = null;
  for (const { type, body } of boxes(properties)) {
    if (type !== "colr" || body.length < 8) continue;
    const kind = body.toString("latin1", 0, 4);
    if (kind === "prof" || kind === "rICC") return null;
    // The first belongs to the main picture in all files seen; gain maps and depths come later.
    if (kind === "nclx") {
      colour ??= { primaries: body.readUInt16BE(4), transfer: body.readUInt16BE(6) };
    }
  }
  return colour;
}

/**
 * True for an ICC profile that says it is plain sRGB, as it lies in most pictures that have one: there
 * is nothing to convert, and converting would cost a third of the decode.
 */
export function isSrgbProfile(icc: Uint8Array): boolean {
  const file = Buffer.from(icc.buffer, icc.byteOffset, icc.length);
  if (file.length < 132) return false;
  const count = Math.min(file.readUInt32BE(128), 100);
  for (let at = 132; at + 12 <= Math.min(132 + count * 12, file.length); at += 12) {
    if (file.toString("latin1", at, at + 4) !== "desc") continue;
    const body = file.subarray(file.readUInt32BE(at + 4)).subarray(0, file.readUInt32BE(at + 8));
    // In words of 8 bits, or from version 4 on of 16: what lies between their letters is zero.
    const words = body.toString("latin1", 12).replaceAll("\0", "");
    return /(?:^|[^A-Za-z ])(?:sRGB(?: IEC61966-?2[.-]1| built-in)?)[^A-Za-z]*$/.test(words);
  }
  return false;
}

/** The colours that a PNG's cICP chunk tells in numbers, or null. */
export function pngColour(bytes: Uint8Array): Colour | null {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 8; at + 12 <= file.length; at += 12 + file.readUInt32BE(at)) {
    const type = file.toString("latin1", at + 4, at + 8);
    // Chunks about colour come before the palette and the pixels.
    if (type === "IDAT" || type === "PLTE") return null;
    if (type === "cICP") return { primaries: file[at + 8], transfer: file[at + 9] };
  }
  return null;
}
