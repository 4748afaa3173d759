import { join } from "node:path";
import { partialFolders } from "./photo_store.ts";
import { sweep } from "./sweep.ts";

/** Raised with every new layout of the data directory; see openDataDir. */
const LAYOUT = "1";

// Those made below, and those of jobs/room.ts.
const PROBE = /^\.(probe|room)-[0-9a-f-]{36}$/;

/**
 * Makes the data directory usable: creates it, proves that it can be written, checks that it was
 * made by a version that this program understands, and sweeps what killed processes left there.
 * Throws with folder, cause and remedy.
 */
export async function openDataDir(dataDir: string): Promise<void> {
  try {
    // Others may pass through: PostgreSQL runs as another user when Safelight runs as root.
    await Deno.mkdir(dataDir, { recursive: true, mode: 0o711 });
    const probe = join(dataDir, `.probe-${crypto.randomUUID()}`);
    await Deno.writeTextFile(probe, "");
    await Deno.remove(probe);
  } catch (error) {
    throw new Error(
      `Cannot use the data directory "${dataDir}": ${(error as Error).message}; choose another ` +
        `with --data or SAFELIGHT_DATA, or give this user the right to write there`,
      { cause: error },
    );
  }
  const file = join(dataDir, "VERSION");
  const found = await Deno.readTextFile(file).catch(() => null);
  if (found === null) await Deno.writeTextFile(file, `${LAYOUT}\n`);
  else if (found.trim() !== LAYOUT) {
    throw new Error(
      `Cannot use the data directory "${dataDir}": its layout is version "${found.trim()}", this ` +
        `program knows ${LAYOUT}; use the Safelight that made it, or choose another with --data`,
    );
  }
  await sweep(dataDir, (name) => PROBE.test(name));
  for (const folder of partialFolders(dataDir)) await sweep(folder);
}
