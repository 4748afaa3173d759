import { z } from "zod";
import { JOB_STATES } from "../db/schema.ts";
import { ITEM_PHASES, ITEM_STATES } from "../db/item_queries.ts";
import { count, id, path, text, time } from "./common_schemas.ts";

/** Folders, the files behind a figure, photos. */

const reason = text(40).min(1);

export const ItemQuery = z.object({
  phase: z.enum(ITEM_PHASES),
  state: z.enum(ITEM_STATES),
  reason: reason.optional().describe("Only items of this reason"),
  cursor: text(4200).default("").describe("nextCursor of the page before"),
  limit: z.coerce.number().pipe(z.int().min(1).max(500)).default(100),
}).refine(({ phase, cursor }) => phase === "discovery" || /^\d{0,15}$/.test(cursor), {
  path: ["cursor"],
  message: "must be the nextCursor of a page before",
});

export const DirectoryQuery = z.object({
  path: path.optional().describe("Absolute; without it the folder the chooser starts with"),
});

export const ItemFile = z.object({
  id,
  path: z.string(),
  size: count,
  mtimeMs: z.int(),
  missing: z.boolean(),
});

export const ItemPage = z.object({
  items: z.array(z.object({
    jobId: id.nullable().describe("Null: a place that discovery could not read"),
    path: z.string().nullable(),
    state: z.enum(JOB_STATES),
    reason: z.string().nullable().describe("For programs: duplicate, unsupported, corrupt, …"),
    message: z.string().nullable().describe("For people"),
    attempt: count,
    finishedAt: time,
    photoId: id.nullable(),
    files: z.array(ItemFile).describe("At most 100 of the same content"),
  })),
  nextCursor: z.string().nullable().describe("Null: the last page; others may be short"),
});

const folderCount = {
  imageCount: count.nullable().describe("Null until counted; ask again while counting is true"),
  counting: z.boolean(),
  atLeast: z.boolean().describe("Counting stopped here: there are at least this many"),
};

export const Directory = z.object({
  path: z.string(),
  parent: z.string().nullable(),
  ...folderCount,
  children: z.array(z.object({ name: z.string(), path: z.string(), ...folderCount })),
  truncated: z.boolean().describe("There are more children than are listed"),
});

const PhotoTile = z.object({
  id,
  width: id,
  height: id,
  takenAt: z.string().nullable(),
  path: z.string(),
  thumbnailUrl: z.string(),
});

export const Photo = z.object({
  id,
  sha256: z.string(),
  byteSize: count,
  width: id.describe("Pixels of the upright picture"),
  height: id,
  format: z.string(),
  takenAt: z.string().nullable().describe("Local time without zone, as cameras write it"),
  takenOffsetMinutes: z.int().nullable()
    .describe("What that time is ahead of UTC, where camera or GPS say so"),
  camera: z.string().nullable(),
  lens: z.string().nullable(),
  latitude: z.number().nullable().describe("WGS 84, degrees"),
  longitude: z.number().nullable(),
  rating: z.int().nullable().describe("Stars, 0 to 5; −1: rejected"),
  representativeId: id.nullable().describe("The photo this one is a duplicate of"),
  thumbnailUrl: z.string(),
  previewUrl: z.string(),
  files: z.array(ItemFile),
  faces: z.array(z.object({
    id,
    box: z.array(z.number()).length(4).describe("x, y, width, height, relative to the picture"),
    score: z.number(),
    quality: z.number(),
    model: z.string().describe('"drawn": somebody drew it'),
    clusterId: id.nullable(),
    personId: id.nullable(),
    personName: z.string().nullable(),
    confirmed: z.boolean().describe(
      "Somebody said whose it is; false: the program did, if anybody",
    ),
    similarity: z.number().nullable().describe("Cosine when the program assigned it"),
    cropUrl: z.string(),
  })),
  duplicates: z.array(PhotoTile),
});
