import { Buffer } from "node:buffer";

/** A box of an ISO base media file: its four letters and what is in it. */
export interface Box {
  type: string;
  body: Buffer;
}

/**
 * The boxes that follow each other in `bytes` (HEIC, AVIF, JPEG XL, Canon's CR3). Stops at the first
 * that makes no sense; a last one that is cut off ends where the bytes do.
 */
export function* boxes(bytes: Uint8Array): Generator<Box> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + 8 <= buffer.length) {
    let size = buffer.readUInt32BE(at);
    let header = 8;
    if (size === 0) size = buffer.length - at;
    if (size === 1) {
      if (at + 16 > buffer.length) return;
      size = Number(buffer.readBigUInt64BE(at + 8));
      header = 16;
    }
    if (size < header) return;
    yield {
      type: buffer.toString("latin1", at + 4, at + 8),
      body: buffer.subarray(at + header, at + size),
    };
    at += size;
  }
}

/** What is in the first box of a type, or null. */
export function boxOf(bytes: Uint8Array, type: string): Buffer | null {
  for (const box of boxes(bytes)) if (box.type === type) return box.body;
  return null;
}
