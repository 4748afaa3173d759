import { join } from "node:path";
import { hashFile } from "./identity.ts";
import type { InstalledPack } from "./installed.ts";
import { packFiles } from "./manifest.ts";
import { removeStamp, writeStamp } from "./stamp.ts";

/** What is wrong with one file of a pack, for a person. */
export interface Fault {
  file: string;
  problem: string;
}

/**
 * Reads and hashes every file of a pack, whatever was known of it, and says what is wrong; a pack
 * with faults is read again whenever it is opened. Throws what `signal` was aborted with.
 */
export async function verifyPack(
  { dir, manifest }: InstalledPack,
  { signal, onBytes }: { signal?: AbortSignal; onBytes?: (count: number) => void } = {},
): Promise<Fault[]> {
  const faults: Fault[] = [];
  const hashes: Record<string, string> = {};
  for (const { file, sha256, bytes } of packFiles(manifest)) {
    try {
      hashes[file] = await hashFile(join(dir, file), { signal, onBytes });
    } catch (error) {
      signal?.throwIfAborted();
      const missing = error instanceof Deno.errors.NotFound;
      const problem = missing ? "it is missing" : `it cannot be read (${(error as Error).message})`;
      faults.push({ file, problem });
      continue;
    }
    if (sha256 === undefined || hashes[file] === sha256) continue;
    const { size } = await Deno.stat(join(dir, file));
    const problem = bytes !== undefined && size !== bytes
      ? `it has ${size} bytes instead of ${bytes}`
      : `its SHA-256 is ${hashes[file]}, expected ${sha256}`;
    faults.push({ file, problem });
  }
  if (faults.length > 0) await removeStamp(dir);
  else await writeStamp(dir, hashes);
  return faults;
}
