import { z } from "zod";
import {
  HOLDS,
  JOB_STATES,
  PHASE_NAMES,
  PHASE_STATUSES,
  SESSION_KINDS,
  SESSION_STATUSES,
} from "../db/schema.ts";
import { ITEM_PHASES, ITEM_STATES, LISTING_PHASES } from "../db/item_queries.ts";
import { isTimeZone } from "../jobs/hours.ts";
import { WORKER_STATES } from "../jobs/worker_state.ts";

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

/** Longer side of a preview: a larger least size would find no face at all. */
const PREVIEW_SIDE = 1440;
const reason = text(40).min(1);

export const IdParam = z.object({ id: z.coerce.number().pipe(id) });

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

export const PageQuery = z.object({
  page: z.coerce.number().pipe(id).default(1),
  limit: z.coerce.number().pipe(z.int().min(1).max(100)).default(20),
});

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
  kind: z.enum(SESSION_KINDS)
    .describe("folders: a walk and all that follows; else one phase again over what exists"),
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

const paged = <T extends z.ZodType>(items: T) =>
  z.object({ items: z.array(items), total: count, page: id, limit: id });

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
  hold: z.object({ reason: z.enum(HOLDS), message: z.string() }).nullable()
    .describe("Why Safelight itself holds it back until things are better; null otherwise"),
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

export const Worker = z.object({
  id: z.uuid(),
  host: z.string(),
  pid: count,
  state: z.enum(WORKER_STATES).describe("Of the last beat; silent: there was none for too long"),
  device: z.string(),
  clipModel: z.string(),
  faceModel: z.string(),
  startedAt: z.iso.datetime(),
  lastBeatAt: z.iso.datetime(),
  silentSeconds: z.number().describe("Since the last beat; one is due every 5 s"),
  stillSeconds: z.number().describe("Since something moved, with work in hand"),
  patienceSeconds: z.number().describe("Standing still for longer does not fit the work"),
  itemsPerMinute: z.number(),
  memoryBytes: count,
  inHand: z.array(z.object({
    sessionId: id,
    sessionName: z.string(),
    phase: z.enum(PHASE_NAMES),
    items: count,
    since: z.iso.datetime(),
    files: z.array(z.object({ path: z.string(), photoId: id.nullable() }))
      .describe("The first few"),
  })),
});

export const WorkerList = z.object({
  items: z.array(Worker),
  total: count.describe("Silent ones are listed last, and not all of them"),
  events: z.array(z.object({
    at: z.iso.datetime(),
    kind: z.string(),
    message: z.string().nullable(),
    by: z.string(),
  })).describe("Newest first"),
});

const span = { from: z.iso.datetime(), to: z.iso.datetime() };
const SessionEvent = z.object({
  id,
  at: z.iso.datetime(),
  kind: z.string().describe("paused, resumed, held, released, phase_started, worker_died, …"),
  phase: z.enum(PHASE_NAMES).nullable().describe("Null: the session as a whole, or a worker"),
  by: z.string().describe("Somebody, with the address or the terminal; or Safelight itself"),
  message: z.string().nullable(),
});

export const CursorQuery = z.object({
  cursor: z.coerce.number().pipe(id).optional().describe("nextCursor of the page before"),
});

export const Timeline = z.object({
  sessionId: id,
  status: z.enum(SESSION_STATUSES),
  round: id,
  during: z.object(span).nullable().describe("From the start to the end, or to now"),
  phases: z.array(z.object({
    name: z.enum(PHASE_NAMES),
    status: z.enum(PHASE_STATUSES),
    segments: z.array(z.object({
      ...span,
      state: z.enum(["running", "paused", "held", "waiting"])
        .describe("waiting: not open, as between two rounds"),
      reason: z.string().nullable(),
      by: z.string().nullable(),
    })),
    throughput: z.array(z.object({ ...span, perMinute: z.number().nonnegative() }))
      .describe("Items a minute while it ran; of clustering units of work, total in all"),
    total: count.nullable(),
    expectedSeconds: z.number().nullable().describe("By this machine's history; null without one"),
    tookSeconds: z.number().describe("Running time of all rounds, without pauses"),
    wallSeconds: z.number().nullable(),
    ratePerMinute: z.number().nullable(),
  })),
  marks: z.array(SessionEvent).describe("Retries, rescued work, workers coming and going"),
  errors: z.array(z.object({ ...span, permanent: count, transient: count, death: count }))
    .describe("Tries that went wrong, in stretches of equal length; those without any left out"),
  truncated: z.boolean().describe("So much has happened that only the newest of it is here"),
  events: z.object({ items: z.array(SessionEvent), nextCursor: id.nullable() })
    .describe("Newest first"),
});

const timeOfDay = z.string().regex(
  /^([01]\d|2[0-3]):[0-5]\d$/,
  "a time of day is written as 22:00",
);

export const Hours = z.object({
  from: timeOfDay,
  to: timeOfDay.describe("Earlier than from: on the next day"),
  timeZone: text(100).refine(isTimeZone, "there is no such time zone; name one as Europe/Berlin"),
}).refine(({ from, to }) => from !== to, "the hours begin and end at the same time; leave some");

export const SettingsChange = z.object({ hours: Hours.nullable() });

export const Settings = z.object({
  hours: Hours.nullable().describe("When sessions may run; null: at any time"),
  open: z.boolean().describe("Whether they may run now"),
  until: time.describe("When that changes"),
  changedBy: z.string().nullable(),
  changedAt: time,
});

export const HistoryQuery = CursorQuery.extend({
  limit: z.coerce.number().pipe(z.int().min(1).max(100)).default(20),
});

export const History = z.object({
  items: z.array(z.object({
    sessionId: id,
    name: z.string(),
    kind: z.enum(SESSION_KINDS),
    outcome: z.enum(["clean", "with_errors", "failed", "cancelled"]),
    round: id,
    pictures: count,
    seconds: z.number().nullable().describe("By the clock, from start to end"),
    device: z.string().nullable(),
    clipModel: z.string().nullable(),
    faceModel: z.string().nullable(),
    createdAt: z.iso.datetime(),
    startedAt: time,
    completedAt: time,
    phases: z.array(z.object({
      name: z.enum(PHASE_NAMES),
      status: z.enum(PHASE_STATUSES),
      seconds: z.number().describe("Running time of all rounds, without pauses"),
      ratePerMinute: z.number().nullable().describe("Null for clustering: it has no items"),
      usual: z.object({
        ratePerMinute: z.number().describe("The median"),
        sessions: count.describe("Of so many earlier ones on this device with these models"),
        differencePercent: z.int().describe("Above 0: faster than usual"),
      }).nullable(),
    })),
  })),
  nextCursor: id.nullable(),
});

export const Health = z.object({ status: z.literal("ok") });
export const Ready = z.object({ status: z.literal("ready") });
