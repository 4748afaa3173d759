import sharp from "sharp";
import { findPreview } from "../../models/raw.ts";
import { createMutex } from "../mutex.ts";

/** In a JPEG, orientation comes in one of the first segments, of 64 KB at most each. */
const JPEG_HEAD = 256 * 1024;

/** One large file in memory at a time: in other formats than JPEG it may stand anywhere. */
const whole = createMutex();

/**
 * How a file says that its stored picture is to be turned to stand upright: EXIF's orientation, 1 to
 * 8. Of HEIC, AVIF and JPEG XL it is 1: their decoders turn the picture by what the container says,
 * and EXIF's word does not count (ISO/IEC 23008-12). Throws if the file cannot be read.
 */
export async function storedOrientation(path: string, format: string): Promise<number> {
  switch (format) {
    case "jpeg":
      return await orientationOf(await readHead(path));
    case "png":
    case "webp":
    case "tiff":
      return await whole.run(async () => await orientationOf(await Deno.readFile(path)));
    case "raw":
      return await whole.run(async () =>
        await orientationOf(findPreview(await Deno.readFile(path)).jpeg)
      );
    default:
      return 1;
  }
}

async function orientationOf(bytes: Uint8Array): Promise<number> {
  return (await sharp(bytes, { limitInputPixels: false }).metadata()).orientation ?? 1;
}

async function readHead(path: string): Promise<Uint8Array> {
  using file = await Deno.open(path);
  const head = new Uint8Array(JPEG_HEAD);
  let length = 0;
  while (length < head.length) {
    const read = await file.read(head.subarray(length));
    if (read === null) break;
    length += read;
  }
  return head.subarray(0, length);
}

/** A rectangle by its centre and size, relative to the picture. */
export interface Area {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** An area of the upright picture as one of the stored picture. */
export function inStoredPicture({ x, y, w, h }: Area, orientation: number): Area {
  switch (orientation) {
    case 2:
      return { x: 1 - x, y, w, h };
    case 3:
      return { x: 1 - x, y: 1 - y, w, h };
    case 4:
      return { x, y: 1 - y, w, h };
    case 5:
      return { x: y, y: x, w: h, h: w };
    case 6:
      return { x: y, y: 1 - x, w: h, h: w };
    case 7:
      return { x: 1 - y, y: 1 - x, w: h, h: w };
    case 8:
      return { x: 1 - y, y: x, w: h, h: w };
    default:
      return { x, y, w, h };
  }
}
