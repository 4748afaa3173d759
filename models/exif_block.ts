import { Buffer } from "node:buffer";
import readExif, { type Exif } from "exif-reader";

/** More values than any camera writes: all those of XMP or a maker's notes told as single bytes. */
const MOST_VALUES = 4 << 20;
/** For directories of nonsense, which cost little. */
const FREE = 100_000;

/**
 * What exif-reader makes of an EXIF block, or null if that is none. Directories may name the same
 * bytes again and again: from 64 KB it made arrays of gigabytes. A block that wants more read than it
 * could honestly hold is taken for none.
 */
export function parseExif(block: Uint8Array): Exif | null {
  try {
    return readExif(metered(block));
  } catch {
    return null;
  }
}

// For each value of an array exif-reader asks twice for the length, for words it takes a slice.
function metered(block: Uint8Array): Buffer {
  const whole = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  const { length } = whole;
  let asks = FREE + 4 * Math.min(length, MOST_VALUES);
  let sliced = 2 * length;
  const spent = () => new Error("The EXIF block names more than it holds");
  return Object.defineProperties(Buffer.from(whole.buffer, whole.byteOffset, length), {
    length: {
      get() {
        if (asks-- === 0) throw spent();
        return length;
      },
    },
    slice: {
      value(start: number, end: number) {
        const part = whole.subarray(start, end);
        sliced -= part.length;
        if (sliced < 0) throw spent();
        return part;
      },
    },
  });
}
