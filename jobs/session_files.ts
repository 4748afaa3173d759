import { join } from "node:path";
import { type SQL, sql } from "drizzle-orm";
import type { sessions } from "../db/schema.ts";

type Folders = Pick<typeof sessions.$inferSelect, "rootPath" | "subdirectories" | "recursive">;

/** The chosen folders, absolute. */
export const sessionFolders = (session: Pick<Folders, "rootPath" | "subdirectories">): string[] =>
  session.subdirectories.map((folder) => join(session.rootPath, folder));

/**
 * Condition on `files`: those in the folders of a session. A file belongs to every session whose
 * folders hold it. Paths are compared by bytes, so each folder is one range of an index.
 */
export function inFolders(session: Folders): SQL {
  const folders = sessionFolders(session);
  if (folders.length === 0) return sql`false`;
  const ranges = folders.map((folder) => {
    const prefix = folder.endsWith("/") ? folder : `${folder}/`;
    // "0" is the byte behind "/": nothing that begins with the prefix lies beyond.
    const inside = sql`files.path >= ${prefix} and files.path < ${prefix.slice(0, -1) + "0"}`;
    return session.recursive
      ? sql`(${inside})`
      : sql`(${inside} and position('/' in substr(files.path, ${prefix.length + 1})) = 0)`;
  });
  return sql`(${sql.join(ranges, sql` or `)})`;
}

/**
 * The priority of the item with this id, 0…1023. Folders hold pictures of one kind: what is cheap
 * (copies, small ones) and what is dear come one after the other, and no rate would say what is
 * still to come. So the work goes through the whole library in steps: eight neighbours at a time,
 * which a disk reads in one go, then eight elsewhere; 633 of 1024 is the golden section, whose steps
 * leave no part out for long.
 */
export const spread = (id: SQL): SQL => sql`(${id} / 8 * 633) % 1024`;
