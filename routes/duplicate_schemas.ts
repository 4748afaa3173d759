import { z } from "zod";
import { DIFFERENCES, LIKENESSES } from "../db/likeness.ts";
import { count, id, text } from "./common_schemas.ts";
import { ItemFile, Photo } from "./library_schemas.ts";
import { toFilter } from "./search_filters.ts";

/** What lists of duplicates take and give. */

/** As a search takes it: absolute, and written in one way. */
const folder = z.string().transform((value, context) => {
  const { filter, faults } = toFilter({ folder: value }, new Date());
  if (faults.length === 0) return filter.folder;
  context.addIssue({ code: "custom", message: faults[0].message });
  return z.NEVER;
});

const Selection = z.object({
  kind: z.enum(LIKENESSES).optional().describe(
    "exact: several files of the same bytes; reencode: the same look in other bytes; near: the " +
      "same look, taken at another moment or with another camera. Without it: all",
  ),
  folder: folder.optional().describe("A file of the group lies in it or below it; absolute"),
});

const cursor = text(15).regex(/^\d*$/, "must be the nextCursor of a page before").default("");

export const DuplicatesQuery = Selection.extend({
  cursor: cursor.describe("nextCursor of the page before"),
  limit: z.coerce.number().pipe(z.int().min(1).max(100)).default(25),
});

/** A form sends fields that nobody filled. */
const emptyIsNone = (value: unknown) => value === "" ? undefined : value;

export const DuplicatesPageQuery = z.object({
  kind: z.preprocess(emptyIsNone, Selection.shape.kind),
  folder: z.preprocess(emptyIsNone, Selection.shape.folder),
  cursor,
});

/** The page tells what is wrong with the folder beside the field, and keeps what was typed. */
export const DuplicatesFormQuery = DuplicatesPageQuery.extend({
  folder: z.preprocess(emptyIsNone, z.string().optional()),
});

export const DuplicatesExportQuery = DuplicatesPageQuery.omit({ cursor: true }).extend({
  format: z.enum(["json", "csv"]),
});

const Compared = {
  likeness: z.enum(LIKENESSES).describe(
    "To the first photo of the group, with which the others are compared; of that itself: exact",
  ),
  differs: z.array(z.enum(DIFFERENCES)).describe("What is not as in the first photo"),
};

export const PhotoCopy = z.object({
  id,
  ...Compared,
  width: id,
  height: id,
  format: z.string(),
  byteSize: count,
  takenAt: z.string().nullable(),
  camera: z.string().nullable(),
  thumbnailUrl: z.string(),
  files: z.array(ItemFile).describe("Files of the same bytes, at most 100"),
  moreFiles: z.boolean().describe("There are more files than are listed"),
});

export const CopyGroup = z.object({
  id: id.describe("The photo the group is found under"),
  photos: z.array(PhotoCopy).describe(
    "At most 100; the one that others are compared with first. An export has all",
  ),
  morePhotos: z.boolean().describe("There are more photos than are listed"),
  spareBytes: count.describe("On disk beyond one file of each picture; no advice what to delete"),
});

export const DuplicatesPage = z.object({
  items: z.array(CopyGroup),
  nextCursor: z.string().nullable().describe("Null: the last page; others may be short"),
});

/** A photo with what lies beside it: copies, and what was taken before and after. */
export const PhotoWithCopies = Photo.extend({
  copies: z.array(PhotoCopy).describe(
    "The photo itself, then what looks the same, compared with it, its representative among " +
      "them; at most 100",
  ),
  earlier: z.array(id).describe("Photos taken just before, the nearest last; at most 6"),
  later: z.array(id).describe("Photos taken just after, the nearest first; at most 6"),
});

/** One line of an export: a file that is there, in a group. */
export const DuplicateLine = z.object({
  group: id,
  likeness: Compared.likeness,
  differs: Compared.differs,
  path: z.string(),
  bytes: count,
  changedAt: z.iso.datetime().nullable(),
  photoId: id,
  width: id,
  height: id,
  format: z.string(),
  takenAt: z.string().nullable(),
  camera: z.string().nullable(),
});
