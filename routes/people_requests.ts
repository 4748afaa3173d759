import { z } from "zod";
import { isFaceCursor } from "../db/person_queries.ts";
import { id, text } from "./common_schemas.ts";

/** What people, clusters, faces, suggestions, proposals and changes take. */

/** More than this is no single wish of a person any more. */
const MOST_FACES = 5000;

// The rule for names is that of the actions, which forms go through as well; this only bounds them.
const name = text(20_000).describe("1 to 200 characters; white space around it is dropped");
const prefix = text(200).describe("How any word of the name begins, in capitals or not");
const faceIds = z.array(id).min(1).max(MOST_FACES, `more than ${MOST_FACES} at once`);
const limit = (most: number, usual: number) =>
  z.coerce.number().pipe(z.int().min(1).max(most)).default(usual);
const offset = z.coerce.number().pipe(z.int().min(0).max(1_000_000_000)).default(0);
const flag = z.enum(["true", "false"]).transform((value) => value === "true");

/** A body with exactly one of these fields, which the OpenAPI document says as well. */
const exactlyOne = <T extends z.ZodType>(
  schema: T,
  { of: fields, otherwise }: { of: string[]; otherwise: string },
): T =>
  schema.refine(
    (body) => fields.filter((field) => Object(body)[field] !== undefined).length === 1,
    otherwise,
  ).meta({
    description: `Exactly one of ${fields.join(", ")}`,
    oneOf: fields.map((field) => ({ required: [field] })),
  });

/** Whose: an existing person, or a new one of that name. */
const whose = { personId: id.optional(), name: name.optional().describe("Of a new person") };
const WHOSE = { of: ["personId", "name"], otherwise: "name either personId or name" };

export const ListQuery = z.object({ limit: limit(100, 20), offset });

export const PeopleQuery = ListQuery.extend({
  hidden: flag.default(false).describe("true: strangers only; false: everybody else"),
  named: flag.optional().describe("With a name, or without; absent: both"),
  prefix: prefix.default(""),
});

export const NamesQuery = z.object({ prefix, limit: limit(50, 10) });

export const PersonFacesQuery = z.object({
  limit: limit(500, 100),
  cursor: z.string().refine(isFaceCursor, "must be the nextCursor of a page before").optional(),
});

export const ClustersQuery = ListQuery.extend({
  faces: limit(50, 8).describe("Faces with each cluster, the best"),
});

export const ClusterFacesQuery = z.object({ limit: limit(500, 200), offset });

export const SuggestionsQuery = ListQuery.extend({
  personId: z.coerce.number().pipe(id).optional().describe("Of one person only"),
});

export const ReviewQuery = ListQuery.extend({
  faces: limit(50, 24).describe("Suggestions with each person, the best"),
});

export const ChangesQuery = z.object({
  limit: limit(100, 20),
  cursor: z.coerce.number().pipe(id).optional().describe("nextCursor of the page before"),
});

export const NewPerson = z.object({ name, faceIds });

export const PersonPatch = exactlyOne(
  z.object({
    name: name.optional(),
    coverFaceId: id.optional().describe("One of the person's faces"),
    hidden: z.boolean().optional().describe("true: a stranger"),
  }),
  { of: ["name", "coverFaceId", "hidden"], otherwise: "name exactly one field to change" },
);

export const Merge = z.object({ from: id.describe("Whose faces join; it goes") });

export const ClusterPatch = z.object({
  coverFaceId: id.describe("One of its faces: shown first, and the cover of whom it becomes"),
});
export const ClusterName = exactlyOne(z.object(whose), WHOSE);
export const ClusterMerge = z.object({ clusterIds: z.array(id).min(2).max(100) });
const as = z.enum(["stranger", "not_a_face"]);
export const Hide = z.object({ as });
export const FacesHide = z.object({ faceIds, as });
export const FacePick = z.object({ faceIds });
export const FacesRelease = FacePick.extend({
  personId: id.optional().describe(
    "Who they are not; a face that is confirmed as somebody else is then a conflict, with nothing " +
      "changed. Absent: whoever they are now",
  ),
});
export const FacesAssign = exactlyOne(z.object({ faceIds, ...whose }), WHOSE);
const clusterId = id.optional().describe("An unnamed cluster");
export const FacesMove = exactlyOne(z.object({ faceIds, ...whose, clusterId }), {
  of: ["personId", "name", "clusterId"],
  otherwise: "name one of personId, name and clusterId",
});

const box = z.array(z.number()).length(4)
  .describe("x, y, width, height, relative to the upright picture");
export const DrawnFace = exactlyOne(z.object({ photoId: id, box, ...whose }), WHOSE);

const personId = id.optional()
  .describe("Who was asked about; absent: whom the faces are suggested to be now");
export const SuggestionAnswer = z.object({
  faceIds,
  answer: z.enum(["yes", "no", "skip"]),
  personId,
});
export const FacesReject = z.object({ faceIds, personId });
export const ProposalAnswer = z.object({ answer: z.enum(["yes", "no"]) });
export const Undo = z.object({
  changeId: id.optional().describe("Without it the last change of a person that is not undone"),
});
