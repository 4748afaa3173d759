import { bigint, integer, jsonb, pgTable, real, text, uuid } from "drizzle-orm/pg-core";
import { time } from "./parts.ts";

/** One row per process *start*: hosts and pids come back, uuids do not. */
export const workers = pgTable("workers", {
  id: uuid().primaryKey(),
  host: text().notNull(),
  pid: integer().notNull(),
  device: text().notNull(),
  /** For a person: why the graphs run there. */
  deviceReason: text(),
  /** For a person: what it is at before anything moves, such as "loading ViT-B/32 on webgpu". */
  activity: text(),
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

/** What is set for the whole installation, by name. */
export const settings = pgTable("settings", {
  name: text().primaryKey(),
  value: jsonb().notNull(),
  by: text().notNull(),
  changedAt: time().notNull().defaultNow(),
});
