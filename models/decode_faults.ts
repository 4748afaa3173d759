import { endsEarly, type PhotoFormat } from "./sniff.ts";
import { ImageError } from "./types.ts";

/** The bytes that were decoded, and what they are. */
export interface DecodedFile {
  bytes: Uint8Array;
  format: PhotoFormat;
}

// Below "warning" libvips passes JPEGs with half their pixels missing, at "warning" it also refuses
// what decodes in full: bytes between segments, an odd revision, a profile in pieces.
const HARMLESS =
  /extraneous bytes before marker|Unknown Adobe color transform|unknown JFIF revision|ICC profile/;

/** True if libvips warned of nothing that touches the pixels. */
export const isHarmless = (error: unknown): boolean =>
  String((error as Error).message).split("\n").every((line) => HARMLESS.test(line));

/** True if a decoder had too little memory, and not if it says so of a size that makes no sense. */
export const lacksMemory = (message: string): boolean =>
  /memory|allocat|OOM/i.test(message) && !/invalid|corrupt|limit|out of bounds/i.test(message);

/** What sharp threw, as a fault of the file, in words for a person; or as one of the machine. */
export function asFault(error: unknown, { bytes, format }: DecodedFile): Error {
  if (error instanceof ImageError) return error;
  const message = error instanceof Error ? error.message : String(error);
  // Not the picture's fault: another try may succeed.
  if (lacksMemory(message)) {
    return new Error(`Cannot decode: ${message}`, { cause: error });
  }
  const detail = message.split("\n").map((line) => line.trim().replace(/:$/, ""))
    .filter((line) => line && !line.startsWith("Warning treated as error")).at(-1) ?? "no detail";
  const name = nameOf(format);
  return /premature end of JPEG/.test(message) || endsEarly(bytes, format)
    ? new ImageError("truncated", `${name} ends before the picture does (${detail})`, {
      cause: error,
    })
    : new ImageError("corrupt", `${name} is damaged (${detail})`, { cause: error });
}

/**
 * The same fault, or `truncated` where the file's own structure shows that: a decoder does not always
 * know that what it misses was cut off.
 */
export function asCut(error: ImageError, { bytes, format }: DecodedFile): ImageError {
  if (error.fault !== "corrupt" || !endsEarly(bytes, format)) return error;
  return new ImageError("truncated", `${nameOf(format)} ends before the picture does`, {
    cause: error,
  });
}

const nameOf = (format: PhotoFormat) => NAMES[format] ?? `The ${format.toUpperCase()} file`;

const NAMES: { [format in PhotoFormat]?: string } = {
  raw: "The preview in the camera's raw file",
  jxl: "The JPEG XL file",
};
