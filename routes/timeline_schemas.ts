import { z } from "zod";
import { PHASE_NAMES, PHASE_STATUSES, SESSION_KINDS, SESSION_STATUSES } from "../db/schema.ts";
import { count, CursorQuery, id, span, time } from "./common_schemas.ts";

/** Sessions over time: one of them, and those that have ended. */

const SessionEvent = z.object({
  id,
  at: z.iso.datetime(),
  kind: z.string().describe("paused, resumed, held, released, phase_started, worker_died, …"),
  phase: z.enum(PHASE_NAMES).nullable().describe("Null: the session as a whole, or a worker"),
  by: z.string().describe("Somebody, with the address or the terminal; or Safelight itself"),
  message: z.string().nullable(),
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
