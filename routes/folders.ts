import { homedir } from "node:os";
import { isAbsolute, join, relative, resolve } from "node:path";
import { Fault } from "./fault.ts";

/** Opens a few folders at a time: enough to hide the latency of a network disk. */
const AT_ONCE = 16;

/**
 * Throws a Fault that names the first of `folders` that is missing, no folder, or not readable,
 * with the remedy. Looks at the folders themselves only: listing one takes longer the more it holds.
 */
export async function checkFolders(folders: string[]): Promise<void> {
  for (let first = 0; first < folders.length; first += AT_ONCE) {
    await Promise.all(folders.slice(first, first + AT_ONCE).map(checkFolder));
  }
}

export async function checkFolder(path: string): Promise<void> {
  try {
    const found = await Deno.stat(path);
    if (!found.isDirectory) {
      throw new Fault(400, "not_a_folder", `"${path}" is a file; choose the folder it is in`, {
        path,
      });
    }
    // Opening asks for the right to list, looking through it for the right to enter.
    if (Deno.build.os !== "windows") (await Deno.open(path)).close();
    await Deno.stat(join(path, ".") + "/.");
  } catch (error) {
    throw folderFault(path, error);
  }
}

/** A Fault for what the system said about a folder. */
export function folderFault(path: string, error: unknown): unknown {
  if (error instanceof Deno.errors.NotFound) {
    const message =
      `There is no folder "${path}"; check the spelling, and that its disk is mounted`;
    return new Fault(400, "folder_not_found", message, { path });
  }
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    const message = `Cannot read the folder "${path}"; give the user Safelight runs as the right ` +
      `to list and enter it`;
    return new Fault(400, "folder_unreadable", message, { path });
  }
  if (error instanceof Deno.errors.FilesystemLoop) {
    const message = `"${path}" is a link that leads to itself; choose the real folder`;
    return new Fault(400, "folder_is_a_loop", message, { path });
  }
  if (error instanceof Deno.errors.NotADirectory) {
    const message = `"${path}" is not a folder; choose the folder it is in`;
    return new Fault(400, "not_a_folder", message, { path });
  }
  return error;
}

/**
 * Chosen folders as they are stored: relative to the root, without repetition, "" for the root
 * itself. Throws a Fault for a root that is not absolute and for folders outside it.
 */
export function relativeFolders(rootPath: string, chosen: string[]): string[] {
  if (!isAbsolute(rootPath)) {
    throw new Fault(400, "path_not_absolute", `rootPath is "${rootPath}": give the full path`, {
      path: rootPath,
    });
  }
  const inside = chosen.map((folder) => {
    const path = relative(rootPath, resolve(rootPath, folder));
    if (path === ".." || path.startsWith("../") || isAbsolute(path)) {
      throw new Fault(400, "folder_outside_root", `"${folder}" is outside of "${rootPath}"`, {
        path: folder,
      });
    }
    return path;
  });
  return [...new Set(inside)];
}

/** Where the folder chooser starts: the folder of photos in a container, else the user's home. */
export async function startFolder(): Promise<string> {
  const mounted = await Deno.stat("/photos").catch(() => null);
  return mounted?.isDirectory ? "/photos" : homedir();
}
