import { z } from "zod";

/** What search takes and gives. No word reaches the database, so any text is welcome. */

const words = z.string().trim().max(1000);

export const SearchQuery = z.object({
  q: words.min(1).describe("What the picture shows, in words"),
  limit: z.coerce.number().pipe(z.int().min(1).max(200)).default(20),
});

export const SearchPageQuery = z.object({ q: words.default("") });

export const Found = z.object({
  query: z.string(),
  model: z.string().describe("The model that compared words and pictures"),
  builtinModels: z.boolean().describe("Results come from the built-in demonstration models"),
  message: z.string().nullable().describe("For a person: why there are no results"),
  notice: z.string().nullable()
    .describe("For a person: what to know about these results, such as that some are missing"),
  results: z.array(z.object({
    photoId: z.int().positive(),
    score: z.number().describe("Cosine of the angle between words and picture, above 0 to 1"),
    path: z.string().describe("A file that is there, of the photo or of one of its duplicates"),
    width: z.int().positive(),
    height: z.int().positive(),
    takenAt: z.string().nullable().describe("Local time without zone, as cameras write it"),
    duplicates: z.int().nonnegative().describe("Duplicates of which a file is there"),
    thumbnailUrl: z.string(),
  })).describe("Best first"),
});
