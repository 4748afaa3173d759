import { basename, dirname, join } from "node:path";
import { removeIfThere } from "./sweep.ts";

/**
 * Where the preview (JPEG, 1440 px) of a photo lies. Named by content, so writing it twice is
 * harmless and a moved file keeps its pictures; two hex digits of fan-out keep folders small.
 */
export function previewPath(dataDir: string, sha256: string): string {
  return join(dataDir, "previews", sha256.slice(0, 2), `${sha256}.jpg`);
}

/** Where the thumbnail (WebP, 480 px high) of a photo lies. */
export function thumbnailPath(dataDir: string, sha256: string): string {
  return join(dataDir, "thumbnails", sha256.slice(0, 2), `${sha256}.webp`);
}

/**
 * Folders of what is being written, each beside its pictures: renaming then stays within one file
 * system, wherever `previews` or `thumbnails` may be mounted. What a killed worker leaves there is
 * swept when the data directory is opened (see sweep.ts).
 */
export const partialFolders = (dataDir: string): string[] =>
  ["previews", "thumbnails"].map((kind) => join(dataDir, kind, PARTIAL));

const PARTIAL = "partial";

/**
 * Writes the file of a photo, at its previewPath or thumbnailPath, so that nobody ever sees half of
 * it: in the folder for partial files first, then renamed. If that fails, nothing stays behind; a
 * full disk would not get any room otherwise.
 */
export async function writeWhole(path: string, data: Uint8Array): Promise<void> {
  const folder = join(dirname(path), "..", PARTIAL);
  const partial = join(folder, `${basename(path)}.${crypto.randomUUID().slice(0, 8)}`);
  const write = async () => {
    await Deno.writeFile(partial, data);
    await Deno.rename(partial, path);
  };
  try {
    try {
      await write();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      await Deno.mkdir(folder, { recursive: true });
      await Deno.mkdir(dirname(path), { recursive: true });
      await write();
    }
  } catch (error) {
    await removeIfThere(partial);
    throw error;
  }
}
