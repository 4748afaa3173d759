import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  real,
  smallint,
  text,
  timestamp,
  unique,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { bytea, pathText } from "./columns.ts";

const id = () => bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity();
const time = () => timestamp({ withTimezone: true, mode: "date" });

export const SESSION_STATUSES = [
  "pending",
  "discovering",
  "running",
  "paused",
  "completed",
  "failed",
  "cancelled",
] as const;
export type SessionStatus = typeof SESSION_STATUSES[number];

export const PHASE_NAMES = ["discovery", "training", "face_detection", "clustering"] as const;
export type PhaseName = typeof PHASE_NAMES[number];

export const PHASE_STATUSES = [
  "pending",
  "running",
  "paused",
  "completed",
  "failed",
  "cancelled",
  "skipped",
] as const;
export type PhaseStatus = typeof PHASE_STATUSES[number];

export const JOB_STATES = ["queued", "running", "done", "skipped", "failed", "cancelled"] as const;
export type JobState = typeof JOB_STATES[number];

/** What a session is made of: a walk over folders, or one phase again over what exists. */
export const SESSION_KINDS = ["folders", "faces", "clustering"] as const;
export type SessionKind = typeof SESSION_KINDS[number];

/** Why the program itself holds a session back until things are better. */
export const HOLDS = ["disk_full", "photos_gone", "outside_hours"] as const;
export type Hold = typeof HOLDS[number];

/** What a run was told instead of the defaults; absent values are the configuration's. */
export interface RunSettings {
  minFaceScore?: number;
  minFaceSize?: number;
  minQuality?: number;
  minClusterSize?: number;
  similarityFloor?: number;
}

/** Weights of the three phases that share the percentage. */
export interface PhaseWeights {
  training: number;
  face_detection: number;
  clustering: number;
  /** True: expected seconds, from this machine's history; false: the default shares of 100. */
  measured: boolean;
}

// text + check instead of enums: adding a value to an enum cannot be undone inside a migration.
const oneOf = (column: string, values: readonly string[]) =>
  sql.raw(`${column} in (${values.map((value) => `'${value}'`).join(", ")})`);

/** One run over a set of directories. */
export const sessions = pgTable("sessions", {
  id: id(),
  name: text().notNull(),
  rootPath: text().notNull(),
  subdirectories: jsonb().$type<string[]>().notNull(),
  recursive: boolean().notNull().default(true),
  skipFaceDetection: boolean().notNull().default(false),
  skipClustering: boolean().notNull().default(false),
  /** "They are really gone": the guard against a vanished disk is off for this session. */
  acceptMissing: boolean().notNull().default(false),
  kind: text().$type<SessionKind>().notNull().default("folders"),
  /** Whose photos a run over what exists takes; null: the whole library. */
  sourceSessionId: bigint({ mode: "number" }),
  settings: jsonb().$type<RunSettings>().notNull().default({}),
  status: text().$type<SessionStatus>().notNull().default("pending"),
  /** The program holds it back and lets it go on by itself; null in a pause that somebody made. */
  hold: text().$type<Hold>(),
  holdMessage: text(),
  /** The machine that saw the reason and looks whether it is over. */
  holdHost: text(),
  /** What must be readable again before a hold for lost photos ends. */
  holdPath: text(),
  /** "Run now": the installation's hours do not bind this session. */
  ignoreHours: boolean().notNull().default(false),
  /** Every retry opens a new round, with a percentage of its own. */
  round: integer().notNull().default(1),
  error: text(),
  /** Frozen when discovery ends, so that the percentage cannot jump. */
  weights: jsonb().$type<PhaseWeights>(),
  device: text(),
  clipModel: text(),
  faceModel: text(),
  facesFound: integer().notNull().default(0),
  clustersMade: integer().notNull().default(0),
  createdAt: time().notNull().defaultNow(),
  startedAt: time(),
  completedAt: time(),
  /** Files under the session's directories last seen before this are gone. */
  walkStartedAt: time(),
  /** Set when somebody deletes it; a worker removes the rows in portions. */
  deletedAt: time(),
}, (t) => [
  check("sessions_status", oneOf("status", SESSION_STATUSES)),
  check("sessions_kind", oneOf("kind", SESSION_KINDS)),
  check("sessions_hold", oneOf("hold", HOLDS)),
  index("sessions_newest").on(t.createdAt.desc()),
]);

