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
  text,
} from "drizzle-orm/pg-core";
import { pathText } from "../columns.ts";
import {
  type Hold,
  HOLDS,
  PHASE_NAMES,
  PHASE_STATUSES,
  type PhaseName,
  type PhaseStatus,
  SESSION_KINDS,
  SESSION_STATUSES,
  type SessionKind,
  type SessionStatus,
} from "./names.ts";
import { id, oneOf, time } from "./parts.ts";

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
  /** For a person: why the graphs run there. */
  deviceReason: text(),
  clipModel: text(),
  faceModel: text(),
  facesFound: integer().notNull().default(0),
  /** Of the faces found: how many were a known person's for certain, and how many likely. */
  facesAssigned: integer().notNull().default(0),
  facesSuggested: integer().notNull().default(0),
  /** Clusters that its groupings added to those that were there. */
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

/** What discovery could not read: folders without permission, and the like. */
export const walkFaults = pgTable("walk_faults", {
  sessionId: bigint({ mode: "number" }).notNull().references(() => sessions.id, {
    onDelete: "cascade",
  }),
  path: pathText().notNull(),
  message: text().notNull(),
}, (t) => [primaryKey({ columns: [t.sessionId, t.path] })]);
