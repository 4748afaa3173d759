import { z } from "zod";
import { MOST_CHARACTERS } from "../db/search/terms.ts";
import { FilterQuery } from "./search_filters.ts";

/** What search takes and gives. No word reaches the database, so any text is welcome. */

/** As large a picture is taken to search with; a camera's raw files fit. */
export const PICTURE_LIMIT = 64 * 1024 * 1024;

/** A field that is there, and says yes: `everything=1`. */
const flag = z.enum(["1", "true", "0", "false", ""])
  .transform((value) => value === "1" || value === "true");

const fields = {
  q: z.string().trim().max(MOST_CHARACTERS).default("")
    .describe(
      "What the picture shows, in words; plus and minus add and subtract: beach + dog - people",
    ),
  like: z.coerce.number().pipe(z.int().positive()).optional()
    .describe("The id of a photo that others are to be like"),
  limit: z.coerce.number().pipe(z.int().min(1).max(200)).default(20),
  cursor: z.string().max(300).optional().describe("`nextCursor` of the page before"),
  everything: flag.default(false).describe("1: also what is no better than chance"),
  facets: flag.default(false).describe(
    "1: count the photos found by person, year, camera and so on",
  ),
};

/** Whoever misspells a filter is not to have everything. */
const known = {
  error: ({ code, keys }: { code: string; keys?: string[] }) =>
    code === "unrecognized_keys"
      ? `there is no parameter ${
        keys!.map((key) => `"${key.slice(0, 50)}"`).join(", ")
      } of a search; ` +
        "/api/v1/openapi.json lists them all"
      : undefined,
};

export const SearchQuery = z.strictObject({
  ...fields,
  picture: z.string().max(8000).optional()
    .describe("`picture` as a search with a picture gave it: photos like that one"),
  ...FilterQuery.shape,
}, known);

/** As SearchQuery, except that the picture itself is sent. */
export const PictureSearchQuery = z.strictObject({ ...fields, ...FilterQuery.shape }, known);

const FacetValues = z.array(z.object({
  value: z.string().describe("As the filter takes it"),
  label: z.string(),
  photos: z.int().nonnegative(),
})).describe("By number, at most 12");

const photo = z.object({
  photoId: z.int().positive(),
  score: z.number().nullable().describe(
    "Cosine of the angle to what was asked, -1 to 1; null where nothing was compared",
  ),
  relevance: z.number().nullable().describe(
    "How rarely something unrelated scores as much: 0 (always) to 1 (never seen); null where " +
      "nothing was compared, or the library is too new to say",
  ),
  path: z.string().describe("A file that is there, of the photo or of one of its duplicates"),
  width: z.int().positive(),
  height: z.int().positive(),
  takenAt: z.string().nullable().describe("Local time without zone, as cameras write it"),
  duplicates: z.int().nonnegative().describe("Duplicates of which a file is there"),
  thumbnailUrl: z.string(),
});

export const Found = z.object({
  query: z.string().describe("The words as they were understood"),
  model: z.string().describe("The model that compared; empty where nothing was compared"),
  builtinModels: z.boolean().describe("Results come from the built-in demonstration models"),
  message: z.string().nullable().describe("For a person: why there are no results"),
  notice: z.string().nullable()
    .describe("For a person: what to know about these results, such as that some are missing"),
  results: z.array(photo).describe(
    "Best first; where nothing is compared with, newest first",
  ),
  nextCursor: z.string().nullable().describe("For the next page; null: this is the last"),
  total: z.int().nonnegative().nullable()
    .describe(
      "Photos that pass the filters, whatever their relevance, as of the last ten seconds; null: " +
        "more than are counted, or not the first page",
    ),
  cut: z.boolean().describe(
    "There are more, none of them better than chance: `everything` has them",
  ),
  facets: z.object({
    people: FacetValues,
    years: FacetValues,
    cameras: FacetValues,
    formats: FacetValues,
    orientations: FacetValues,
    ratings: FacetValues,
    faces: FacetValues,
    folders: FacetValues,
    counted: z.int().nonnegative().describe("Photos counted, those found or the first of them"),
    more: z.boolean().describe("There are more than were counted"),
  }).nullable().describe("Null unless asked for"),
});

export const FoundByPicture = Found.extend({
  picture: z.string().describe("Stands for the picture from now on: GET with `picture`"),
});

export const IndexState = z.object({
  state: z.enum(["idle", "loading", "building", "ready"]).describe(
    "idle: nobody has searched yet; loading: searches wait for a moment, and say what they lack; " +
      "building: they are answered by looking at every photo",
  ),
  done: z.int().nonnegative().describe("Vectors that are in their place"),
  total: z.int().nonnegative(),
});
