import { z } from "zod";
import { HOLDS, PHASE_NAMES, PHASE_STATUSES, SESSION_STATUSES } from "../db/schema.ts";
import { count, id, time } from "./common_schemas.ts";

/** How far a session is. */

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
    stalled: z.boolean().describe("All work in hand stands still for longer than fits it"),
    stillSeconds: z.number().nullable().describe("For how long, where it is stalled"),
    device: z.string().nullable(),
    deviceReason: z.string().nullable().describe("For a person: why it works on that"),
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
