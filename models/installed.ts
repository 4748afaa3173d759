import { join } from "node:path";
import { log } from "../log.ts";
import { type Manifest, packFiles, parseManifest } from "./manifest.ts";

/** A pack in the data directory; `bytes` is what its files take there. */
export interface InstalledPack {
  name: string;
  dir: string;
  manifest: Manifest;
  bytes: number;
}

/** Where pulled packs live: a folder each, named as the pack. */
export const packsDir = (dataDir: string): string => join(dataDir, "models");

/**
 * The packs of the data directory by name. One whose manifest cannot be read is left out and told to
 * `onFault` (by default the log): it must not hide the others. Missing files are verifyPack's matter.
 */
export async function installedPacks(
  dataDir: string,
  onFault: (message: string) => void = (message) => log("warn", message),
): Promise<InstalledPack[]> {
  const packs: InstalledPack[] = [];
  for (const name of await folders(packsDir(dataDir))) {
    try {
      packs.push(await readPack(join(packsDir(dataDir), name), name));
    } catch (error) {
      onFault(`The pack "${name}" is left out: ${(error as Error).message}`);
    }
  }
  return packs;
}

/** One installed pack, or null if no folder of that name holds a manifest. Throws if it is wrong. */
export async function installedPack(dataDir: string, name: string): Promise<InstalledPack | null> {
  if (!(await folders(packsDir(dataDir))).includes(name)) return null;
  return await readPack(join(packsDir(dataDir), name), name);
}

async function readPack(dir: string, name: string): Promise<InstalledPack> {
  const path = join(dir, "manifest.json");
  const manifest = parseManifest(await Deno.readTextFile(path), path);
  if (manifest.name !== name) {
    throw new Error(`"${path}" names itself "${manifest.name}"; rename the folder to that`);
  }
  const sizes = await Promise.all(
    packFiles(manifest).map(({ file }) =>
      Deno.stat(join(dir, file)).then(({ size }) => size, ifMissing(0))
    ),
  );
  return { name, dir, manifest, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

async function folders(dir: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(dir)) {
      // Hidden ones are pulls that have not ended. A folder without a manifest is nobody's pack.
      if (name.startsWith(".")) continue;
      const isPack = await Deno.stat(join(dir, name, "manifest.json"))
        .then(({ isFile }) => isFile, ifMissing(false));
      if (isPack) names.push(name);
    }
  } catch (error) {
    return ifMissing([])(error);
  }
  return names.sort();
}

/** What to go on with where there is no such file; every other error is thrown on. */
export const ifMissing = <T>(value: T) => (error: unknown): T => {
  const missing = [Deno.errors.NotFound, Deno.errors.NotADirectory];
  if (missing.some((kind) => error instanceof kind)) return value;
  throw error;
};
