import { type SQL, sql } from "drizzle-orm";
import type { Look } from "./likeness.ts";

/** Parts of statements about photos that look the same, for those who read some and those who read all. */

/** Of a photo `p`: what tells it from others that look the same. */
export const LOOK_COLUMNS = sql`p.id, p.representative_id as "representativeId",
  p.byte_size as "byteSize", p.width, p.height, p.format, p.taken_at as "takenAt",
  p.taken_offset_minutes as "takenOffsetMinutes", p.camera`;

export interface LookRow extends Omit<Look, "id" | "byteSize"> {
  id: string;
  representativeId: string | null;
  byteSize: string;
}

/** A photo as these columns tell of it. */
export interface GroupLook extends Look {
  /** Null: it represents itself, and the others of the group. */
  representativeId: number | null;
}

export const toLook = ({ id, representativeId, byteSize, ...row }: LookRow): GroupLook => ({
  ...row,
  id: Number(id),
  byteSize: Number(byteSize),
  representativeId: representativeId === null ? null : Number(representativeId),
});

/** True where a file of the photo is there. With "exists", a plan may read all files of the library for it. */
const isThere = (photoId: SQL): SQL =>
  sql`(select true from files f where f.photo_id = ${photoId} and f.missing_at is null limit 1)`;

/**
 * The id of the photo that the others of a group are compared with: the representative, or the first
 * by id that still has a file where that has none. Few groups have to be looked through for it.
 */
export const firstOf = (head: SQL, alone: boolean): SQL =>
  sql`case when ${alone} or ${isThere(head)} is not null then ${head} else coalesce((
    select other.id from photos other where other.representative_id = ${head}
      and ${isThere(sql`other.id`)} is not null order by other.id limit 1), ${head}) end`;
