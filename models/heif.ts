import libheif from "libheif-js/libheif-wasm/libheif-bundle.mjs";
import { type Colour, isSrgb, type Pixels, toSrgb } from "./colour.ts";
import { lacksMemory } from "./decode_faults.ts";
import { ImageError } from "./types.ts";

/** What of libheif-js is used; its own types describe everything but what its JavaScript adds. */
interface LibHeif {
  heif_context_alloc(): unknown;
  heif_context_free(context: unknown): void;
  heif_context_read_from_memory(context: unknown, bytes: Uint8Array): Result;
  heif_js_context_get_primary_image_handle(context: unknown): Result;
  heif_image_handle_has_alpha_channel(handle: unknown): number;
  heif_image_handle_release(handle: unknown): void;
  heif_js_decode_image2(handle: unknown, colorspace: unknown, chroma: unknown): Result & Decoded;
  heif_image_release(image: unknown): void;
  heif_error_code: { heif_error_Ok: unknown };
  heif_colorspace: Record<string, unknown>;
  heif_chroma: Record<string, unknown>;
}

interface Result {
  code?: unknown;
  message?: string;
}

interface Decoded {
  image: unknown;
  channels: {
    data: Uint8Array;
    stride: number;
    width: number;
    height: number;
    bits_per_pixel: number;
  }[];
}

let library: Promise<LibHeif> | null = null;

/**
 * Decodes the main picture of a HEIC file, upright as its container says: RGB or RGBA, of 8 bits,
 * or of 16 where it is `deep` (has more than 8). Colours stay those of an ICC profile in the file; those the
 * container tells in numbers (`colour`) become sRGB. For a decode thread; throws an ImageError.
 */
export async function decodeHeif(
  bytes: Uint8Array,
  { deep, colour }: { deep: boolean; colour: Colour | null },
): Promise<Pixels> {
  const heif = await (library ??= libheif() as Promise<LibHeif>);
  const context = heif.heif_context_alloc();
  let handle: unknown = null, image: unknown = null;
  const good = <T extends Result>(result: T): T => {
    if (!result.code || result.code === heif.heif_error_code.heif_error_Ok) return result;
    throw asFault(result.message ?? "no detail");
  };
  try {
    good(heif.heif_context_read_from_memory(context, bytes));
    handle = good(heif.heif_js_context_get_primary_image_handle(context));
    const alpha = heif.heif_image_handle_has_alpha_channel(handle) !== 0;
    const form = `${deep ? "RRGGBB" : "RGB"}${alpha ? deep ? "AA" : "A" : ""}${deep ? "_LE" : ""}`;
    const decoded = good(heif.heif_js_decode_image2(
      handle,
      heif.heif_colorspace.heif_colorspace_RGB,
      heif.heif_chroma[`heif_chroma_interleaved_${form}`],
    ));
    image = decoded.image;
    const [plane] = decoded.channels;
    const pixels = copyRows(plane, { channels: alpha ? 4 : 3, deep });
    const most = 2 ** plane.bits_per_pixel - 1;
    if (colour && !isSrgb(colour)) return toSrgb(pixels, { ...colour, most });
    // 10 or 12 bits, in samples of 16.
    if (deep) pixels.data.forEach((level, i, data) => data[i] = Math.round(level / most * 65535));
    return pixels;
  } finally {
    if (image) heif.heif_image_release(image);
    if (handle) heif.heif_image_handle_release(handle);
    heif.heif_context_free(context);
  }
}

// Rows may be padded; and the memory is the library's own.
function copyRows(
  plane: Decoded["channels"][0],
  { channels, deep }: { channels: number; deep: boolean },
): Pixels {
  const { data, stride, width, height } = plane;
  const row = width * channels * (deep ? 2 : 1);
  const copy = new Uint8Array(row * height);
  for (let y = 0; y < height; y++) {
    copy.set(data.subarray(y * stride, y * stride + row), y * row);
  }
  return { data: deep ? new Uint16Array(copy.buffer) : copy, width, height, channels };
}

function asFault(message: string): Error {
  if (lacksMemory(message)) return new Error(`Cannot decode: ${message}`);
  if (/unsupported|not (?:supported|implemented)/i.test(message)) {
    return new ImageError("unsupported", `The HEIC file needs what its decoder lacks (${message})`);
  }
  return new ImageError("corrupt", `The HEIC file is damaged (${message})`);
}
