import { Buffer } from "node:buffer";
import type { Exif } from "exif-reader";
import { parseExif } from "./exif_block.ts";
import { cameraName, instant, lensName, minutesOf, place, stars, words } from "./shot_parts.ts";
import type { Shot } from "./types.ts";

/**
 * Reads an EXIF block. Cameras write much nonsense there (zeros for dates, broken offsets), which
 * never is a reason to refuse the photo: whatever makes no sense is null.
 */
export function readExifShot(block: Uint8Array): Shot | null {
  const bytes = view(block);
  const exif = parseExif(bytes);
  if (!exif) return null;
  const { Image: image, Photo: photo, GPSInfo: gps } = exif;
  // Scanners, and some telephones' editors, leave only the second.
  const takenAt = localTime(photo?.DateTimeOriginal, bytes) ??
    localTime(photo?.DateTimeDigitized, bytes);
  const offsets = [photo?.OffsetTimeOriginal, photo?.OffsetTimeDigitized, photo?.OffsetTime];
  const offset = offsets.map((value) => minutesOf(words(value))).find((found) => found !== null);
  return {
    takenAt,
    takenOffsetMinutes: takenAt === null ? null : offset ?? offsetByGps(takenAt, gps),
    camera: cameraName(words(image?.Make), words(image?.Model)),
    lens: lensName(words(photo?.LensModel)),
    ...place(
      degrees(gps?.GPSLatitude, words(gps?.GPSLatitudeRef), "NS"),
      degrees(gps?.GPSLongitude, words(gps?.GPSLongitudeRef), "EW"),
    ),
    rating: stars(image?.Rating),
  };
}

/** True for the word by which cameras that embed no profile say that they recorded Adobe RGB. */
export function isAdobeRgb(block: Uint8Array): boolean {
  const exif = parseExif(block);
  return words(exif?.Iop?.InteroperabilityIndex) === "R03" && exif?.Photo?.ColorSpace !== 1;
}

const view = (block: Uint8Array) => Buffer.from(block.buffer, block.byteOffset, block.byteLength);

// exif-reader gives the camera's wall clock as if it were UTC, and the 30th of February as the 2nd of
// March: only a date that is written so in the file is one.
function localTime(date: unknown, bytes: Buffer): string | null {
  if (!(date instanceof Date) || Number.isNaN(date.getTime())) return null;
  const time = date.toISOString().slice(0, 19);
  const written = time.replaceAll("-", ":").replace("T", " ");
  return instant(time) !== null && bytes.includes(written) ? time : null;
}

// Receivers tell UTC. Zones are multiples of a quarter of an hour, and a fix may be some minutes old.
function offsetByGps(takenAt: string, gps: Exif["GPSInfo"]): number | null {
  const [hours, minutes, seconds] = numbers(gps?.GPSTimeStamp);
  const day = words(gps?.GPSDateStamp).replaceAll(":", "-");
  const midnight = instant(`${day}T00:00:00`);
  const [local, within] = [instant(takenAt), hours < 24 && minutes < 60 && seconds < 61];
  if (midnight === null || local === null || !within) return null;
  const utc = midnight + (hours * 3600 + minutes * 60 + seconds) * 1000;
  const offset = Math.round((local - utc) / 900_000) * 15;
  return offset >= -720 && offset <= 840 ? offset : null;
}

function degrees(value: unknown, reference: string, [positive, negative]: string): number {
  const [whole, minutes, seconds] = numbers(value);
  const sign = new Map([[positive, 1], [negative, -1]]).get(reference.toUpperCase()) ?? NaN;
  return sign * (whole + minutes / 60 + seconds / 3600);
}

// Three rationals. One that is divided by zero is NaN or infinite, and so is what is made of it.
function numbers(value: unknown): number[] {
  const list = Array.isArray(value) ? value : [];
  return [0, 1, 2].map((index) => typeof list[index] === "number" ? list[index] : NaN);
}
