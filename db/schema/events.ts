import { sql } from "drizzle-orm";
import {
  bigint,
  doublePrecision,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
} from "drizzle-orm/pg-core";
import type { PhaseName } from "./names.ts";
import { id, time } from "./parts.ts";
import { sessions } from "./sessions.ts";

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

/** How the message of a death ends that was told by the lease, not by whoever started the worker. */
export const LEASE_EXPIRED = ", whose lease ran out";

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
  | "device_changed"
  | "models_changed"
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
