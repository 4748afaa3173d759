import { dirname, join } from "node:path";
import { removeIfThere, sweep } from "../../db/sweep.ts";
import { log } from "../../log.ts";

// What a killed process was writing; swept with the next that is written.
const PARTIAL = /\.partial-[0-9a-f-]{36}$/;

/** Where the neighbour lists of a face model are kept: a cache, which may go at any time. */
export function neighbourFile(dataDir: string, model: string): string {
  return join(dataDir, "neighbours", `${encodeURIComponent(model)}.lists`);
}

/** The lists kept by the last grouping; null if there are none, or none that can be read. */
export async function readNeighbours(path: string): Promise<Uint8Array | null> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      log("warn", "the kept neighbour lists cannot be read; they are computed anew", {
        error: String(error),
        path,
      });
    }
    return null;
  }
}

/**
 * Keeps lists for the next grouping: whole or not at all, whoever writes at the same time. If that
 * fails it is logged, since the next grouping can do without.
 */
export async function writeNeighbours(path: string, lists: Uint8Array): Promise<void> {
  const partial = `${path}.partial-${crypto.randomUUID()}`;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await sweep(dirname(path), (name) => PARTIAL.test(name));
    await Deno.writeFile(partial, lists);
    await Deno.rename(partial, path);
  } catch (error) {
    log("warn", "the neighbour lists cannot be kept; the next grouping computes them anew", {
      error: String(error),
      path,
    });
    await removeIfThere(partial);
  }
}
