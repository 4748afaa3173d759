import { join } from "node:path";
import { log } from "../log.ts";

/** Nobody writes at one file for so long: what is older was left by a process that was killed. */
const OLD_MS = 3_600_000;

/** Entries of a folder that one sweep looks at, so that opening stays quick; the next goes on. */
const LOOK = 2000;

/**
 * Removes files of `folder` that are older than an hour and whose name is `leftover`. Nothing
 * depends on it: what cannot be looked at or removed is logged and left. Returns how many it removed.
 */
export async function sweep(
  folder: string,
  leftover: (name: string) => boolean = () => true,
): Promise<number> {
  let looked = 0, removed = 0;
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (++looked > LOOK) break;
      if (!isFile || !leftover(name)) continue;
      const { mtime } = await Deno.stat(join(folder, name));
      if (mtime === null || Date.now() - mtime.getTime() < OLD_MS) continue;
      await Deno.remove(join(folder, name));
      removed++;
    }
  } catch (error) {
    // Others sweep too, and a folder is made with the first file in it.
    if (!(error instanceof Deno.errors.NotFound)) {
      log("warn", "leftovers cannot be swept", { error: String(error), path: folder });
    }
  }
  if (removed > 0) log("info", "swept what killed processes left behind", { files: removed });
  return removed;
}

/** Removes a file that may never have come to be; if it cannot, that is logged, as a sweep follows. */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    log("warn", "a file that is of no more use cannot be removed", { error: String(error), path });
  }
}
