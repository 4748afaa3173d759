import { Buffer } from "node:buffer";
import type { Pixels } from "./colour.ts";
import { ImageError } from "./types.ts";

const RLE8 = 1, RLE4 = 2, BITFIELDS = 3, ALPHA_BITFIELDS = 6;

interface Header {
  width: number;
  height: number;
  topDown: boolean;
  bits: number;
  compression: number;
  /** Red, green, blue, alpha. */
  masks: number[];
  /** Where the palette is, how many bytes its entries and how many of them there are. */
  palette: { at: number; step: number; count: number };
  /** Where the rows begin. */
  start: number;
}

/**
 * The size of a BMP picture in pixels. Throws an ImageError: `truncated` within the header,
 * `unsupported` for a JPEG or PNG inside, `corrupt` for what cannot be.
 */
export function bmpSize(bytes: Uint8Array): { width: number; height: number } {
  const { width, height } = readHeader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  return { width, height };
}

/**
 * Decodes a BMP picture of 1, 4, 8, 16, 24 or 32 bits, with a palette, run lengths or bit masks,
 * to RGB, or RGBA where it has an alpha channel in use. Throws an ImageError, also `truncated`.
 */
export function decodeBmp(bytes: Uint8Array): Pixels {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const header = readHeader(file);
  const { width, height, bits, compression } = header;
  const row = Math.ceil(width * bits / 32) * 4;
  const packed = compression === RLE8 || compression === RLE4;
  if (!packed && header.start + row * height > file.length) throw cutShort();
  const alpha = bits >= 16 && header.masks[3] !== 0;
  const channels = alpha ? 4 : 3;
  const data = new Uint8Array(width * height * channels);
  const line = (y: number) => header.topDown ? y : height - 1 - y;
  if (bits <= 8) {
    const colours = readPalette(file, header);
    const cells = packed ? unpack(file, header) : null;
    const mask = (1 << bits) - 1;
    for (let y = 0; y < height; y++) {
      for (let x = 0, at = line(y) * width * 3; x < width; x++, at += 3) {
        const bit = x * bits;
        const index = cells
          ? cells[y * width + x]
          : file[header.start + y * row + (bit >> 3)] >> (8 - bits - (bit & 7)) & mask;
        data[at] = colours[index * 3];
        data[at + 1] = colours[index * 3 + 1];
        data[at + 2] = colours[index * 3 + 2];
      }
    }
    return { data, width, height, channels };
  }
  const parts = header.masks.map(levelsOf);
  const size = bits / 8;
  for (let y = 0; y < height; y++) {
    let from = header.start + y * row;
    for (let at = line(y) * width * channels; from < header.start + y * row + width * size;) {
      if (bits === 24) {
        data[at++] = file[from + 2], data[at++] = file[from + 1], data[at++] = file[from];
      } else {
        const pixel = bits === 16 ? file.readUInt16LE(from) : file.readUInt32LE(from);
        for (let part = 0; part < channels; part++) data[at++] = parts[part](pixel);
      }
      from += size;
    }
  }
  // Many a writer leaves the alpha channel it announces at zero, and means an opaque picture.
  if (alpha && data.every((level, index) => index % 4 !== 3 || level === 0)) {
    for (let at = 3; at < data.length; at += 4) data[at] = 255;
  }
  return { data, width, height, channels };
}

function readHeader(file: Buffer): Header {
  const size = file.length < 18 ? 0 : file.readUInt32LE(14);
  if (file.length < 14 + Math.max(size, 12)) throw cutShort();
  const start = file.readUInt32LE(10);
  if (size === 12) {
    const bits = file.readUInt16LE(24);
    const palette = { at: 26, step: 3, count: 1 << bits };
    const [width, height] = [file.readUInt16LE(18), file.readUInt16LE(20)];
    return check({
      ...{ width, height, bits, palette, start, topDown: false, compression: 0 },
      masks: usualMasks(bits),
    });
  }
  const height = file.readInt32LE(22), bits = file.readUInt16LE(28);
  const compression = file.readUInt32LE(30), used = file.readUInt32LE(46);
  const masked = compression === BITFIELDS || compression === ALPHA_BITFIELDS;
  const outside = masked && size === 40 ? (compression === ALPHA_BITFIELDS ? 16 : 12) : 0;
  if (file.length < 14 + size + outside) throw cutShort();
  const mask = (index: number) =>
    54 + index * 4 + 4 <= 14 + size + outside ? file.readUInt32LE(54 + index * 4) : 0;
  return check({
    ...{ width: file.readInt32LE(18), height: Math.abs(height), topDown: height < 0, bits, start },
    compression: masked ? 0 : compression,
    masks: masked ? [0, 1, 2, 3].map(mask) : usualMasks(bits),
    palette: { at: 14 + size + outside, step: 4, count: Math.min(used || 1 << bits, 256) },
  });
}

function check(header: Header): Header {
  const { width, height, bits, compression } = header;
  if (compression === 4 || compression === 5) {
    throw new ImageError("unsupported", "The BMP file holds a JPEG or PNG for a printer");
  }
  const packed = compression === RLE8 ? bits === 8 : compression !== RLE4 || bits === 4;
  const known = [1, 4, 8, 16, 24, 32].includes(bits) && compression <= RLE4 && packed;
  if (!known || width < 1 || height < 1) {
    throw new ImageError(
      "corrupt",
      `The BMP file is damaged (${width} × ${height} pixels of ${bits} bits, form ${compression})`,
    );
  }
  return header;
}

const usualMasks = (bits: number) =>
  bits === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0];

const cutShort = () => new ImageError("truncated", "The BMP file ends before the picture does");

// Blue, green, red in the file.
function readPalette(file: Buffer, { palette: { at, step, count } }: Header): Uint8Array {
  if (at + count * step > file.length) throw cutShort();
  const colours = new Uint8Array(256 * 3);
  for (let i = 0; i < count; i++) {
    for (let part = 0; part < 3; part++) colours[i * 3 + part] = file[at + i * step + 2 - part];
  }
  return colours;
}

// How to get the 0…255 of one part out of a pixel of 16 or 32 bits.
function levelsOf(mask: number): (pixel: number) => number {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const most = mask >>> shift;
  return (pixel) => Math.round(((pixel & mask) >>> shift) / most * 255);
}

// Run lengths: a count and what to repeat; or 0 and the end of the line (0), of the picture (1), a
// jump (2), or a number of cells as they are, filled up to an even number of bytes.
function unpack(file: Buffer, { start, width, height, bits }: Header): Uint8Array {
  const cells = new Uint8Array(width * height);
  let at = start, x = 0, y = 0;
  const put = (value: number) => {
    if (x < width && y < height) cells[y * width + x] = value;
    x++;
  };
  const next = () => {
    if (at >= file.length) throw cutShort();
    return file[at++];
  };
  while (y < height) {
    const count = next(), value = next();
    if (count > 0) {
      for (let i = 0; i < count; i++) put(bits === 8 ? value : i % 2 ? value & 15 : value >> 4);
    } else if (value === 0) x = 0, y++;
    else if (value === 1) break;
    else if (value === 2) x += next(), y += next();
    else {
      let byte = 0;
      for (let i = 0; i < value; i++) {
        if (bits === 8 || i % 2 === 0) byte = next();
        put(bits === 8 ? byte : i % 2 ? byte & 15 : byte >> 4);
      }
      if (Math.ceil(value * bits / 8) % 2) at++;
    }
  }
  return cells;
}
