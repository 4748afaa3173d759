import { brotliDecompressSync } from "node:zlib";
import { boxes } from "./boxes.ts";

/**
 * EXIF and XMP of a JPEG XL container, as far as they are there and make sense. Of each the first
 * counts, and no other is unpacked: a file may hold as many as it likes.
 */
export function jxlMetadata(bytes: Uint8Array): { exif?: Uint8Array; xmp?: Uint8Array } {
  if (bytes[0] === 0xff) return {};
  const found: { exif?: Uint8Array; xmp?: Uint8Array } = {};
  const seen = new Set<string>();
  for (const box of boxes(bytes)) {
    const packed = box.type === "brob";
    const type = packed ? box.body.toString("latin1", 0, 4) : box.type;
    if (type !== "Exif" && type !== "xml " || seen.has(type)) continue;
    seen.add(type);
    const body = packed ? unpack(box.body.subarray(4)) : box.body;
    if (type === "xml " && body) found.xmp = body;
    // Four bytes before it tell how far into the box it begins.
    if (type === "Exif" && body && body.length > 4) {
      found.exif = body.subarray(4 + body.readUInt32BE(0));
    }
  }
  return found;
}

const LARGEST_METADATA = 4 << 20;

// A block that cannot be unpacked is no reason to refuse the photo.
function unpack(packed: Uint8Array) {
  try {
    return brotliDecompressSync(packed, { maxOutputLength: LARGEST_METADATA });
  } catch {
    return null;
  }
}
