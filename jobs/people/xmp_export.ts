import { dirname, join, relative, sep } from "node:path";
import type { Db } from "../../db/client.ts";
import {
  chosenFolders,
  type FileOfPeople,
  filesOfPeople,
  hasFilesAbove,
  hasFilesBelow,
  outermostFiles,
} from "../../db/people_export_queries.ts";
import { sessionFolders } from "../session_files.ts";
import { storedOrientation } from "./xmp_orientation.ts";
import { xmpSidecar } from "./xmp_regions.ts";

export const SIDECAR_FORMATS = ["xmp", "json"] as const;
export type SidecarFormat = typeof SIDECAR_FORMATS[number];

export interface ExportOptions {
  /** The export folder, absolute, as `exportFolder` answered it. */
  folder: string;
  format: SidecarFormat;
  /** Told of every file whose sidecar could not be written, and why. */
  onFailure(path: string, reason: string): void;
  signal: AbortSignal;
}

export interface Exported {
  sidecars: number;
  faces: number;
  failed: number;
}

/** Files read by one statement; their faces are all that is in memory. */
const PAGE = 500;
/** Files written side by side: reading and writing wait for disks. */
const TOGETHER = 8;

/**
 * Writes a sidecar for every file that shows somebody with a name, below `folder` as the files lie
 * below the folder that holds all of the library: `2024/a.jpg` gets `2024/a.jpg.xmp`. Originals are
 * read (where faces are in a stored picture depends on its orientation) and never written. What
 * cannot be written is told and left out. Ends early, without an error, when `signal` fires.
 */
export async function exportPeople(db: Db, options: ExportOptions): Promise<Exported> {
  const base = await baseFolder(db);
  const result: Exported = { sidecars: 0, faces: 0, failed: 0 };
  for (let after = "";;) {
    const page = await filesOfPeople(db, { after, limit: PAGE });
    for (let first = 0; first < page.length; first += TOGETHER) {
      if (options.signal.aborted) return result;
      await Promise.all(
        page.slice(first, first + TOGETHER).map(async (file) => {
          try {
            await writeSidecar(file, { ...options, base });
            result.sidecars++;
            result.faces += file.faces.length;
          } catch (error) {
            result.failed++;
            options.onFailure(file.path, (error as Error).message);
          }
        }),
      );
    }
    if (page.length < PAGE) return result;
    after = page[page.length - 1].path;
  }
}

/** The deepest folder that holds all folders of the library. */
async function baseFolder(db: Db): Promise<string> {
  const outermost = await outermostFiles(db);
  if (outermost === null) return sep;
  const folders = (await chosenFolders(db)).flatMap(sessionFolders);
  const used = await Promise.all(folders.map((folder) => hasFilesBelow(db, folder)));
  return common([
    ...folders.filter((_, i) => used[i]),
    dirname(outermost.first),
    dirname(outermost.last),
  ]);
}

function common(folders: string[]): string {
  const parts = folders.map((folder) => folder.split(sep));
  let length = 0;
  while (length < parts[0].length && parts.every((p) => p[length] === parts[0][length])) length++;
  return parts[0].slice(0, length).join(sep) || sep;
}

async function writeSidecar(
  file: FileOfPeople,
  { folder, base, format }: ExportOptions & { base: string },
): Promise<void> {
  const content = format === "json"
    ? jsonSidecar(file)
    : xmpSidecar(file, await orientationOf(file));
  // On Windows, a file on another drive than the base keeps its drive's letter as a folder.
  const place = relative(base, file.path).replace(/^([A-Za-z]):/, "$1");
  const target = join(folder, `${place}.${format}`);
  await makeFolders(folder, dirname(target));
  // A name of its own until it is complete: should the target be a link, the link is replaced.
  const part = join(dirname(target), `.${crypto.randomUUID()}.part`);
  try {
    await Deno.writeTextFile(part, content, { createNew: true });
    await Deno.rename(part, target);
  } catch (error) {
    await Deno.remove(part).catch(() => {});
    throw error;
  }
}

async function orientationOf({ path, format }: FileOfPeople): Promise<number> {
  try {
    return await storedOrientation(path, format);
  } catch (error) {
    throw new Error(
      `how the picture is turned cannot be read (${(error as Error).message}), and XMP regions ` +
        "depend on it; make the file readable, or use --format json",
      { cause: error },
    );
  }
}

/** Boxes are of the upright picture, from its upper left corner. */
function jsonSidecar({ path, width, height, faces }: FileOfPeople): string {
  const regions = faces.map(({ name, box: [x, y, w, h], confirmed, similarity }) => ({
    name,
    box: { x, y, width: w, height: h },
    confirmed,
    similarity,
  }));
  return JSON.stringify({ path, width, height, faces: regions }, null, 2) + "\n";
}

/** Makes the folders between `root` and `folder`; a link among them might lead to the originals. */
async function makeFolders(root: string, folder: string): Promise<void> {
  let at = root;
  for (const part of relative(root, folder).split(sep).filter(Boolean)) {
    at = join(at, part);
    await Deno.mkdir(at).catch((error) => {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    });
    if (!(await Deno.lstat(at)).isDirectory) {
      throw new Error(`"${at}" is no folder, or a link to one elsewhere; remove it`);
    }
  }
}

/**
 * Makes and checks the folder to export to; answers where it really is. Throws an Error that says
 * what to do if it lies in a folder of the library or the data directory or holds one of them, or in
 * a folder with pictures of the library, or if there is something in it already, unless `force`.
 */
export async function exportFolder(
  db: Db,
  { dir, dataDir, force }: { dir: string; dataDir: string; force: boolean },
): Promise<string> {
  const folder = await realPlace(dir);
  const refuse = (why: string): never => {
    throw new Error(`Cannot export to "${dir}": ${why}; choose another folder`);
  };
  const apart = (other: string) => !isWithin(folder, other) && !isWithin(other, folder);
  if (!apart(await realPlace(dataDir))) refuse("the data directory is there");
  for (const chosen of (await chosenFolders(db)).flatMap(sessionFolders)) {
    if (!apart(chosen) || !apart(await realPlace(chosen))) {
      refuse(`"${chosen}" is a folder of the library, and nothing is written beside originals`);
    }
  }
  if (await hasFilesBelow(db, folder)) refuse("pictures of the library lie there");
  // A folder of the library, although its sessions are gone.
  if (await hasFilesAbove(db, folder)) {
    refuse(
      "a folder above it holds pictures of the library, and nothing is written beside originals",
    );
  }
  try {
    await Deno.mkdir(folder, { recursive: true });
    for await (const _ of Deno.readDir(folder)) {
      if (!force) {
        throw new Error("it is not empty; --force replaces sidecars in it and leaves the rest");
      }
      break;
    }
  } catch (error) {
    throw new Error(`Cannot export to "${dir}": ${(error as Error).message}`, { cause: error });
  }
  return await Deno.realPath(folder);
}

const isWithin = (inner: string, outer: string) =>
  inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);

/** Where a path leads, links followed; what does not exist yet would be where its parent leads. */
async function realPlace(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    const parent = dirname(path);
    if (!(error instanceof Deno.errors.NotFound) || parent === path) return path;
    return join(await realPlace(parent), path.slice(parent.length));
  }
}
