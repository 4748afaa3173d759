import { basename, join } from "node:path";
import { isPhotoFolder, isPictureName } from "./picture_names.ts";

/** A picture file found by a walk. */
export interface FoundFile {
  path: string;
  size: number;
  mtimeMs: number;
}

export type WalkEvent =
  | { kind: "file"; file: FoundFile }
  /** A folder or file that could not be looked at. */
  | { kind: "unreadable"; path: string; message: string; vanished: boolean }
  /** A file the system cannot open by the name it has. */
  | { kind: "bad_name"; path: string }
  /** A folder has been looked through; a hundred thousand without a picture are movement too. */
  | { kind: "folder" };

/** Files looked at together: stat is a round trip to a thread, and sixteen hide its latency. */
const TOGETHER = 16;

/**
 * Streams the picture files below `root` (only directly in it unless `recursive`), holding no more
 * than one folder's names at a time. Symbolic links are followed; a folder reached twice, be it
 * through a loop, is walked once. Hidden folders and files are left out. Throws only if `root`
 * itself cannot be read.
 */
export async function* walk(
  root: string,
  options: { recursive: boolean; visited?: Set<string> },
): AsyncGenerator<WalkEvent> {
  const visited = options.visited ?? new Set();
  const folders = [root];
  while (folders.length > 0) {
    const folder = folders.pop()!;
    try {
      if (!await firstVisit(folder, visited)) continue;
      let names: string[] = [];
      for await (const entry of Deno.readDir(folder)) {
        if (entry.isDirectory) {
          if (options.recursive && isPhotoFolder(entry.name)) {
            folders.push(join(folder, entry.name));
          }
        } else if (entry.isSymlink ? isPhotoFolder(entry.name) : isPictureName(entry.name)) {
          names.push(entry.name);
          if (names.length === TOGETHER) {
            yield* look(folder, names, folders, options.recursive);
            names = [];
          }
        }
      }
      yield* look(folder, names, folders, options.recursive);
      yield { kind: "folder" };
    } catch (error) {
      if (folder === root) throw error;
      const vanished = error instanceof Deno.errors.NotFound;
      yield { kind: "unreadable", path: folder, message: (error as Error).message, vanished };
    }
  }
}

async function* look(
  folder: string,
  names: string[],
  folders: string[],
  recursive: boolean,
): AsyncGenerator<WalkEvent> {
  const paths = names.map((name) => join(folder, name));
  const stats = await Promise.allSettled(paths.map((path) => Deno.stat(path)));
  for (const [index, result] of stats.entries()) {
    const path = paths[index];
    if (result.status === "rejected") {
      yield* fault(path, result.reason);
    } else if (result.value.isDirectory) {
      if (recursive) folders.push(path);
    } else if (result.value.isFile && isPictureName(basename(path))) {
      const mtimeMs = result.value.mtime?.getTime() ?? 0;
      yield { kind: "file", file: { path, size: result.value.size, mtimeMs } };
    }
  }
}

async function* fault(path: string, error: Error): AsyncGenerator<WalkEvent> {
  if (!(error instanceof Deno.errors.NotFound)) {
    yield { kind: "unreadable", path, message: error.message, vanished: false };
  } else if (path.includes("\uFFFD")) {
    // Names come as UTF-16; what was not UTF-8 on disk became U+FFFD and names nothing any more.
    yield { kind: "bad_name", path };
  } else if (
    isPictureName(basename(path)) && await Deno.lstat(path).then(() => true, () => false)
  ) {
    yield { kind: "unreadable", path, message: "the link points to nothing", vanished: true };
  }
  // Otherwise it vanished between two looks: as if never seen.
}

async function firstVisit(folder: string, visited: Set<string>): Promise<boolean> {
  const { dev, ino } = await Deno.stat(folder);
  const key = `${dev}:${ino}`;
  if (ino !== null && visited.has(key)) return false;
  visited.add(key);
  return true;
}
