import sharp, { type Sharp } from "sharp";
import type { Colour } from "./colour.ts";
import { alone, together } from "./decode_gate.ts";
import { asFault, isHarmless } from "./decode_faults.ts";
import type { DecodeReply } from "./decode_thread.ts";
import { inDecodeThread } from "./decode_threads.ts";
import { readShot } from "./metadata.ts";
import { cropForClip, derive, open, pixelsOf, PREVIEW_SIDE } from "./products.ts";
import { sniffFormat } from "./sniff.ts";
import { native, openSource, type Source } from "./source.ts";
import { tiffOf } from "./tiff.ts";
import { type DecodedPhoto, ImageError, type RgbImage } from "./types.ts";

export { cropForClip, open };

// libvips keys its cache by the address of a buffer. Photos are read once each, so it never helps,
// and a picture that failed could be served from it as good.
sharp.cache(false);
// Pictures are decoded side by side; with two threads for each, libvips takes 5 to 10 % more.
sharp.concurrency(1);
// Telephones' Ultra HDR is a JPEG with a second one behind it that says how much brighter to show it.
// The reader for both unpacks both in full, which takes 99 ms of a core instead of 65.
sharp.block({ operation: ["VipsForeignLoadUhdrBuffer"] });

/**
 * Decodes a photo once and derives everything the library keeps of it: see `DecodedPhoto`.
 * `clipSize` is the side in pixels of the CLIP model's input. The picture is upright (EXIF
 * orientation), sRGB, on white where it was transparent; of an animation it is the first frame, of
 * a camera's raw file the preview in it. Works in sharp's threads, and in decode threads for what
 * sharp cannot read. Throws an ImageError for whatever cannot become a photo.
 */
export async function decodePhoto(
  bytes: Uint8Array,
  options: { clipSize: number },
): Promise<DecodedPhoto> {
  try {
    return await together(() => decodeOnce(bytes, options));
  } catch (error) {
    const doubtful = error instanceof ImageError &&
      (error.fault === "corrupt" || error.fault === "truncated");
    if (!doubtful) throw error;
    // Whose words these were is not certain; the verdict comes from a second look, alone.
    return await alone(() => decodeOnce(bytes, options));
  }
}

async function decodeOnce(
  bytes: Uint8Array,
  { clipSize }: { clipSize: number },
): Promise<DecodedPhoto> {
  const source = await openSource(bytes);
  const { width, height, format } = source;
  const photo = await shrink(source, clipSize);
  return {
    ...{ width, height, format },
    ...readShot(source),
    ...await derive(photo, { width, height, clipSize }),
  };
}

/** Decodes a preview of ours to pixels. Throws an ImageError if it is damaged. */
export async function decodePreview(jpeg: Uint8Array): Promise<RgbImage> {
  return await decode(await native(jpeg, sniffFormat(jpeg)), (image) => image);
}

// The one decode of the original: down to where both the preview and CLIP's crop, which needs the
// shortest side, can be made from it without enlarging. JPEG and WebP are unpacked at a half, a
// quarter or an eighth of their size where that suffices.
function shrink(source: Source, clipSize: number): Promise<RgbImage> {
  const { width, height } = source;
  const longest = PREVIEW_SIDE / Math.max(width, height);
  const scale = Math.min(1, Math.max(longest, clipSize / Math.min(width, height)));
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  const size = { width: side(width), height: side(height) };
  return decode(
    source,
    // Four of 56 ms for 12 megapixels cheaper than sharp's default, and as sharp at these factors.
    (image) => scale === 1 ? image : image.resize({ ...size, fit: "fill", kernel: "cubic" }),
  );
}

async function decode(source: Source, resize: (image: Sharp) => Sharp): Promise<RgbImage> {
  const { bytes, colour, icc } = source;
  const attempt = async (failOn: "warning" | "error") => {
    const options = { failOn, limitInputPixels: false, ignoreIcc: icc !== null };
    const image = resize(sharp(bytes, options).autoOrient()).flatten({ background: "#ffffff" });
    if (colour) return await byNumbers(image, colour);
    const pixels = await pixelsOf(image.toColourspace("srgb"));
    return icc === null || icc === "srgb" ? pixels : await byProfile(pixels, icc);
  };
  try {
    return await attempt("warning").catch((error) => {
      if (isHarmless(error)) return attempt("error");
      throw error;
    });
  } catch (error) {
    throw asFault(error, source);
  }
}

async function byProfile(image: RgbImage, icc: Uint8Array): Promise<RgbImage> {
  const data = image.data as Uint8Array<ArrayBuffer>;
  const file = tiffOf({ ...image, data, channels: 3 }, icc);
  return await pixelsOf(sharp(file, { limitInputPixels: false }).toColourspace("srgb"));
}

async function byNumbers(image: Sharp, colour: Colour): Promise<RgbImage> {
  const { data, info: { width, height } } = await image.toColourspace("rgb16")
    .raw({ depth: "ushort" }).toBuffer({ resolveWithObject: true });
  const samples = new Uint16Array(new Uint8Array(data).buffer);
  const deep = { data: samples, width, height, channels: 3 };
  const { pixels } = await inDecodeThread<Extract<DecodeReply, { pixels: unknown }>>(
    { op: "colour", pixels: deep, colour },
    width * height,
  );
  return { data: pixels.data as Uint8Array, width, height };
}
