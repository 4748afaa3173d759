/** A picture as bare pixels: 8-bit RGB, rows from the top, no padding; `data.length = width * height * 3`. */
export interface RgbImage {
  data: Uint8Array;
  width: number;
  height: number;
}

/**
 * A model as the rest of the program knows it. `key` is the name vectors are stored under: pack name
 * and the first 12 hex digits of the graph's SHA-256, so vectors of different weights never mix.
 */
export interface ModelIdentity {
  key: string;
  pack: string;
  dimension: number;
  /** True for the built-in demonstration models: wherever their results are shown, the page says so. */
  builtin: boolean;
}

/** True for the key of a model of the built-in pack, whose name it begins with. */
export const isBuiltin = (key: string | null): boolean => key?.startsWith("builtin@") ?? false;

/** The models one process works with: one for pictures and words, one pair for faces. */
export interface ModelSet {
  clip: ModelIdentity;
  faces: ModelIdentity;
}

/** When, where and with what a photo was taken, as far as it says. */
export interface Shot {
  /** Local time without zone, `YYYY-MM-DDTHH:MM:SS`, or null. */
  takenAt: string | null;
  /** What that time is ahead of UTC, in minutes (−720 to 840), where camera or GPS say so. */
  takenOffsetMinutes: number | null;
  camera: string | null;
  lens: string | null;
  /** WGS 84, in degrees; both or neither. */
  latitude: number | null;
  longitude: number | null;
  /** Stars, 0 to 5; −1 for one that somebody rejected; null where nobody rated it. */
  rating: number | null;
}

/** What one read of an original yields; the original is not needed again. */
export interface DecodedPhoto extends Shot {
  /** Size in pixels of the upright picture (EXIF orientation applied). */
  width: number;
  height: number;
  format: string;
  /** 64-bit difference hash (9×8) as 16 hex digits. */
  dhash: string;
  /** True if the hash says nothing: all zeros or ones, or hardly any contrast. */
  flat: boolean;
  /** JPEG, longest side at most 1440 px, upright, sRGB. */
  preview: Uint8Array;
  previewWidth: number;
  previewHeight: number;
  /** WebP, 480 px high at most, upright, sRGB. */
  thumbnail: Uint8Array;
  /** Shortest side to the model's size (bicubic), centre crop: the picture CLIP sees, before normalisation. */
  clipPixels: Uint8Array;
}

/** A detected face; box and landmarks relative to the upright picture (0…1). */
export interface DetectedFace {
  /** x, y, width, height. */
  box: [number, number, number, number];
  /** Five points (x, y): left eye, right eye, nose, left and right corner of the mouth, as seen in the picture. */
  landmarks: [number, number][];
  /** Detection score, 0…1. */
  score: number;
  /** 0…1: size, pose, sharpness and detection score in one figure. */
  quality: number;
  /** L2-normalised. */
  embedding: Float32Array;
}

/** Thrown when a model itself cannot be used: no picture is to blame, and no other will do better. */
export class ModelError extends Error {
  override name = "ModelError";
}

/** Permanent faults fail an item at once; `unsupported` skips it. The message is for a person. */
export type ImageFault = "empty" | "corrupt" | "truncated" | "too_large" | "unsupported";

/** Thrown when a file cannot become a photo. */
export class ImageError extends Error {
  constructor(readonly fault: ImageFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ImageError";
  }
}
