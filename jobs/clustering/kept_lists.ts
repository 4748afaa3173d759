import type { Neighbours } from "./neighbours.ts";
import type { Points } from "./points.ts";

/** Neighbour lists with what tells, next time, which of them still hold. */
export interface KeptLists {
  dim: number;
  /** Per point, its number outside: distinct, in any order. */
  ids: Float64Array;
  /** Per point, a hash of its vector. */
  hashes: Uint32Array;
  /** The lists, whose entries are positions in `ids`. */
  neighbours: Neighbours;
}

/** "SLNL", as little-endian bytes. */
const MAGIC = 0x4c4e4c53;
const VERSION = 1;
/** In uint32: magic, version, dim, entries a list, count, two of checksum, one spare. */
const HEADER = 8;
const HASHED_AT_ONCE = 4096;

/**
 * Lists as bytes: 260 a point with 20 entries a list, 26 MB for 100,000. Similarities stay float64:
 * making them anew from the vectors takes 0.4 s and more for 100,000 points of 512 elements, reading
 * the 8 MB they are longer than float32 a few milliseconds.
 */
export function encodeLists({ dim, ids, hashes, neighbours }: KeptLists): Uint8Array {
  const { k, unlisted, similarities } = neighbours;
  const bytes = new Uint8Array(sizeOf(ids.length, k));
  const header = new Uint32Array(bytes.buffer, 0, HEADER);
  const parts = partsOf(bytes, { count: ids.length, k });
  parts.ids.set(ids);
  parts.unlisted.set(unlisted);
  parts.similarities.set(similarities);
  parts.listed.set(neighbours.ids);
  parts.hashes.set(hashes);
  header.set([MAGIC, VERSION, dim, k, ids.length]);
  header.set(checksum(bytes), 5);
  return bytes;
}

/**
 * The lists that `encodeLists` made, or null for anything else: other bytes, a damaged copy, another
 * version, vectors of another length. The arrays are views of `bytes` where its place in memory
 * allows.
 */
export function decodeLists(bytes: Uint8Array, dim: number): KeptLists | null {
  if (bytes.length < HEADER * 4 || bytes.length % 4 !== 0) return null;
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const header = new Uint32Array(aligned.buffer, aligned.byteOffset, HEADER);
  const [magic, version, ofDim, k, count] = header;
  if (magic !== MAGIC || version !== VERSION || ofDim !== dim) return null;
  if (bytes.length !== sizeOf(count, k)) return null;
  const [one, two] = checksum(aligned);
  if (header[5] !== one || header[6] !== two) return null;
  const { ids, unlisted, similarities, listed, hashes } = partsOf(aligned, { count, k });
  return { dim, ids, hashes, neighbours: { k, ids: listed, similarities, unlisted } };
}

function sizeOf(count: number, k: number): number {
  return HEADER * 4 + count * (8 + 8 + 4) + count * k * (8 + 4);
}

/** The arrays behind the header, those of eight bytes an element first. */
function partsOf({ buffer, byteOffset }: Uint8Array, { count, k }: { count: number; k: number }) {
  let at = byteOffset + HEADER * 4;
  const doubles = (length: number) => {
    at += length * 8;
    return new Float64Array(buffer, at - length * 8, length);
  };
  const ids = doubles(count), unlisted = doubles(count), similarities = doubles(count * k);
  const listed = new Int32Array(buffer, at, count * k);
  const hashes = new Uint32Array(buffer, at + count * k * 4, count);
  return { ids, unlisted, similarities, listed, hashes };
}

/** A multiplicative hash over all words but the checksum's own, and the sum of its states. */
function checksum({ buffer, byteOffset, length }: Uint8Array): [number, number] {
  const words = new Uint32Array(buffer, byteOffset, length / 4);
  let one = 1, two = 0;
  for (let i = 0; i < words.length; i++) {
    if (i === 5) i = 7;
    one = Math.imul((one << 5 | one >>> 27) ^ words[i], 0x9e3779b1);
    two = two + one | 0;
  }
  return [one >>> 0, two >>> 0];
}

/**
 * A hash of 32 bits of every point's elements, so that a vector that changed under the same number is
 * noticed: one in 2³² is not. Four chains in the manner of MurmurHash3, since one waits for itself:
 * 100,000 points of 512 take 40 ms. Calls `rest` every few thousand points.
 */
export function contentHashes({ vectors, dim, count }: Points, rest: () => void): Uint32Array {
  const words = new Uint32Array(vectors.buffer, vectors.byteOffset, vectors.length);
  const hashes = new Uint32Array(count);
  const inFours = dim - dim % 4;
  for (let p = 0; p < count; p++) {
    if (p % HASHED_AT_ONCE === 0) rest();
    const start = p * dim;
    let a = 1, b = 2, c = 3, d = 4;
    for (let i = start, end = start + inFours; i < end; i += 4) {
      a = Math.imul((a << 13 | a >>> 19) ^ words[i], 0xcc9e2d51);
      b = Math.imul((b << 13 | b >>> 19) ^ words[i + 1], 0xcc9e2d51);
      c = Math.imul((c << 13 | c >>> 19) ^ words[i + 2], 0xcc9e2d51);
      d = Math.imul((d << 13 | d >>> 19) ^ words[i + 3], 0xcc9e2d51);
    }
    for (let i = start + inFours; i < start + dim; i++) a = mixed(a, words[i]);
    hashes[p] = mixed(mixed(mixed(a, b), c), d) >>> 0;
  }
  return hashes;
}

/** MurmurHash3's last mixing, of two words. */
function mixed(one: number, other: number): number {
  let hash = Math.imul(one << 15 | one >>> 17, 0x1b873593) ^ other;
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return hash ^ hash >>> 16;
}
