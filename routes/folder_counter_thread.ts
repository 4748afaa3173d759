/// <reference lib="deno.worker" />
import { join } from "node:path";
import { isPhotoFolder, isPictureName } from "../jobs/picture_names.ts";

/**
 * Reads folders beside the thread that answers requests: listing a folder of a hundred thousand
 * files takes the time of several requests, and counting a tree takes as long as the tree.
 */

export type Order = { id: number; order: "list" | "count"; path: string };
export type Answer =
  & { id: number }
  & (
    | { list: FolderEntries }
    | { count: PictureCount }
    | { error: { name: string; message: string } }
  );

export interface FolderEntries {
  /** Names of the folders in it, sorted for reading; at most LIST_LIMIT. */
  folders: string[];
  truncated: boolean;
}

export interface PictureCount {
  pictures: number;
  /** True where counting stopped early: there are at least this many. */
  atLeast: boolean;
}

/** More than anybody scrolls through; beyond that the path can be typed. */
export const LIST_LIMIT = 2_000;
/** Beyond this "100,000+" tells a person enough. */
const PICTURE_LIMIT = 100_000;
/** A tree without pictures (a disk of source code, /proc) must end too. */
const ENTRY_LIMIT = 1_000_000;

async function list(path: string): Promise<FolderEntries> {
  const folders: string[] = [];
  for await (const entry of Deno.readDir(path)) {
    if (!isPhotoFolder(entry.name)) continue;
    if (entry.isDirectory || entry.isSymlink && await isFolder(join(path, entry.name))) {
      folders.push(entry.name);
    }
  }
  const order = new Intl.Collator("en", { numeric: true });
  folders.sort(order.compare);
  return { folders: folders.slice(0, LIST_LIMIT), truncated: folders.length > LIST_LIMIT };
}

/** Pictures by their names in a folder and everything below it; links to folders are not followed. */
async function count(root: string): Promise<PictureCount> {
  let pictures = 0, entries = 0;
  const open = [root];
  while (open.length > 0) {
    const folder = open.pop()!;
    try {
      for await (const entry of Deno.readDir(folder)) {
        if (entry.isDirectory) {
          if (isPhotoFolder(entry.name)) open.push(join(folder, entry.name));
        } else if (isPictureName(entry.name)) pictures++;
        if (pictures >= PICTURE_LIMIT || ++entries >= ENTRY_LIMIT) {
          return { pictures, atLeast: true };
        }
      }
    } catch (error) {
      // A folder below that cannot be read is the session's to report; here it just counts nothing.
      if (folder === root) throw error;
    }
  }
  return { pictures, atLeast: false };
}

const isFolder = async (path: string) =>
  (await Deno.stat(path).catch(() => null))?.isDirectory ?? false;

self.onmessage = async ({ data }: MessageEvent<Order>) => {
  let answer: Answer;
  try {
    answer = data.order === "list"
      ? { id: data.id, list: await list(data.path) }
      : { id: data.id, count: await count(data.path) };
  } catch (error) {
    const { name, message } = error as Error;
    answer = { id: data.id, error: { name, message } };
  }
  self.postMessage(answer);
};
