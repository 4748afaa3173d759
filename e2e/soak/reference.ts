import { join } from "node:path";
import { testDirectory } from "../../db/testing.ts";
import { type LibraryState, libraryState } from "../library_state.ts";
import type { Library } from "./library.ts";
import { openSite } from "./site.ts";

const known = new Map<string, Promise<LibraryState>>();

/** What a run over the library comes to when nothing disturbs it; made once per process. */
export function undisturbed(library: Library): Promise<LibraryState> {
  if (!known.has(library.path)) known.set(library.path, runQuietly(library));
  return known.get(library.path)!;
}

/** Runs a session over `folder` (the library's without it) on a fresh database, left alone. */
export async function runQuietly(library: Library, folder?: string): Promise<LibraryState> {
  const dir = await testDirectory();
  const site = await openSite({ dataDir: join(dir, "data"), library, folder });
  try {
    await site.startSession();
    await site.ended();
    return await libraryState(site.database.sql, site.dataDir);
  } finally {
    const wrong = await site.stop();
    await Deno.remove(dir, { recursive: true });
    // deno-lint-ignore no-unsafe-finally -- whatever else went wrong, this says more
    if (wrong.length > 0) throw new Error(`The undisturbed run: ${wrong.join("; ")}`);
  }
}
