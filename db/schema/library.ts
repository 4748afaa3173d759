import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  pgTable,
  smallint,
  text,
} from "drizzle-orm/pg-core";
import { pathText } from "../columns.ts";
import { id, time } from "./parts.ts";

/** Distinct picture content. */
export const photos = pgTable("photos", {
  id: id(),
  sha256: text().notNull().unique(),
  byteSize: bigint({ mode: "number" }).notNull(),
  /** Pixels of the upright picture. */
  width: integer().notNull(),
  height: integer().notNull(),
  format: text().notNull(),
  /** Local time without zone, as cameras write it: `YYYY-MM-DDTHH:MM:SS`. */
  takenAt: text(),
  /** What that local time is ahead of UTC, in minutes, where the camera or its GPS says so. */
  takenOffsetMinutes: smallint(),
  camera: text(),
  lens: text(),
  /** WGS 84, in degrees. */
  latitude: doublePrecision(),
  longitude: doublePrecision(),
  /** Stars, 0 to 5; −1 for one that somebody rejected (XMP). */
  rating: smallint(),
  dhash: text().notNull(),
  flat: boolean().notNull(),
  /** Null: represents itself; otherwise the photo whose vector and faces this one shares. */
  representativeId: bigint({ mode: "number" }),
  /** The file that decides who represents: first by (mtime, path). */
  firstMtimeMs: bigint({ mode: "number" }).notNull(),
  firstPath: pathText().notNull(),
  previewWidth: integer().notNull(),
  previewHeight: integer().notNull(),
  sessionId: bigint({ mode: "number" }),
  /** Somebody does not want faces looked for in it again. */
  facesIgnoredAt: time(),
  createdAt: time().notNull().defaultNow(),
}, (t) => [
  index("photos_dhash").on(t.dhash),
  index("photos_representative").on(t.representativeId),
  // The order of a search without words: newest first, then those without a date.
  index("photos_taken").on(t.takenAt.desc().nullsLast(), t.id.desc())
    .where(sql`representative_id is null`),
  index("photos_camera").on(t.camera).where(sql`representative_id is null`),
  index("photos_rating").on(sql`coalesce(${t.rating}, 0)`).where(sql`representative_id is null`),
  index("photos_format").on(t.format).where(sql`representative_id is null`),
]);

/** A path on disk. */
export const files = pgTable("files", {
  id: id(),
  path: pathText().notNull().unique(),
  size: bigint({ mode: "number" }).notNull(),
  mtimeMs: bigint({ mode: "number" }).notNull(),
  photoId: bigint({ mode: "number" }).references(() => photos.id),
  lastSeenAt: time().notNull().defaultNow(),
  missingAt: time(),
  /** Somebody does not want it tried again until it changes. */
  ignoredAt: time(),
}, (t) => [index("files_photo").on(t.photoId)]);