/** The ledger: one row a phase, changed in the transaction that finishes an item. */
export const phases = pgTable("phases", {
  sessionId: bigint({ mode: "number" }).notNull().references(() => sessions.id, {
    onDelete: "cascade",
  }),
  name: text().$type<PhaseName>().notNull(),
  status: text().$type<PhaseStatus>().notNull().default("pending"),
  /** Null while unknown. */
  total: integer(),
  done: integer().notNull().default(0),
  skipped: integer().notNull().default(0),
  failed: integer().notNull().default(0),
  cancelled: integer().notNull().default(0),
  /** The round in which it was opened last: a pause may come before that. */
  openedRound: integer().notNull().default(0),
  /** What was already counted when this round began. */
  baseline: integer().notNull().default(0),
  startedAt: time(),
  completedAt: time(),
  /** What it should take by this machine's history; null without one. */
  expectedSeconds: doublePrecision(),
  /** Running time without pauses, up to the last commit; never read off a clock that may be set. */
  activeSeconds: doublePrecision().notNull().default(0),
  runningSince: time(),
  lastCommitAt: time(),
  /** Exponentially weighted items a second, and the weight it has gathered (see jobs/queue/rate.ts). */
  rate: doublePrecision().notNull().default(0),
  rateMass: doublePrecision().notNull().default(0),
  error: text(),
}, (t) => [
  primaryKey({ columns: [t.sessionId, t.name] }),
  check("phases_name", oneOf("name", PHASE_NAMES)),
  check("phases_status", oneOf("status", PHASE_STATUSES)),
  index("phases_running").on(t.name, t.sessionId).where(sql`status = 'running'`),
]);

/** What somebody asked for and a worker carries out, because it may touch any number of rows. */
export const requests = pgTable("requests", {
  id: id(),
  sessionId: bigint({ mode: "number" }).notNull().references(() => sessions.id, {
    onDelete: "cascade",
  }),
  action: text().$type<"retry" | "ignore" | "cancel" | "delete">().notNull(),
  /** The phase it is about; null: all of them. */
  phase: text().$type<PhaseName>(),
  /** The items it is about; null: all that failed. */
  jobIds: bigint({ mode: "number" }).array(),
  by: text().notNull().default("Safelight"),
  createdAt: time().notNull().defaultNow(),
});

/**
 * What happened and who did it, oldest first: changes of state, phases, holds, workers coming and
 * going. Events of workers belong to no session; a timeline shows those of its time.
 */
export const events = pgTable("events", {
  id: id(),
  sessionId: bigint({ mode: "number" }).references(() => sessions.id, { onDelete: "cascade" }),
  at: time().notNull().default(sql`clock_timestamp()`),
  kind: text().$type<EventKind>().notNull(),
  phase: text().$type<PhaseName>(),
  /** Somebody (a browser with its address, a user at a terminal) or Safelight itself. */
  by: text().notNull().default("Safelight"),
  message: text(),
}, (t) => [index("events_session").on(t.sessionId, t.at), index("events_time").on(t.at)]);

export type EventKind =
  | "created"
  | "started"
  | "paused"
  | "resumed"
  | "cancelled"
  | "retried"
  | "ignored"
  | "held"
  | "released"
  | "phase_started"
  | "phase_completed"
  | "phase_failed"
  | "worker_started"
  | "worker_stopped"
  | "worker_died"
  | "worker_stalled"
  | "recovered";

/** How far phases were at moments of a run: counted items, or clustering's units. Thinned as it grows. */
export const samples = pgTable("samples", {
  sessionId: bigint({ mode: "number" }).notNull().references(() => sessions.id, {
    onDelete: "cascade",
  }),
  phase: text().$type<PhaseName>().notNull(),
  at: time().notNull().default(sql`clock_timestamp()`),
  counted: integer().notNull(),
}, (t) => [primaryKey({ columns: [t.sessionId, t.phase, t.at] })]);

