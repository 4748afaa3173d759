import type { Buffer } from "node:buffer";
import sharp, { type Sharp } from "sharp";
import { DHASH_HEIGHT, DHASH_WIDTH, differenceHash } from "./dhash.ts";
import type { DecodedPhoto, RgbImage } from "./types.ts";

/** Longest side of previews, in pixels. */
export const PREVIEW_SIDE = 1440;
const THUMBNAIL_HEIGHT = 480;

export type Products = Pick<
  DecodedPhoto,
  "dhash" | "flat" | "preview" | "previewWidth" | "previewHeight" | "thumbnail" | "clipPixels"
>;

interface Original {
  /** Pixels of the upright original. */
  width: number;
  height: number;
  clipSize: number;
}

/** A sharp pipeline over bare pixels. */
export function open(image: RgbImage): Sharp {
  const { width, height } = image;
  return sharp(image.data, { raw: { width, height, channels: 3 }, limitInputPixels: false });
}

/**
 * Everything the library keeps of a picture, from pixels as small as a preview allows: the preview
 * itself, and out of the thumbnail's pixels the thumbnail, the hash and CLIP's crop.
 */
export async function derive(photo: RgbImage, original: Original): Promise<Products> {
  const [preview, small] = await Promise.all([
    open(photo).resize(PREVIEW_SIDE, PREVIEW_SIDE, { fit: "inside", withoutEnlargement: true })
      // Huffman tables of its own would make it 2 % smaller for 7 ms of CPU time, of some 80 in all.
      .jpeg({ quality: 86, optimiseCoding: false }).toBuffer({ resolveWithObject: true }),
    pixelsOf(
      open(photo).resize(PREVIEW_SIDE, THUMBNAIL_HEIGHT, {
        fit: "inside",
        withoutEnlargement: true,
        kernel: "cubic",
      }),
    ),
  ]);
  const [thumbnail, grey, clipPixels] = await Promise.all([
    open(small).webp({ quality: 78, effort: 2 }).toBuffer(),
    open(small).greyscale().resize(DHASH_WIDTH, DHASH_HEIGHT, { fit: "fill" }).raw().toBuffer(),
    cropForClip(sufficient(small, original) ? small : photo, original),
  ]);
  return {
    ...differenceHash(plain(grey)),
    preview: plain(preview.data),
    previewWidth: preview.info.width,
    previewHeight: preview.info.height,
    thumbnail: plain(thumbnail),
    clipPixels,
  };
}

const sufficient = ({ width, height }: RgbImage, { clipSize }: Original) =>
  Math.min(width, height) >= clipSize;

/** The bare pixels a pipeline ends with; its picture must be RGB. */
export async function pixelsOf(pipeline: Sharp): Promise<RgbImage> {
  const { data, info } = await pipeline.raw().toBuffer({ resolveWithObject: true });
  return { data: plain(data), width: info.width, height: info.height };
}

/**
 * The square CLIP sees, of a picture that is at least that high and wide or all there is. The
 * reference's geometry, by the original's size: shortest side to the model's, the other rounded
 * down, and of the margin half, to the nearest even where it is a half itself. One pixel beside it
 * costs 3 to 9 grey levels.
 */
export async function cropForClip(
  photo: RgbImage,
  { width, height, clipSize }: Original,
): Promise<Uint8Array> {
  const shortest = Math.min(width, height);
  const across = Math.floor(clipSize * width / shortest);
  const down = Math.floor(clipSize * height / shortest);
  const pixels = await open(photo)
    .resize(across, down, { fit: "fill", kernel: "cubic" })
    .extract({
      left: margin(across - clipSize),
      top: margin(down - clipSize),
      width: clipSize,
      height: clipSize,
    })
    .raw().toBuffer();
  return plain(pixels);
}

function margin(spare: number): number {
  const half = spare / 2;
  return half % 1 === 0.5 ? 2 * Math.round(half / 2) : half;
}

// Node's small buffers are windows on a shared pool, which cannot be transferred to a thread.
function plain(buffer: Buffer): Uint8Array {
  return buffer.byteLength === buffer.buffer.byteLength
    ? new Uint8Array(buffer.buffer)
    : Uint8Array.from(buffer);
}
