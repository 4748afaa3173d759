import { dirname, join } from "node:path";

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
 * Writes a file so that nobody ever sees half of it: beside its place first, then renamed. If that
 * fails, nothing stays behind; a full disk would not get any room otherwise.
 */
export async function writeWhole(path: string, data: Uint8Array): Promise<void> {
  const partial = `${path}.${crypto.randomUUID().slice(0, 8)}`;
  try {
    try {
      await Deno.writeFile(partial, data);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeFile(partial, data);
    }
    await Deno.rename(partial, path);
  } catch (error) {
    await Deno.remove(partial).catch(() => {/* it may never have come to be */});
    throw error;
  }
}
