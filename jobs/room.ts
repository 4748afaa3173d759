import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import type { Db } from "../db/client.ts";
import { removeIfThere } from "../db/sweep.ts";
import { isDiskFull } from "./outcomes.ts";

/** Bytes that this user may still write in the file system of `dir`. */
export async function freeBytes(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}

/** A held session goes on when there is this much more than the reserve: not at the first byte. */
const MARGIN = 1.25;

/**
 * True if there is room again to go on: well more than `reserve` bytes are free, a file can be
 * written, and the database, whose disk may be another, can grow by as much. Figures alone do not
 * tell: a quota, a lack of inodes and a read-only file system leave free bytes.
 */
export async function hasRoom(
  db: Db,
  { dataDir, reserve }: { dataDir: string; reserve: number },
): Promise<boolean> {
  if (await freeBytes(dataDir) < reserve * MARGIN) return false;
  const probe = join(dataDir, `.room-${crypto.randomUUID()}`);
  try {
    await Deno.writeFile(probe, new Uint8Array(1e6));
    // Some 1.4 MB; a table's blocks take their place on the disk as soon as they are made.
    await db.transaction((tx) =>
      tx.execute(sql`
        create temp table room on commit drop as select n from generate_series(1, 40000) n`)
    );
    return true;
  } catch (error) {
    if (isDiskFull(error)) return false;
    throw error;
  } finally {
    await removeIfThere(probe);
  }
}

/** For a person: what is free, what is needed, and that nothing else has to be done. */
export const lackOfRoom = (dataDir: string, { free, reserve }: { free: number; reserve: number }) =>
  `Paused: ${megabytes(free)} MB are free in ${dataDir}, ${megabytes(reserve)} MB are needed; ` +
  `make room and it goes on by itself`;

const megabytes = (bytes: number) => Math.floor(bytes / 1e6).toLocaleString("en");
