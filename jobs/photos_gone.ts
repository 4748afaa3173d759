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
 * - files cannot be read for such an error or are not there, nor can any other: one bad sector is not
 *   the disk, nor is one deleted folder, and a mount point may hold a file of its own.
 *
 * Not asked again for what somebody has said to be really gone.
 */
export async function photosGone(
  db: Db,
  claim: Claim,
  { missed, readable }: { missed: Missed[]; readable: boolean },
): Promise<HoldReason | null> {
  const [session] = await db.select().from(sessions).where(eq(sessions.id, claim.sessionId));
  // Deleted, and its jobs with it, since this was claimed: nothing of the batch will be stored.
  // After a change of models it is previews that are read: originals need not be waited for.
  if (!session || session.kind === "models") return null;
  const folders = sessionFolders(session);
  const accepted = await acceptedLoss(db, session);
  const looked = new Set<string>();
  for (const { path } of missed) {
    if (looked.has(dirname(path))) continue;
    looked.add(dirname(path));
    const lost = await lostFolder(db, path, chosenFolder(folders, path));
    if (lost !== null && lost !== accepted?.lost) return photosGoneFrom(lost, path);
  }
  const [{ path }] = missed;
  // The last items of a run have nobody to bear witness; they are tried again as often as others.
  if (readable || (await othersCanBeRead(db, { sessionId: session.id, limit: 3 }) ?? true)) {
    return null;
  }
  const chosen = chosenFolder(folders, path);
  return chosen === accepted?.chosen ? null : photosGoneFrom(chosen, path);
}

/** What somebody has said to be really gone: the hold that this ended left the path that was missed. */
async function acceptedLoss(db: Db, session: typeof sessions.$inferSelect) {
  const { acceptMissing, holdPath } = session;
  if (!acceptMissing || holdPath === null) return null;
  const chosen = chosenFolder(sessionFolders(session), holdPath);
  return { chosen, lost: await lostFolder(db, holdPath, chosen) };
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

// Null: there are none. What was not read before is in no cache that would hide the missing disk.
async function othersCanBeRead(
  db: Db,
  { sessionId, limit }: { sessionId: number; limit: number },
): Promise<boolean | null> {
  const others = await db.execute<{ path: string }>(sql`
    select f.path from jobs j join files f on f.id = j.subject
    where j.session_id = ${sessionId} and j.phase = 'training' and j.state = 'queued'
    order by j.priority, j.run_at, j.id limit ${limit}`);
  if (others.length === 0) return null;
  for (const { path } of others) if (await canBeRead(path)) return true;
  return false;
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
  if (await lostFolder(db, path, chosenFolder(sessionFolders(session), path)) !== null) {
    return false;
  }
  // Of those that wait, as many were deleted meanwhile only if somebody cleared up a lot.
  return await othersCanBeRead(db, { sessionId: id, limit: 20 }) ?? await canBeRead(dirname(path));
}

/**
 * True if a folder in which `file` was found a moment ago is missing or empty by now, cannot be
 * listed, or has lost that file too: a disk went during the walk, not a folder.
 */
export async function wasLost(folder: string, file: string | null): Promise<boolean> {
  if (await look(folder) !== "holds something") return true;
  return file !== null && !await canBeRead(file) && !await canBeRead(dirname(file));
}
