import { sql } from "drizzle-orm";
import type { Db } from "./client.ts";
import { IS_SHOWN } from "./shown_faces.ts";

/** A face somebody has a name for, on one picture. */
export interface NamedFace {
  name: string;
  /** x, y, width, height relative to the upright picture. */
  box: number[];
  /** Somebody said so; false: the program did. */
  confirmed: boolean;
  /** Cosine to the person's nearest prototype when the program assigned it. */
  similarity: number | null;
}

/** A file with people on it. */
export interface FileOfPeople {
  path: string;
  /** Pixels of the upright picture. */
  width: number;
  height: number;
  format: string;
  /** From left to right. */
  faces: NamedFace[];
}

/**
 * Files that are there and show somebody who has a name and is no stranger, in the order of their
 * paths' bytes: at most `limit` of those behind `after` ("": from the first). A duplicate has the
 * faces of the photo that represents it.
 */
export async function filesOfPeople(
  db: Db,
  { after, limit }: { after: string; limit: number },
): Promise<FileOfPeople[]> {
  const rows = await db.execute<FileOfPeople & Record<string, unknown>>(sql`
    select file.path, p.width, p.height, p.format, named.faces
    from files file join photos p on p.id = file.photo_id
    cross join lateral (
      select json_agg(json_build_object('name', who.name, 'box', f.box,
        'confirmed', f.confirmed, 'similarity', f.similarity) order by f.box[1], f.id) as faces
      from faces f join people who on who.id = f.person_id
      where f.photo_id = coalesce(p.representative_id, p.id) and ${IS_SHOWN}
        and who.name is not null and not who.hidden) named
    where file.missing_at is null and file.path > ${after} and named.faces is not null
    order by file.path limit ${limit}`);
  return rows.map(({ path, width, height, format, faces }) => ({
    path,
    width,
    height,
    format,
    faces,
  }));
}

/** The folders that somebody chose for a session, as they were chosen, each once. */
export async function chosenFolders(
  db: Db,
): Promise<{ rootPath: string; subdirectories: string[] }[]> {
  const rows = await db.execute<{ root: string; below: string[] }>(sql`
    select distinct root_path as root, subdirectories as below from sessions
    where kind = 'folders'`);
  return rows.map(({ root, below }) => ({ rootPath: root, subdirectories: below }));
}

/** The first and the last path of the files that are there, by bytes; null if there are none. */
export async function outermostFiles(db: Db): Promise<{ first: string; last: string } | null> {
  const [row] = await db.execute<{ first: string | null; last: string | null }>(sql`
    select min(path) as first, max(path) as last from files where missing_at is null`);
  return row.first !== null && row.last !== null ? { first: row.first, last: row.last } : null;
}

/** Whether any file of the library, there or not, lies in this folder or below it. */
export async function hasFilesBelow(db: Db, folder: string): Promise<boolean> {
  const prefix = folder.endsWith("/") ? folder : `${folder}/`;
  // "0" is the byte behind "/": nothing that begins with the prefix lies beyond.
  const beyond = prefix.slice(0, -1) + "0";
  const [row] = await db.execute<{ found: boolean }>(sql`
    select exists (select from files where path >= ${prefix} and path < ${beyond}) as found`);
  return row.found;
}

const LAST_NAME = String.raw`[^/\\]*$`;

/** Whether any file of the library, there or not, lies right in a folder that holds this one. */
export async function hasFilesAbove(db: Db, folder: string): Promise<boolean> {
  const [row] = await db.execute<{ found: boolean }>(sql`
    select exists (select from files
      where starts_with(${folder}, regexp_replace(path, ${LAST_NAME}, ''))) as found`);
  return row.found;
}