/** What is set for the whole installation, by name. */
export const settings = pgTable("settings", {
  name: text().primaryKey(),
  value: jsonb().notNull(),
  by: text().notNull(),
  changedAt: time().notNull().defaultNow(),
});

/** What discovery could not read: folders without permission, and the like. */
export const walkFaults = pgTable("walk_faults", {
  sessionId: bigint({ mode: "number" }).notNull().references(() => sessions.id, {
    onDelete: "cascade",
  }),
  path: pathText().notNull(),
  message: text().notNull(),
}, (t) => [primaryKey({ columns: [t.sessionId, t.path] })]);

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
  camera: text(),
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

/** CLIP vectors, one a representative and model: float32, little-endian, L2-normalised. */
export const embeddings = pgTable("embeddings", {
  photoId: bigint({ mode: "number" }).notNull().references(() => photos.id, {
    onDelete: "cascade",
  }),
  model: text().notNull(),
  vector: bytea().notNull(),
}, (t) => [primaryKey({ columns: [t.photoId, t.model] })]);

/** Photos a face model has looked at, with or without a find. */
export const faceScans = pgTable("face_scans", {
  photoId: bigint({ mode: "number" }).notNull().references(() => photos.id, {
    onDelete: "cascade",
  }),
  model: text().notNull(),
  faces: integer().notNull(),
  /** The run that looked last. */
  sessionId: bigint({ mode: "number" }),
}, (t) => [primaryKey({ columns: [t.photoId, t.model] })]);

/** Unnamed faces that belong together. */
export const clusters = pgTable("clusters", {
  id: id(),
  model: text().notNull(),
  size: integer().notNull(),
  coverFaceId: bigint({ mode: "number" }),
  createdAt: time().notNull().defaultNow(),
}, (t) => [index("clusters_model").on(t.model, t.size)]);

export const faces = pgTable("faces", {
  id: id(),
  photoId: bigint({ mode: "number" }).notNull().references(() => photos.id, {
    onDelete: "cascade",
  }),
  model: text().notNull(),
  /** x, y, width, height relative to the upright picture. */
  box: real().array().notNull(),
  /** Five points, x and y alternating, relative to the upright picture. */
  landmarks: real().array().notNull(),
  score: real().notNull(),
  quality: real().notNull(),
  embedding: bytea().notNull(),
  clusterId: bigint({ mode: "number" }).references(() => clusters.id, { onDelete: "set null" }),
}, (t) => [
  index("faces_photo").on(t.photoId, t.model),
  index("faces_cluster").on(t.clusterId),
]);

/** Clusterings of the whole library, newest last. */
export const clusterings = pgTable("clusterings", {
  id: id(),
  sessionId: bigint({ mode: "number" }),
  model: text().notNull(),
  faces: integer().notNull(),
  clusters: integer().notNull(),
  noise: integer().notNull(),
  loadedAt: time().notNull(),
  finishedAt: time().notNull().defaultNow(),
});

/**
 * One item of a phase, queue and ledger in one. `subject` is the session (discovery), a file
 * (training), a photo (face detection) or the round (clustering).
 */
