import { z } from "zod";
import { PHASE_NAMES, SESSION_KINDS, SESSION_STATUSES } from "../db/schema.ts";
import { LISTING_PHASES } from "../db/item_queries.ts";
import { count, id, IdParam, name, paged, path, text, time } from "./common_schemas.ts";

/** What sessions take and give. */

/** Longer side of a preview: a larger least size would find no face at all. */
const PREVIEW_SIDE = 1440;

export const PhaseActionParam = IdParam.extend({
  phase: z.enum(PHASE_NAMES),
  action: z.enum(["pause", "resume", "cancel", "retry"]),
});

export const NewSession = z.object({
  name,
  rootPath: path.describe("Absolute path of the folder the chosen folders are in"),
  subdirectories: z.array(text(4096)).max(10_000).default([])
    .describe('Folders below rootPath, relative or absolute; "" or "." is rootPath itself'),
  skipFaceDetection: z.boolean().default(false),
  skipClustering: z.boolean().default(false),
  recursive: z.boolean().default(true).describe("Also what is in the folders below"),
});

export const NewFaceRun = z.object({
  trainingSessionId: id.nullable().default(null)
    .describe("Whose pictures to look through; without it the whole library"),
  minConfidence: z.number().min(0).max(1).optional()
    .describe("Faces the detector is less sure of are dropped; without it as configured"),
  minFaceSize: z.number().min(1).max(PREVIEW_SIDE).optional()
    .describe("Smallest face, in pixels of the preview; without it as configured"),
  skipClustering: z.boolean().default(false),
});

export const NewClusteringRun = z.object({
  minClusterSize: z.int().min(2).max(10_000).optional().describe("Fewest faces of a cluster"),
  similarityFloor: z.number().min(0).lt(1).optional()
    .describe("Faces less alike than this cosine are never joined; without it the face model's"),
  minQuality: z.number().min(0).max(1).optional().describe("Faces below it stay ungrouped"),
});

export const SessionPatch = z.object({
  name: name.optional(),
  subdirectories: z.array(text(4096)).max(10_000).optional().describe("Only while pending"),
  recursive: z.boolean().optional().describe("Only while pending"),
}).refine((patch) => Object.keys(patch).length > 0, "name at least one field to change");

const named = z.array(id).min(1).max(10_000).optional().describe("Without it: all that failed");

export const RetryRequest = z.object({
  jobIds: named.describe(
    "Items; without it all that failed. An ignored one named is tried after all",
  ),
  phase: z.enum(PHASE_NAMES).optional()
    .describe("Only of this phase; discovery looks through the folders again"),
});

export const IgnoreRequest = z.object({
  jobIds: named,
  phase: z.enum(LISTING_PHASES).optional().describe("Only of this phase"),
});

export const Session = z.object({
  id,
  name: z.string(),
  rootPath: z.string(),
  subdirectories: z.array(z.string()),
  recursive: z.boolean(),
  skipFaceDetection: z.boolean(),
  skipClustering: z.boolean(),
  kind: z.enum(SESSION_KINDS)
    .describe(
      "folders: a walk and all that follows; models: what new models have not seen; else one phase " +
        "again over what exists",
    ),
  sourceSessionId: id.nullable()
    .describe("Whose pictures a run of kind faces looks through; null: the whole library"),
  settings: z.object({
    minFaceScore: z.number().optional(),
    minFaceSize: z.number().optional(),
    minQuality: z.number().optional(),
    minClusterSize: z.number().optional(),
    similarityFloor: z.number().optional(),
  }).describe("What a run was told instead of the defaults"),
  status: z.enum(SESSION_STATUSES),
  round: id.describe("Every retry opens a new round, with a percentage of its own"),
  error: z.string().nullable(),
  facesFound: count,
  clustersMade: count,
  clipModel: z.string().nullable(),
  faceModel: z.string().nullable(),
  builtinModels: z.boolean().describe("Results come from the built-in demonstration models"),
  createdAt: z.iso.datetime(),
  startedAt: time,
  completedAt: time,
});

export const SessionPage = paged(Session);

export const Transition = z.object({
  sessionId: id,
  status: z.enum(SESSION_STATUSES),
  changed: z.boolean().describe("False if what was asked for already held"),
});

export const Asked = Transition.extend({
  named: count.nullable().describe("How many items were named; null: all that failed"),
  taken: count.describe("How many it is about; ids of another session, or of no failure, are not"),
});

export const FaceSession = z.object({
  id,
  trainingSessionId: id.nullable()
    .describe(
      "Whose pictures; the session itself unless it is a run over what exists; null: the " +
        "whole library",
    ),
  status: z.enum([...SESSION_STATUSES, "skipped"]),
  totalImages: count.nullable(),
  processedImages: count,
  failedImages: count,
  facesDetected: count,
  facesAssignedToPersons: count,
  clustersCreated: count,
  suggestionsCreated: count,
  currentBatch: count.describe("In batches of 16 pictures; what a worker takes at once varies"),
  totalBatches: count.nullable(),
  progressPercent: z.number().min(0).max(100).nullable(),
  startedAt: time,
  completedAt: time,
  lastError: z.string().nullable(),
});

export const FaceSessionPage = paged(FaceSession);
