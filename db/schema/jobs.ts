import { sql } from "drizzle-orm";
import {
  bigint,
  check,
  index,
  pgTable,
  smallint,
  text,
  unique,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { JOB_STATES, type JobState, PHASE_NAMES, type PhaseName } from "./names.ts";
import { id, oneOf, time } from "./parts.ts";
import { sessions } from "./sessions.ts";

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