export const jobs = pgTable("jobs", {
  id: id(),
  sessionId: bigint({ mode: "number" }).notNull().references(() => sessions.id, {
    onDelete: "cascade",
  }),
  phase: text().$type<PhaseName>().notNull(),
  subject: bigint({ mode: "number" }).notNull(),
  state: text().$type<JobState>().notNull().default("queued"),
  priority: smallint().notNull().default(0),
  runAt: time().notNull().defaultNow(),
  attempt: smallint().notNull().default(0),
  maxAttempts: smallint().notNull().default(5),
  /** How many workers died while they held it. */
  deaths: smallint().notNull().default(0),
  /** How many died while it was all they had in hand. */
  loneDeaths: smallint().notNull().default(0),
  claimId: uuid(),
  workerId: uuid(),
  errorKind: text().$type<"permanent" | "transient">(),
  /** Machine-readable: duplicate, same_content, unsupported, corrupt, … */
  reason: text(),
  /** For a person. */
  message: text(),
  createdAt: time().notNull().defaultNow(),
  startedAt: time(),
  finishedAt: time(),
}, (t) => [
  unique("jobs_item").on(t.sessionId, t.phase, t.subject),
  check("jobs_phase", oneOf("phase", PHASE_NAMES)),
  check("jobs_state", oneOf("state", JOB_STATES)),
  check("jobs_claimed", sql`(state = 'running') = (claim_id is not null)`),
  // Exactly the order of the claim, which looks into one running phase at a time.
  index("jobs_queued").on(t.sessionId, t.phase, t.priority, t.runAt, t.id).where(
    sql`state = 'queued'`,
  ),
  index("jobs_running").on(t.workerId).where(sql`state = 'running'`),
  // Sessions over the same folders share items; only one of them has an item in hand at a time.
  uniqueIndex("jobs_busy").on(t.phase, t.subject).where(
    sql`state = 'running' and phase in ('training', 'face_detection')`,
  ),
  index("jobs_ledger").on(t.sessionId, t.phase, t.state, t.id),
]);

/** Every try of an item that went wrong: when, on which worker, why. */
export const attempts = pgTable("attempts", {
  id: id(),
  jobId: bigint({ mode: "number" }).notNull().references(() => jobs.id, { onDelete: "cascade" }),
  startedAt: time(),
  endedAt: time().notNull().default(sql`clock_timestamp()`),
  /** Host and process, as a person would look for it. */
  worker: text(),
  kind: text().$type<"permanent" | "transient" | "death">().notNull(),
  reason: text(),
  message: text(),
  /** For whoever looks into it: the error as the system told it. */
  details: text(),
}, (t) => [index("attempts_job").on(t.jobId)]);

/** One row per process *start*: hosts and pids come back, uuids do not. */
export const workers = pgTable("workers", {
  id: uuid().primaryKey(),
  host: text().notNull(),
  pid: integer().notNull(),
  device: text().notNull(),
  clipModel: text().notNull(),
  faceModel: text().notNull(),
  startedAt: time().notNull().defaultNow(),
  beatAt: time().notNull().defaultNow(),
  memoryMb: integer().notNull().default(0),
  /** Counts up with every beat. Who sees it stand still for the lease knows without any clock. */
  beats: bigint({ mode: "number" }).notNull().default(0),
  /** Items in hand at the last beat, and seconds since one of them moved. */
  inHand: integer().notNull().default(0),
  stillSeconds: real().notNull().default(0),
  /** Standing still for longer than this does not fit the work in hand. */
  patienceSeconds: real().notNull().default(0),
  /** Items a second, lately. */
  rate: real().notNull().default(0),
  counters: jsonb().$type<WorkerCounters>().notNull().default({
    items: {},
    batches: {},
    rescued: 0,
  }),
});

/** What a worker has done since it started; for Prometheus. */
export interface WorkerCounters {
  /** By "phase outcome", such as "training done". */
  items: Record<string, number>;
  /** Batches by phase: how many, their seconds, and how many took at most each bound of BATCH_BOUNDS. */
  batches: Record<string, { count: number; seconds: number; within: number[] }>;
  /** Items of dead workers it put back. */
  rescued: number;
}

/** What a phase cost on this device with these models: the source of weights and ETAs. */
export const history = pgTable("history", {
  id: id(),
  device: text().notNull(),
  models: text().notNull(),
  phase: text().$type<PhaseName>().notNull(),
  /** Training items of the session: the one figure known when weights are frozen. */
  items: integer().notNull(),
  seconds: doublePrecision().notNull(),
  finishedAt: time().notNull().defaultNow(),
}, (t) => [index("history_lookup").on(t.device, t.models, t.phase, t.finishedAt)]);
