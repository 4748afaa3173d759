import { dirname } from "node:path";
import { eq, sql } from "drizzle-orm";
import type { Db } from "../db/client.ts";
import { sessions } from "../db/schema.ts";
import type { HoldReason } from "./holds.ts";
import { isDiskAway } from "./outcomes.ts";
import type { Claim } from "./queue/claim.ts";
import { ReadFault } from "./read_original.ts";
import { inFolders, sessionFolders } from "./session_files.ts";

/** A file that could not be read. */
export interface Missed {
  path: string;
  error: unknown;
}

/** Whether an error of reading may mean that the whole disk is gone, not just this file. */
export const mayBeGone = (error: unknown) =>
  isDiskAway(error) || (error instanceof ReadFault && error.reason === "vanished");

/** An emptied folder that held fewer files than this may well be somebody's doing. */
const MANY = 10;

/**
 * Whether the files of a batch that could not be read are missing because their disk is; null if
 * they alone are at fault. Asked after the batch has been read, so that the answer is newer than
 * every error. `readable`: others of the batch could be read. The disk counts as gone if
 *
 * - the nearest folder above a file that is still there is the chosen one and it is empty, or the
 *   chosen one is missing itself: a mount point without its disk is an empty folder;
 * - a folder further down is empty, in which ten files or more are known: a disk mounted there;
 * - a folder cannot be listed for an error of the disk or the network;
 * - files cannot be read for such an error, nor can any other: one bad sector is not the disk;
 * - files are not there, nor is any of thirty others from all over the session's folders: a mount point
 *   may hold a file of its own.
 *
 * Not asked where somebody has said that what is missing is really gone.
 */
export async function photosGone(
  db: Db,
  claim: Claim,
  { missed, readable }: { missed: Missed[]; readable: boolean },
): Promise<HoldReason | null> {
  const [session] = await db.select().from(sessions).where(eq(sessions.id, claim.sessionId));
  // Deleted, and its jobs with it, since this was claimed: nothing of the batch will be stored.
  if (!session || session.acceptMissing) return null;
  const folders = sessionFolders(session);
  const looked = new Set<string>();
  for (const { path } of missed) {
    if (looked.has(dirname(path))) continue;
    looked.add(dirname(path));
    const lost = await lostFolder(db, path, chosenFolder(folders, path));
    if (lost !== null) return photosGoneFrom(lost, path);
  }
  if (readable) return null;
  const broken = missed.find(({ error }) => isDiskAway(error));
  const lost = broken ? !await othersCanBeRead(db, claim) : await allAreGone(db, session);
  const { path } = broken ?? missed[0];
  return lost ? photosGoneFrom(chosenFolder(folders, path), path) : null;
}

/** The reason to wait for the photos below a folder, until `path` can be read again. */
export const photosGoneFrom = (folder: string, path: string): HoldReason => ({
  hold: "photos_gone",
  message: `The folder ${folder} is empty or cannot be read any more: is its disk connected? ` +
    `The run waits and goes on by itself when the files are back`,
  path,
});

// The innermost, where one chosen folder lies in another.
const chosenFolder = (folders: string[], path: string): string =>
  folders.filter((folder) => path.startsWith(folder.endsWith("/") ? folder : `${folder}/`))
    .sort((a, b) => b.length - a.length)[0] ?? dirname(path);

async function lostFolder(db: Db, path: string, chosen: string): Promise<string | null> {
  for (let folder = dirname(path);; folder = dirname(folder)) {
    const state = await look(folder);
    if (state === "away") return folder;
    if (state === "holds something") return null;
    if (folder === chosen) return folder;
    if (state === "empty") return await knowsMany(db, folder) ? folder : null;
  }
}

async function look(folder: string): Promise<"holds something" | "empty" | "missing" | "away"> {
  try {
    for await (const _ of Deno.readDir(folder)) return "holds something";
    return "empty";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "missing";
    // Who may not list it cannot say that it is empty.
    return isDiskAway(error) ? "away" : "holds something";
  }
}

async function knowsMany(db: Db, folder: string): Promise<boolean> {
  const below = inFolders({ rootPath: folder, subdirectories: [""], recursive: true });
  const rows = await db.execute(sql`
    select 1 from files where ${below} and missing_at is null limit ${MANY}`);
  return rows.length === MANY;
}

// What was not read before is in no cache that would hide the missing disk.
async function othersCanBeRead(db: Db, { sessionId }: Claim): Promise<boolean> {
  const others = await db.execute<{ path: string }>(sql`
    select f.path from jobs j join files f on f.id = j.subject
    where j.session_id = ${sessionId} and j.phase = 'training' and j.state = 'queued'
    order by j.priority, j.run_at, j.id limit 3`);
  // The last items of a run have nobody to bear witness; they are tried again as often as others.
  if (others.length === 0) return true;
  for (const { path } of others) if (await canBeRead(path)) return true;
  return false;
}

/**
 * True if of the files known in a session's folders none can be read, asked of thirty at most: the first,
 * the last and some between by the time of their finding. Always of the same, so that a hold and its end
 * agree; false where fewer than ten are known.
 */
async function allAreGone(db: Db, session: typeof sessions.$inferSelect): Promise<boolean> {
  const known = sql`select id, path from files where ${inFolders(session)} and missing_at is null`;
  const rows = await db.execute<{ path: string }>(sql`
    (${known} order by id limit ${MANY}) union
    (${known} order by id desc limit ${MANY}) union
    (${known} and id >= (select (min(id) + max(id)) / 2 from files) order by id limit ${MANY})`);
  return rows.length >= MANY && await noneCanBeRead(rows.map(({ path }) => path));
}

async function noneCanBeRead(paths: string[]): Promise<boolean> {
  for (const path of paths) if (await canBeRead(path)) return false;
  return true;
}

/** True if a file can be opened and its beginning read, or only its permissions are in the way. */
export async function canBeRead(path: string): Promise<boolean> {
  try {
    using file = await Deno.open(path, { read: true });
    await file.read(new Uint8Array(4096));
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound) && !isDiskAway(error);
  }
}

/**
 * Whether the photos that a session waits for are there again: the file that was missed can be
 * read, or it was deleted while its disk was away and the folders above it hold something again.
 */
export async function photosAreBack(
  db: Db,
  { id, path }: { id: number; path: string },
): Promise<boolean> {
  if (await canBeRead(path)) return true;
  const missing = await Deno.lstat(path).then(
    () => false,
    (error) => error instanceof Deno.errors.NotFound,
  );
  if (!missing) return false;
  const [session] = await db.select().from(sessions).where(eq(sessions.id, id));
  if (session === undefined) return true;
  const lost = await lostFolder(db, path, chosenFolder(sessionFolders(session), path));
  return lost === null && !await allAreGone(db, session);
}

/**
 * True if a folder in which these files were found a moment ago is missing or empty by now or cannot be
 * listed, or if many were found and none can be read any more: a disk went during the walk.
 */
export async function wasLost(folder: string, found: string[]): Promise<boolean> {
  return await look(folder) !== "holds something" ||
    (found.length >= MANY && await noneCanBeRead(found));
}
