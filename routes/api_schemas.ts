import { z } from "zod";
import { JOB_STATES, PHASE_NAMES, PHASE_STATUSES, SESSION_STATUSES } from "../db/schema.ts";
import { ITEM_PHASES, ITEM_STATES } from "../db/item_queries.ts";

/** What the API takes and gives: handlers check against these, and the OpenAPI document is made of them. */

// PostgreSQL holds no NUL in text.
const text = (limit: number) =>
  z.string().max(limit).refine(
    (value) => !value.includes("\0"),
    "must not contain a NUL character",
  ).refine((value) => value.isWellFormed(), "must be well-formed Unicode");
const name = text(200).trim().min(1);
const path = text(4096).min(1);
const id = z.int().positive();
const count = z.int().nonnegative();
const time = z.iso.datetime().nullable();

export const IdParam = z.object({ id: z.coerce.number().pipe(id) });

export const NewSession = z.object({
  name,
  rootPath: path.describe("Absolute path of the folder the chosen folders are in"),
  subdirectories: z.array(text(4096)).max(10_000).default([])
    .describe('Folders below rootPath, relative or absolute; "" or "." is rootPath itself'),
  skipFaceDetection: z.boolean().default(false),
  skipClustering: z.boolean().default(false),
  recursive: z.boolean().default(true).describe("Also what is in the folders below"),
});

export const SessionPatch = z.object({
  name: name.optional(),
  subdirectories: z.array(text(4096)).max(10_000).optional().describe("Only while pending"),
  recursive: z.boolean().optional().describe("Only while pending"),
}).refine((patch) => Object.keys(patch).length > 0, "name at least one field to change");

export const PageQuery = z.object({
  page: z.coerce.number().pipe(id).default(1),
  limit: z.coerce.number().pipe(z.int().min(1).max(100)).default(20),
});

export const ItemQuery = z.object({
  phase: z.enum(ITEM_PHASES),
  state: z.enum(ITEM_STATES),
  cursor: z.coerce.number().pipe(count).default(0).describe("nextCursor of the page before"),
  limit: z.coerce.number().pipe(z.int().min(1).max(500)).default(100),
});

export const RetryRequest = z.object({
  jobIds: z.array(id).min(1).max(10_000).optional().describe("Without it: every failed item"),
});

export const DirectoryQuery = z.object({
  path: path.optional().describe("Absolute; without it the folder the chooser starts with"),
});

export const ErrorBody = z.object({
  error: z.object({ code: z.string(), message: z.string(), details: z.unknown().optional() }),
});

export const Session = z.object({
  id,
  name: z.string(),
  rootPath: z.string(),
  subdirectories: z.array(z.string()),
  recursive: z.boolean(),
  skipFaceDetection: z.boolean(),
  skipClustering: z.boolean(),
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

const paged = <T extends z.ZodType>(items: T) =>
  z.object({ items: z.array(items), total: count, page: id, limit: id });

export const SessionPage = paged(Session);

export const Transition = z.object({
  sessionId: id,
  status: z.enum(SESSION_STATUSES),
  changed: z.boolean().describe("False if what was asked for already held"),
});

const PhaseProgress = z.object({
  name: z.enum(PHASE_NAMES),
  status: z.enum(PHASE_STATUSES),
  weight: z.number().describe("Share of the overall percentage"),
  progress: z.object({
    current: count,
    total: count.nullable(),
    percentage: z.number().min(0).max(100).nullable(),
    ratePerMinute: z.number().nullable(),
    etaSeconds: z.number().nullable(),
    done: count,
    skipped: count,
    failed: count,
    cancelled: count,
    pending: count,
  }),
  startedAt: time,
  completedAt: time,
  error: z.string().nullable(),
});

export const UnifiedProgress = z.object({
  sessionId: id,
  overallStatus: z.enum(SESSION_STATUSES),
  outcome: z.enum(["clean", "with_errors"]).nullable(),
  round: id,
  overallProgress: z.object({
    percentage: z.number().min(0).max(100).nullable()
      .describe("Null exactly while the number of items is unknown"),
    isIndeterminate: z.boolean(),
    etaSeconds: z.number().nullable(),
    etaLow: z.number().nullable(),
    etaHigh: z.number().nullable(),
    currentPhase: z.enum([...PHASE_NAMES, "completed"]),
    message: z.string(),
  }),
  phases: z.object({
    discovery: PhaseProgress,
    training: PhaseProgress,
    faceDetection: PhaseProgress,
    clustering: PhaseProgress,
  }),
  worker: z.object({
    alive: z.boolean(),
    lastSeenAt: time,
    stalled: z.boolean(),
    device: z.string().nullable(),
  }),
});

export const TrainingProgress = z.object({
  sessionId: id,
  status: z.enum([...PHASE_STATUSES, "discovering"]).describe("Of the training phase alone"),
  isIndeterminate: z.boolean(),
  discoveredImages: count,
  message: z.string(),
  progress: z.object({
    current: count,
    total: count.nullable(),
    percentage: z.number().min(0).max(100).nullable().describe("Null while discovering"),
    etaSeconds: z.number().nullable(),
    imagesPerMinute: z.number().nullable(),
  }),
  jobsSummary: z.object({
    pending: count,
    running: count,
    completed: count,
    failed: count,
    skipped: count,
  }),
});

export const FaceSession = z.object({
  id,
  trainingSessionId: id,
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

const ItemFile = z.object({
  id,
  path: z.string(),
  size: count,
  mtimeMs: z.int(),
  missing: z.boolean(),
});

export const ItemPage = z.object({
  items: z.array(z.object({
    jobId: id,
    state: z.enum(JOB_STATES),
    reason: z.string().nullable().describe("For programs: duplicate, unsupported, corrupt, …"),
    message: z.string().nullable().describe("For people"),
    attempt: count,
    finishedAt: time,
    photoId: id.nullable(),
    files: z.array(ItemFile),
  })),
  nextCursor: id.nullable(),
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
  camera: z.string().nullable(),
  representativeId: id.nullable().describe("The photo this one is a duplicate of"),
  thumbnailUrl: z.string(),
  previewUrl: z.string(),
  files: z.array(ItemFile),
  faces: z.array(z.object({
    id,
    box: z.array(z.number()).length(4).describe("x, y, width, height, relative to the picture"),
    score: z.number(),
    quality: z.number(),
    model: z.string(),
    clusterId: id.nullable(),
    cropUrl: z.string(),
  })),
  duplicates: z.array(PhotoTile),
});

export const Health = z.object({ status: z.literal("ok") });
export const Ready = z.object({ status: z.literal("ready") });
