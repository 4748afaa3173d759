import { dirname, join } from "node:path";
import { log } from "../log.ts";
import { removeIfThere, sweep } from "./sweep.ts";

// What a killed process was writing; swept with the next that is written.
const PARTIAL = /\.partial-[0-9a-f-]{36}$/;

/** Where something computed is kept, whatever signs its name has; it may go at any time. */
export const cacheFile = (folder: string, name: string): string =>
  join(folder, encodeURIComponent(name));

/** What was kept; null if there is nothing, or nothing that can be read. */
export async function readCache(path: string): Promise<Uint8Array | null> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      log("warn", "what was kept cannot be read, and is computed anew", {
        error: String(error),
        path,
      });
    }
    return null;
  }
}

/**
 * Keeps something for the next time: whole or not at all, whoever writes at the same time. If that
 * fails it is logged, since it can be computed again.
 */
export async function writeCache(path: string, bytes: Uint8Array): Promise<void> {
  const partial = `${path}.partial-${crypto.randomUUID()}`;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await sweep(dirname(path), (name) => PARTIAL.test(name));
    await Deno.writeFile(partial, bytes);
    await Deno.rename(partial, path);
  } catch (error) {
    log("warn", "what was computed cannot be kept, and will be computed anew", {
      error: String(error),
      path,
    });
    await removeIfThere(partial);
  }
}
