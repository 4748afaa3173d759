import { and, asc, eq, gt, inArray } from "drizzle-orm";
import type { Db } from "./client.ts";
import { files, jobs, type JobState } from "./schema.ts";

/** The columns of the ledger that list files. */
export const ITEM_STATES = ["done", "skipped", "failed", "cancelled", "pending"] as const;
export type ItemState = typeof ITEM_STATES[number];
/** Discovery counts what it found and clustering counts units of work: they list no files. */
export const ITEM_PHASES = ["training", "face_detection"] as const;
export type ItemPhase = typeof ITEM_PHASES[number];

export interface ItemFile {
  id: number;
  path: string;
  size: number;
  mtimeMs: number;
  missing: boolean;
}

/** One row of the ledger with the files behind it. */
export interface Item {
  jobId: number;
  state: JobState;
  reason: string | null;
  message: string | null;
  attempt: number;
  finishedAt: Date | null;
  photoId: number | null;
  files: ItemFile[];
}

export interface ItemPage {
  items: Item[];
  /** Pass it back to get the next page; null on the last. */
  nextCursor: number | null;
}

/**
 * One page of the files behind a figure of the ledger, in the order of the queue. Every state is
 * read on its own, so that each page is a short walk along one index however large the session.
 */
export async function listItems(
  db: Db,
  query: { sessionId: number; phase: ItemPhase; state: ItemState; cursor: number; limit: number },
): Promise<ItemPage> {
  const states: JobState[] = query.state === "pending" ? ["queued", "running"] : [query.state];
  const found = await Promise.all(states.map((state) =>
    db.select().from(jobs).where(and(
      eq(jobs.sessionId, query.sessionId),
      eq(jobs.phase, query.phase),
      eq(jobs.state, state),
      gt(jobs.id, query.cursor),
    )).orderBy(asc(jobs.id)).limit(query.limit + 1)
  ));
  const rows = found.flat().sort((a, b) => a.id - b.id);
  const page = rows.slice(0, query.limit);
  const behind = await filesOf(db, query.phase, page.map((job) => job.subject));
  return {
    items: page.map((job) => {
      const own = behind.get(job.subject) ?? [];
      const photoId = query.phase === "face_detection" ? job.subject : own[0]?.photoId ?? null;
      return {
        jobId: job.id,
        state: job.state,
        reason: job.reason,
        message: job.message,
        attempt: job.attempt,
        finishedAt: job.finishedAt,
        photoId,
        files: own.map(toItemFile),
      };
    }),
    nextCursor: rows.length > query.limit ? page[page.length - 1].id : null,
  };
}

type FileRow = typeof files.$inferSelect;

/** A training job is about a file, a face job about a photo, which several files can hold. */
async function filesOf(
  db: Db,
  phase: ItemPhase,
  subjects: number[],
): Promise<Map<number, FileRow[]>> {
  if (subjects.length === 0) return new Map();
  const column = phase === "training" ? files.id : files.photoId;
  const rows = await db.select().from(files).where(inArray(column, subjects)).orderBy(files.path);
  return Map.groupBy(rows, (row) => phase === "training" ? row.id : row.photoId!);
}

export function toItemFile(row: FileRow): ItemFile {
  return {
    id: row.id,
    path: row.path,
    size: row.size,
    mtimeMs: row.mtimeMs,
    missing: row.missingAt !== null,
  };
}
