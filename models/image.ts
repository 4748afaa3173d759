import { Buffer } from "node:buffer";
import sharp, { type Metadata, type Sharp } from "sharp";
import { alone, together } from "./decode_gate.ts";
import { DHASH_HEIGHT, DHASH_WIDTH, differenceHash } from "./dhash.ts";
import { readShot } from "./exif.ts";
import { endsEarly, type PhotoFormat, sniffFormat } from "./sniff.ts";
import { type DecodedPhoto, ImageError, type RgbImage } from "./types.ts";

// libvips keys its cache by the address of a buffer. Photos are read once each, so it never helps,
// and a picture that failed could be served from it as good.
sharp.cache(false);

const MOST_PIXELS = 200_000_000;
const PREVIEW_SIDE = 1440;
const THUMBNAIL_HEIGHT = 480;

/**
 * Decodes a photo once and derives everything the library keeps of it: see `DecodedPhoto`.
 * `clipSize` is the side in pixels of the CLIP model's input. The picture is upright (EXIF
 * orientation), sRGB, on white where it was transparent; of an animation it is the first frame.
 * Works in sharp's threads. Throws an ImageError for whatever cannot become a photo.
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
  const format = sniffFormat(bytes);
  const header = await readHeader(bytes, format);
  const { width, height } = header.autoOrient;
  const photo = await shrink(bytes, { format, width, height, clipSize });
  const pipeline = () => open(photo);
  const [preview, thumbnail, grey, clipPixels] = await Promise.all([
    pipeline()
      .resize(PREVIEW_SIDE, PREVIEW_SIDE, { fit: "inside", withoutEnlargement: true })
      .jpeg({ quality: 86 }).toBuffer({ resolveWithObject: true }),
    pipeline()
      .resize(PREVIEW_SIDE, THUMBNAIL_HEIGHT, { fit: "inside", withoutEnlargement: true })
      .webp({ quality: 78, effort: 2 }).toBuffer(),
    pipeline().greyscale().resize(DHASH_WIDTH, DHASH_HEIGHT, { fit: "fill" }).raw().toBuffer(),
    cropForClip(photo, { width, height, clipSize }),
  ]);
  return {
    width,
    height,
    format,
    ...readShot(header.exif),
    ...differenceHash(plain(grey)),
    preview: plain(preview.data),
    previewWidth: preview.info.width,
    previewHeight: preview.info.height,
    thumbnail: plain(thumbnail),
    clipPixels,
  };
}

/** Decodes a preview of ours to pixels. Throws an ImageError if it is damaged. */
export async function decodePreview(jpeg: Uint8Array): Promise<RgbImage> {
  const format = sniffFormat(jpeg);
  await readHeader(jpeg, format);
  return await decode(jpeg, { format, derive: (image) => image });
}

/** A sharp pipeline over bare pixels. */
export function open(image: RgbImage): Sharp {
  const { width, height } = image;
  return sharp(image.data, { raw: { width, height, channels: 3 }, limitInputPixels: false });
}

// The header costs next to nothing: what is too large is refused before a pixel is unpacked.
async function readHeader(bytes: Uint8Array, format: PhotoFormat): Promise<Metadata> {
  let header: Metadata;
  try {
    header = await sharp(bytes, { limitInputPixels: false }).metadata();
  } catch (error) {
    throw asFault(error, { bytes, format });
  }
  const { width, height } = header;
  if (width * height > MOST_PIXELS) {
    const millions = Math.round(width * height / 1e6);
    throw new ImageError(
      "too_large",
      `The picture has ${width} × ${height} pixels (${millions} million); the most is ${
        MOST_PIXELS / 1e6
      } million`,
    );
  }
  return header;
}

// The one decode of the original: down to where both the preview and CLIP's crop, which needs the
// shortest side, can be made from it without enlarging.
function shrink(
  bytes: Uint8Array,
  size: { format: PhotoFormat; width: number; height: number; clipSize: number },
): Promise<RgbImage> {
  const { format, width, height, clipSize } = size;
  const longest = PREVIEW_SIDE / Math.max(width, height);
  const scale = Math.min(1, Math.max(longest, clipSize / Math.min(width, height)));
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  const derive = (image: Sharp) =>
    scale === 1 ? image : image.resize(side(width), side(height), { fit: "fill" });
  return decode(bytes, { format, derive });
}

async function decode(
  bytes: Uint8Array,
  options: { format: PhotoFormat; derive: (image: Sharp) => Sharp },
): Promise<RgbImage> {
  const attempt = async (failOn: "warning" | "error") => {
    const image = sharp(bytes, { failOn, limitInputPixels: false }).autoOrient();
    const { data, info } = await options.derive(image).flatten({ background: "#ffffff" })
      .toColourspace("srgb").raw().toBuffer({ resolveWithObject: true });
    return { data: plain(data), width: info.width, height: info.height };
  };
  try {
    return await attempt("warning").catch((error) => {
      if (isHarmless(error)) return attempt("error");
      throw error;
    });
  } catch (error) {
    throw asFault(error, { bytes, format: options.format });
  }
}

// Below "warning" libvips passes JPEGs with half their pixels missing, at "warning" it also refuses
// what decodes in full: bytes between segments, an odd revision, a profile in pieces.
function isHarmless(error: unknown): boolean {
  const lines = String((error as Error).message).split("\n");
  return lines.every((line) =>
    /extraneous bytes before marker|Unknown Adobe color transform|unknown JFIF revision|ICC profile/
      .test(line)
  );
}

function asFault(error: unknown, file: { bytes: Uint8Array; format: PhotoFormat }): Error {
  const message = error instanceof Error ? error.message : String(error);
  // Not the picture's fault: another try may succeed.
  if (/memory|allocat/i.test(message)) {
    return new Error(`Cannot decode: ${message}`, { cause: error });
  }
  const detail = message.split("\n").map((line) => line.trim().replace(/:$/, ""))
    .filter((line) => line && !line.startsWith("Warning treated as error")).at(-1) ?? "no detail";
  const name = file.format.toUpperCase();
  return /premature end of JPEG/.test(message) || endsEarly(file.bytes, file.format)
    ? new ImageError("truncated", `The ${name} file ends before the picture does (${detail})`, {
      cause: error,
    })
    : new ImageError("corrupt", `The ${name} file is damaged (${detail})`, { cause: error });
}

// The reference's geometry: shortest side to the model's, the other rounded down, and of the margin
// half, to the nearest even where it is a half itself. One pixel beside it costs 3 to 9 grey levels.
async function cropForClip(
  photo: RgbImage,
  { width, height, clipSize }: { width: number; height: number; clipSize: number },
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
