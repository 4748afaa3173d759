import sharp, { type Metadata } from "sharp";
import { bmpSize } from "./bmp.ts";
import { type Colour, isSrgb } from "./colour.ts";
import { heifColour, isSrgbProfile, pngColour } from "./colour_tags.ts";
import { asCut, asFault, type DecodedFile } from "./decode_faults.ts";
import type { DecodeReply, DecodeRequest } from "./decode_thread.ts";
import { inDecodeThread } from "./decode_threads.ts";
import { isAdobeRgb } from "./exif.ts";
import { readJxlHeader } from "./jxl_header.ts";
import { jxlMetadata } from "./jxl_metadata.ts";
import { findPreview } from "./raw.ts";
import { type PhotoFormat, sniffFormat } from "./sniff.ts";
import { ImageError } from "./types.ts";

/** A picture as sharp can decode it, with what is known of it before that. */
export interface Source extends DecodedFile {
  /** Pixels of the upright picture. */
  width: number;
  height: number;
  /** EXIF blocks, those that go first first. */
  exif: Uint8Array[];
  xmp: Uint8Array | null;
  /** What the numbers mean, where sharp would take them for sRGB and they are not; else null. */
  colour: Colour | null;
  /**
   * The ICC profile of an RGB picture, to be applied to what is left after shrinking: before it, as
   * sharp does, that takes 170 ms of a core for 12 megapixels instead of 20, and of 16-bit pictures
   * sharp makes Display P3 whatever is asked for. "srgb" means none is needed.
   */
  icc: Uint8Array | "srgb" | null;
}

const MOST_PIXELS = 200_000_000;
// A line of pixels, made as high as CLIP's input, would be longer than sharp takes.
const LONGEST = 400_000;
const SRGB = { colour: null, icc: null };

/**
 * Finds out what a file holds and brings it into a form sharp decodes: most are left as they are, of
 * raw files it is the preview, HEIC, JPEG XL and BMP become TIFF in a decode thread. Pictures of more
 * than 200 megapixels are refused by their header. Throws an ImageError.
 */
export async function openSource(bytes: Uint8Array): Promise<Source> {
  const format = sniffFormat(bytes);
  switch (format) {
    case "raw": {
      const { jpeg, exif, own } = findPreview(bytes);
      const source = await native(jpeg, format, { exif: own });
      return { ...source, exif: [...exif, ...source.exif] };
    }
    case "heic": {
      const source = await native(bytes, format);
      const { bitsPerSample = 8 } = await readHeader({ bytes, format });
      const colour = source.icc ? null : heifColour(bytes);
      return await converted(source, { op: "heic", bytes, deep: bitsPerSample > 8, colour });
    }
    case "jxl": {
      const { transfer, ...size } = readJxlHeader(bytes);
      if (transfer === 16 || transfer === 18) {
        throw new ImageError(
          "unsupported",
          `The JPEG XL picture is HDR (${transfer === 16 ? "PQ" : "HLG"}), which its decoder ` +
            "cannot turn into what a screen shows",
        );
      }
      const { exif, xmp } = jxlMetadata(bytes);
      const known = { ...size, exif: exif ? [exif] : [], xmp: xmp ?? null };
      return await converted({ bytes, format, ...SRGB, ...known }, { op: "jxl", bytes });
    }
    case "bmp":
      return await converted(
        { bytes, format, ...SRGB, exif: [], xmp: null, ...bmpSize(bytes) },
        { op: "bmp", bytes },
      );
    default:
      return await native(bytes, format);
  }
}

/** The header of a file that sharp reads, which costs next to nothing. */
async function readHeader({ bytes, format }: DecodedFile): Promise<Metadata> {
  try {
    return await sharp(bytes, { limitInputPixels: false }).metadata();
  } catch (error) {
    throw asFault(error, { bytes, format });
  }
}

/**
 * A file as sharp reads it, with `exif` blocks known besides the one sharp sees. Throws an ImageError
 * if it is damaged or too large.
 */
export async function native(
  bytes: Uint8Array,
  format: PhotoFormat,
  known: { exif?: Uint8Array[] } = {},
): Promise<Source> {
  const header = await readHeader({ bytes, format });
  refuseTooLarge(header);
  const exif = [...known.exif ?? [], ...header.exif ? [header.exif] : []];
  const colour = header.icc ? null : colourOf(bytes, { format, exif });
  return {
    bytes,
    format,
    width: header.autoOrient.width,
    height: header.autoOrient.height,
    exif,
    xmp: header.xmp ?? null,
    colour: colour && !isSrgb(colour) ? colour : null,
    icc: profileOf(header),
  };
}

// Profiles of CMYK and grey are left to sharp.
function profileOf({ icc, space }: Metadata): Source["icc"] {
  if (!icc || !["srgb", "rgb16", "rgb"].includes(space)) return null;
  return isSrgbProfile(icc) ? "srgb" : icc;
}

function colourOf(
  bytes: Uint8Array,
  { format, exif }: { format: PhotoFormat; exif: Uint8Array[] },
): Colour | null {
  if (format === "avif") return heifColour(bytes);
  if (format === "png") return pngColour(bytes);
  return exif.some(isAdobeRgb) ? { primaries: "adobe", transfer: "adobe" } : null;
}

async function converted(source: Source, request: DecodeRequest): Promise<Source> {
  refuseTooLarge(source);
  type Tiff = Extract<DecodeReply, { tiff: unknown }>;
  const pixels = source.width * source.height;
  const { tiff, width, height } = await inDecodeThread<Tiff>(request, pixels)
    .catch((error) => {
      throw error instanceof ImageError ? asCut(error, source) : error;
    });
  return { ...source, bytes: tiff, width, height, colour: null };
}

function refuseTooLarge({ width, height }: { width: number; height: number }): void {
  if (Math.max(width, height) > LONGEST) {
    throw new ImageError(
      "too_large",
      `The picture has ${width} × ${height} pixels; the longer side may have ${LONGEST}`,
    );
  }
  if (width * height <= MOST_PIXELS) return;
  const millions = Math.round(width * height / 1e6);
  throw new ImageError(
    "too_large",
    `The picture has ${width} × ${height} pixels (${millions} million); the most is ${
      MOST_PIXELS / 1e6
    } million`,
  );
}
