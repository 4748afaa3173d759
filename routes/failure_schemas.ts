import { z } from "zod";
import { ITEM_PHASES } from "../db/item_queries.ts";
import { PHASE_NAMES } from "../db/schema.ts";
import { count, id, time } from "./common_schemas.ts";
import { ItemFile, ItemQuery } from "./library_schemas.ts";

/** What the failures of a session take and give. */

const { reason, cursor } = ItemQuery.shape;

// The phase it stands in and what was shown last of it: a path, or a job's id.
const isCursor = (value: string) =>
  /^(discovery:[^]*|(training|face_detection):\d{0,15})?$/.test(value);

const Selection = z.object({
  phase: z.enum(ITEM_PHASES).optional().describe("Without it: all phases"),
  reason: reason.describe("Only failures of this reason; pages may then be short"),
  cursor: cursor.refine(isCursor, "must be the nextCursor of a page before"),
});

const ownCursor = (
  { phase, cursor }: { phase?: string; cursor: string },
) => !phase || cursor === "" || cursor.startsWith(`${phase}:`);
const FOREIGN = { path: ["cursor"], message: "belongs to another phase; leave it out" };

export const FailureQuery = Selection.extend({
  limit: z.coerce.number().pipe(z.int().min(1).max(500)).default(100),
  format: z.enum(["json", "csv"]).optional()
    .describe("All of them as a file instead of a page: exact as json, for spreadsheets as csv"),
}).refine(ownCursor, FOREIGN);

/** What came of the last press of a button, for the page to say. */
export const Outcome = z.object({
  asked: z.enum(["retry", "ignore"]).optional(),
  named: z.coerce.number().pipe(count).optional(),
  taken: z.coerce.number().pipe(count).optional(),
  refused: z.enum(["nothing", "running"]).optional(),
});

export const FailurePageQuery = Selection.extend(Outcome.shape).refine(ownCursor, FOREIGN);

/** The items page: the same in a state of its own. */
export const ItemPageQuery = ItemQuery.safeExtend(Outcome.shape);

/**
 * The buttons: one item (`only`), those ticked (`jobId`), all of the phase and reason shown (`all`),
 * or the folders that could not be read (`again`).
 */
export const FailureForm = z.object({
  back: z.enum(["failures", "items"]).optional(),
  phase: z.enum(PHASE_NAMES).optional(),
  reason,
  cursor: cursor.refine(isCursor, "must be a cursor"),
  only: z.coerce.number().pipe(id).optional(),
  all: z.literal("yes").optional(),
  again: z.literal("yes").optional(),
  jobId: z.preprocess(
    (value) => value === undefined ? [] : [value].flat(),
    z.array(z.coerce.number().pipe(id)).max(10_000, "more than 10,000 at once"),
  ),
});

const Attempt = z.object({
  startedAt: time,
  endedAt: z.iso.datetime(),
  worker: z.string().nullable().describe("Host and process"),
  kind: z.enum(["permanent", "transient", "death"]),
  reason: z.string().nullable(),
  message: z.string().nullable(),
  details: z.string().nullable().describe("The error as the system told it"),
});

export const FailurePage = z.object({
  items: z.array(z.object({
    phase: z.enum(ITEM_PHASES),
    jobId: id.nullable().describe("For retry and ignore; null: a place discovery could not read"),
    path: z.string().nullable(),
    photoId: id.nullable(),
    reason: z.string().describe("For programs: corrupt, truncated, forbidden, …"),
    explanation: z.string().describe("For people: what it means and what to do"),
    message: z.string().nullable(),
    failedAt: time,
    tries: count.describe("How often it was tried, over all rounds"),
    attempts: z.array(Attempt).describe("The last 20 tries, oldest first"),
    files: z.array(ItemFile).describe("At most 100 of the same content"),
  })),
  phases: z.array(z.object({ phase: z.enum(PHASE_NAMES), message: z.string(), failedAt: time }))
    .describe("Phases that failed as a whole"),
  nextCursor: z.string().nullable().describe("Null: the last page; others may be short"),
  limit: id,
});

/** The same as a file: format=json, and with the same columns format=csv. */
export const FailureLines = z.array(z.object({
  phase: z.enum(PHASE_NAMES),
  path: z.string().nullable(),
  reason: z.string(),
  explanation: z.string(),
  message: z.string().nullable(),
  attempts: count.describe("How often it was tried, over all rounds"),
  lastAttemptAt: time,
  worker: z.string().nullable(),
  session: id,
  jobId: id.nullable(),
}));
