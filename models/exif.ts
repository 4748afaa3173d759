import { Buffer } from "node:buffer";
import readExif from "exif-reader";

/** When and with what a photo was taken, as far as its EXIF says. */
export interface Shot {
  /** Local time without zone, `YYYY-MM-DDTHH:MM:SS`. */
  takenAt: string | null;
  camera: string | null;
}

/**
 * Reads an EXIF block. Cameras write much nonsense there (zeros for dates, broken offsets), which
 * never is a reason to refuse the photo: whatever makes no sense is null.
 */
export function readShot(block: Uint8Array | undefined): Shot {
  if (!block) return { takenAt: null, camera: null };
  try {
    const bytes = Buffer.from(block);
    const exif = readExif(bytes);
    const takenAt = localTime(exif.Photo?.DateTimeOriginal);
    return {
      // The 30th of February would come out as the 2nd of March: only a date that is written so.
      takenAt: takenAt && bytes.includes(takenAt.replaceAll("-", ":").replace("T", " "))
        ? takenAt
        : null,
      camera: cameraName(exif.Image?.Make, exif.Image?.Model),
    };
  } catch {
    return { takenAt: null, camera: null };
  }
}

// exif-reader gives the camera's wall clock as if it were UTC. No photograph is older than 1826.
function localTime(date: unknown): string | null {
  if (!(date instanceof Date) || Number.isNaN(date.getTime())) return null;
  const year = date.getUTCFullYear();
  return year >= 1826 && year <= 9999 ? date.toISOString().slice(0, 19) : null;
}

// "NIKON CORPORATION" + "NIKON D850" is one Nikon: the maker is left out where the model has it.
function cameraName(make: unknown, model: unknown): string | null {
  const [maker, name] = [words(make), words(model)];
  const brand = maker.split(" ")[0].toLowerCase();
  const full = name.toLowerCase().startsWith(brand) ? name : `${maker} ${name}`;
  return full.trim().slice(0, 100) || null;
}

// Some firmware pads with zero bytes, which Postgres refuses in text.
function words(value: unknown): string {
  const text = Buffer.isBuffer(value) ? value.toString("utf8") : value;
  // deno-lint-ignore no-control-regex
  return typeof text === "string" ? text.replace(/[\x00-\x20\x7f]+/g, " ").trim() : "";
}
