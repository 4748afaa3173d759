import { boxes } from "./boxes.ts";
import { ImageError } from "./types.ts";

/** What a JPEG XL codestream says before its pixels; the size before any turning. */
export interface JxlHeader {
  width: number;
  height: number;
  /** H.273's number of the transfer function where it is told by one; 16 is PQ, 18 HLG. */
  transfer: number | null;
}

type Choice = [offset: number, bits: number];

const SIZE: Choice[] = [[1, 9], [1, 13], [1, 18], [1, 30]];
const ENUM: Choice[] = [[0, 0], [1, 0], [2, 4], [18, 6]];
const CHROMATICITY: Choice[] = [[0, 19], [524288, 19], [1048576, 20], [2097152, 21]];
const RATIOS = [[1, 1], [12, 10], [4, 3], [3, 2], [16, 9], [5, 4], [2, 1]];
const XYB = 2, GREY = 1, CUSTOM = 2;

/**
 * Reads size and transfer function (ISO/IEC 18181-1, SizeHeader and ImageMetadata), which the
 * decoder does not tell before it has unpacked everything. Throws an ImageError if the file ends
 * within them.
 */
export function readJxlHeader(file: Uint8Array): JxlHeader {
  const stream = codestream(file);
  // The first two bytes are ff 0a.
  const bits = new Bits(stream.subarray(2));
  const size = readSize(bits);
  return { ...size, transfer: readTransfer(bits) };
}

function codestream(file: Uint8Array): Uint8Array {
  if (file[0] === 0xff) return file;
  for (const { type, body } of boxes(file)) {
    if (type === "jxlc") return body;
    // In pieces, each with a number before it; the header is in the first.
    if (type === "jxlp") return body.subarray(4);
  }
  throw new ImageError("truncated", "The JPEG XL file ends before its picture begins");
}

function readSize(bits: Bits): { width: number; height: number } {
  const small = bits.flag();
  const side = () => small ? (bits.take(5) + 1) * 8 : bits.choose(SIZE);
  const height = side();
  const ratio = bits.take(3);
  if (ratio === 0) return { width: side(), height };
  const [across, down] = RATIOS[ratio - 1];
  return { width: Math.floor(height * across / down), height };
}

function readTransfer(bits: Bits): number | null {
  const allDefault = bits.flag();
  if (allDefault) return null;
  if (bits.flag()) {
    bits.take(3); // orientation
    if (bits.flag()) readSize(bits);
    if (bits.flag()) skipPreview(bits);
    if (bits.flag()) skipAnimation(bits);
  }
  skipBitDepth(bits);
  bits.flag(); // modular_16bit_buffers
  const extra = bits.choose([[0, 0], [1, 0], [2, 4], [1, 12]]);
  for (let i = 0; i < extra; i++) skipExtraChannel(bits);
  bits.flag(); // xyb_encoded
  return readColourEncoding(bits);
}

function readColourEncoding(bits: Bits): number | null {
  if (bits.flag()) return null;
  const profile = bits.flag();
  const space = bits.choose(ENUM);
  if (profile || space === XYB) return null;
  const skipPoints = (count: number) => {
    for (let i = 0; i < count * 2; i++) bits.choose(CHROMATICITY);
  };
  if (bits.choose(ENUM) === CUSTOM) skipPoints(1);
  if (space !== GREY && bits.choose(ENUM) === CUSTOM) skipPoints(3);
  const gamma = bits.flag();
  return gamma ? null : bits.choose(ENUM);
}

function skipPreview(bits: Bits): void {
  const eighths = bits.flag();
  const side: Choice[] = eighths
    ? [[16, 0], [32, 0], [1, 5], [33, 9]]
    : [[1, 6], [65, 8], [321, 10], [1345, 12]];
  bits.choose(side);
  if (bits.take(3) === 0) bits.choose(side);
}

function skipAnimation(bits: Bits): void {
  bits.choose([[100, 0], [1000, 0], [1, 10], [1, 30]]);
  bits.choose([[1, 0], [1001, 0], [1, 8], [1, 10]]);
  bits.choose([[0, 0], [0, 3], [0, 16], [0, 32]]);
  bits.flag();
}

function skipBitDepth(bits: Bits): void {
  const float = bits.flag();
  bits.choose(float ? [[32, 0], [16, 0], [24, 0], [1, 6]] : [[8, 0], [10, 0], [12, 0], [1, 6]]);
  if (float) bits.take(4);
}

function skipExtraChannel(bits: Bits): void {
  if (bits.flag()) return;
  const type = bits.choose(ENUM);
  skipBitDepth(bits);
  bits.choose([[0, 0], [3, 0], [4, 0], [1, 3]]);
  const name = bits.choose([[0, 0], [0, 4], [16, 5], [48, 10]]);
  for (let i = 0; i < name; i++) bits.take(8);
  if (type === 0) bits.flag(); // alpha: premultiplied
  if (type === 2) { for (let i = 0; i < 4; i++) bits.take(16); // a spot colour
   }
  if (type === 5) bits.choose([[1, 0], [0, 2], [3, 4], [19, 8]]); // a colour filter
}

/** Bits from the lowest of each byte on. */
class Bits {
  #at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  take(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++, this.#at++) {
      const byte = this.bytes[this.#at >> 3];
      if (byte === undefined) {
        throw new ImageError("truncated", "The JPEG XL file ends within its header");
      }
      value += (byte >> (this.#at & 7) & 1) * 2 ** i;
    }
    return value;
  }

  flag(): boolean {
    return this.take(1) === 1;
  }

  /** One of four numbers: two bits choose how many bits follow, and what is added to them. */
  choose(choices: Choice[]): number {
    const [offset, bits] = choices[this.take(2)];
    return offset + this.take(bits);
  }
}
