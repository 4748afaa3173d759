import { cropForClip, decodePreview } from "./image.ts";

/**
 * What CLIP sees of a photo, from its stored preview (JPEG, longer side 1440): so that the vector of
 * another model needs no original. `width` and `height` are the original's, upright, in pixels: the
 * crop has the geometry it has when it is made from the original. Throws an ImageError if the
 * preview is damaged.
 */
export async function clipPixelsOfPreview(
  preview: Uint8Array,
  size: { width: number; height: number; clipSize: number },
): Promise<Uint8Array> {
  return await cropForClip(await decodePreview(preview), size);
}
