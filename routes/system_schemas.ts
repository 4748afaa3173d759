import { z } from "zod";
import { PHASE_NAMES } from "../db/schema.ts";
import { isTimeZone } from "../jobs/hours.ts";
import { WORKER_STATES } from "../jobs/worker_state.ts";
import { count, id, text, time } from "./common_schemas.ts";

/** The installation: workers, settings, health. */

export const Worker = z.object({
  id: z.uuid(),
  host: z.string(),
  pid: count,
  state: z.enum(WORKER_STATES).describe("Of the last beat; silent: there was none for too long"),
  device: z.string(),
  deviceReason: z.string().nullable().describe("For a person: why it works on that"),
  activity: z.string().nullable().describe("What it is at before anything moves, such as a load"),
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

export const Health = z.object({ status: z.literal("ok") });

export const Ready = z.object({ status: z.literal("ready") });

export const ErrorBody = z.object({
  error: z.object({ code: z.string(), message: z.string(), details: z.unknown().optional() }),
});
