import { sql } from "drizzle-orm";
import type { Db } from "./client.ts";

/**
 * Makes the next walk take a photo's files for changed (no file has this time), so that training
 * reads them again and makes the preview and thumbnail the data directory has lost.
 */
export async function forgetFiles(db: Db, photoId: number): Promise<void> {
  await db.execute(sql`update files set mtime_ms = -1 where photo_id = ${photoId}`);
}
