import { z } from "zod";
import { PROPOSAL_KINDS } from "../db/schema.ts";
import { count, id, time } from "./common_schemas.ts";

/** What people, clusters, faces, suggestions, proposals and changes give. */

export * from "./people_requests.ts";

const listed = <T extends z.ZodType>(items: T) =>
  z.object({ items: z.array(items), total: count, limit: id, offset: count });

/** What an action did. */
export const Change = z.object({
  changeId: id.nullable().describe("For undoing it; null: it was so already"),
  message: z.string().describe("For people, in the past tense"),
  faces: count.describe("How many it concerned"),
  personId: id.nullable(),
  clusterId: id.nullable(),
});

export const Person = z.object({
  id,
  name: z.string().nullable(),
  hidden: z.boolean(),
  coverFaceId: id.nullable(),
  coverUrl: z.string().nullable(),
  photos: count.describe("Distinct photos with a face of theirs"),
  faces: count,
  confirmed: count.describe("Those of the faces that somebody said are theirs"),
});

export const People = listed(Person);

const match = { id, coverFaceId: id.nullable(), coverUrl: z.string().nullable(), photos: count };
export const Names = z.object({ items: z.array(z.object({ ...match, name: z.string() })) });

const taken = z.string().nullable().describe("Local time without zone, as cameras write it");
const similarity = z.number().describe("Cosine, −1 to 1");

export const PersonDetail = Person.extend({
  from: taken,
  to: taken,
  suggestions: count.describe("Faces that may be theirs and wait for an answer"),
  companions: z.array(z.object({ ...match, name: z.string().nullable() }))
    .describe("With whom they are on most photos"),
});

const face = { id, photoId: id, cropUrl: z.string() };

export const PersonFaces = z.object({
  items: z.array(z.object({
    ...face,
    takenAt: taken,
    confirmed: z.boolean(),
    similarity: similarity.nullable(),
    quality: z.number(),
  })),
  nextCursor: z.string().nullable().describe("Null: the last page"),
});

export const Cluster = z.object({
  id,
  size: count,
  model: z.string(),
  faces: z.array(z.object(face)),
  likely: z.object({
    id,
    name: z.string().nullable(),
    similarity,
    proposalId: id.nullable().describe("The open proposal that says so; null: suggestions do"),
  }).nullable().describe("Whose they likely are"),
});

export const Clusters = listed(Cluster);
export const ClusterFaces = z.object({
  items: z.array(z.object(face)),
  limit: id,
  offset: count,
});

export const Face = z.object({
  ...face,
  box: z.array(z.number()).length(4).describe("x, y, width, height, relative to the picture"),
  score: z.number(),
  quality: z.number(),
  model: z.string().describe('"drawn": somebody drew it'),
  clusterId: id.nullable(),
  personId: id.nullable(),
  personName: z.string().nullable(),
  confirmed: z.boolean(),
  similarity: similarity.nullable(),
  notAFace: z.boolean(),
  suggestion: z.object({ personId: id, personName: z.string().nullable(), similarity }).nullable(),
});

const Suggestion = z.object({
  faceId: id,
  photoId: id,
  cropUrl: z.string(),
  personId: id,
  personName: z.string().nullable(),
  similarity,
  skipped: z.boolean(),
});

export const Suggestions = listed(Suggestion);
export const Review = listed(
  z.object({ person: Person, open: count, best: z.array(Suggestion) }),
);

export const Proposals = listed(z.object({
  id,
  kind: z.enum(PROPOSAL_KINDS),
  person: Person,
  toPerson: Person.nullable(),
  faceIds: z.array(id).describe("The first 24"),
  faces: count,
  similarity,
  createdAt: z.iso.datetime(),
}));

export const Changes = z.object({
  items: z.array(z.object({
    id,
    at: z.iso.datetime(),
    by: z.string(),
    kind: z.string(),
    message: z.string(),
    undoneAt: time,
  })),
  nextCursor: id.nullable().describe("Null: the last page"),
});
