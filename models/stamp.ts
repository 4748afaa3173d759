import { join } from "node:path";
import { z } from "zod";
import { type Manifest, packFiles } from "./manifest.ts";
import { writeText } from "./write_text.ts";

/** What was hashed in a pack: by file its SHA-256, and the size and time it had then. */
const stamp = z.record(
  z.string(),
  z.strictObject({ sha256: z.string(), size: z.number(), mtimeMs: z.number() }),
);
type Stamp = z.output<typeof stamp>;

const STAMP = ".hashed.json";

/**
 * The hashes of a pack's files as they were when somebody last read them, if every file still has
 * the size and the time it had then and the hash the manifest names; else null. Spares reading 600 MB a start.
 */
export async function readStamp(
  dir: string,
  manifest: Manifest,
): Promise<Record<string, string> | null> {
  const known = await Deno.readTextFile(join(dir, STAMP))
    .then((text) => stamp.safeParse(JSON.parse(text)).data, () => undefined);
  if (!known) return null;
  const hashes: Record<string, string> = {};
  for (const { file, sha256 } of packFiles(manifest)) {
    const now = await look(join(dir, file)).catch(() => null);
    const then = known[file];
    if (!now || !then || now.size !== then.size || now.mtimeMs !== then.mtimeMs) return null;
    if (sha256 !== undefined && sha256 !== then.sha256) return null;
    hashes[file] = then.sha256;
  }
  return hashes;
}

/** Remembers what was just hashed. A folder that cannot be written only costs time later. */
export async function writeStamp(dir: string, hashes: Record<string, string>): Promise<void> {
  const stamp: Stamp = {};
  for (const [file, sha256] of Object.entries(hashes)) {
    stamp[file] = { sha256, ...await look(join(dir, file)) };
  }
  try {
    await writeText(join(dir, STAMP), JSON.stringify(stamp));
  } catch (error) {
    const readOnly = ["EROFS", "EACCES", "EPERM", "ENOSPC"];
    const denied = error instanceof Deno.errors.NotCapable;
    if (!denied && !readOnly.includes((error as { code?: string }).code ?? "")) throw error;
  }
}

/** Forgets it, so that the next who opens the pack reads its files. */
export async function removeStamp(dir: string): Promise<void> {
  await Deno.remove(join(dir, STAMP)).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

async function look(path: string): Promise<{ size: number; mtimeMs: number }> {
  const { size, mtime } = await Deno.stat(path);
  return { size, mtimeMs: mtime?.getTime() ?? 0 };
}
