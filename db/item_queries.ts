import { and, asc, eq, gt, inArray, sql } from "drizzle-orm";
import type { Db } from "./client.ts";
import { type JobRow, scanJobs } from "./ledger_scan.ts";
import { files, type JobState, walkFaults } from "./schema.ts";

/** The columns of the ledger that list files. */
export const ITEM_STATES = ["done", "skipped", "failed", "cancelled", "pending"] as const;
export type ItemState = typeof ITEM_STATES[number];
/** Phases whose items are files. */
export const LISTING_PHASES = ["training", "face_detection"] as const;
export type ListingPhase = typeof LISTING_PHASES[number];
/** Discovery lists what it could not read, nothing else; clustering counts units of work. */
export const ITEM_PHASES = ["discovery", ...LISTING_PHASES] as const;
export type ItemPhase = typeof ITEM_PHASES[number];

/** Files of one content that are listed with an item: there can be any number. */
const FILES_EACH = 100;

/** The reason of everything that discovery could not look at. */
export const UNREADABLE = "unreadable";

export interface ItemFile {
  id: number;
  path: string;
  size: number;
  mtimeMs: number;
  missing: boolean;
}

/** One row of the ledger with the files behind it. */
export interface Item {
  /** Null for a place that discovery could not read, which is nobody's job. */
  jobId: number | null;
  /** The file it is about, or any one of those that hold the photo; null if it is not known any more. */
  path: string | null;
  state: JobState;
  reason: string | null;
  message: string | null;
  attempt: number;
  finishedAt: Date | null;
  photoId: number | null;
  /** At most 100: the file, then others of the same content. */
  files: ItemFile[];
}

export interface ItemPage {
  items: Item[];
  /** Pass it back to get the next page; null on the last. */
  nextCursor: string | null;
}

export interface ItemsQuery {
  sessionId: number;
  phase: ItemPhase;
  state: ItemState;
  /** Only items of this reason. A page may then hold fewer than `limit` and still have a next one. */
  reason?: string;
  /** "" for the first page. */
  cursor: string;
  limit: number;
}

/**
 * One page of the files behind a figure of the ledger, in the order of the queue. Every state is
 * read on its own, so that each page is a short walk along one index however large the session.
 */
export async function listItems(db: Db, query: ItemsQuery): Promise<ItemPage> {
  const { phase, state, limit } = query;
  if (phase === "discovery") {
    if (state !== "failed") return { items: [], nextCursor: null };
    const { items, next } = await listUnreadable(db, { ...query, after: query.cursor });
    return { items, nextCursor: next };
  }
  const scan = { ...query, phase, after: Number(query.cursor) };
  if (state !== "pending") {
    const { rows, next } = await scanJobs(db, { ...scan, state });
    return { items: await toItems(db, phase, rows), nextCursor: next?.toString() ?? null };
  }
  // They differ in whether somebody works on them at the moment; neither has a reason yet.
  const found = await Promise.all(
    (["queued", "running"] as const).map((state) =>
      scanJobs(db, { ...scan, state, reason: undefined, limit: limit + 1 })
    ),
  );
  const rows = found.flatMap(({ rows }) => rows).sort((a, b) => a.id - b.id);
  const page = rows.slice(0, limit);
  const more = rows.length > limit;
  return {
    items: await toItems(db, phase, page),
    nextCursor: more ? String(page[page.length - 1].id) : null,
  };
}

/** Places discovery could not read, in the order of their paths, behind the path `after`. */
export async function listUnreadable(
  db: Db,
  { sessionId, after, reason, limit }: {
    sessionId: number;
    after: string;
    reason?: string;
    limit: number;
  },
): Promise<{ items: Item[]; next: string | null }> {
  if (reason !== undefined && reason !== UNREADABLE) return { items: [], next: null };
  const found = await db.select().from(walkFaults)
    .where(and(eq(walkFaults.sessionId, sessionId), gt(walkFaults.path, after)))
    .orderBy(asc(walkFaults.path)).limit(limit + 1);
  const rows = found.slice(0, limit);
  return {
    items: rows.map(({ path, message }) => ({
      jobId: null,
      path,
      state: "failed",
      reason: UNREADABLE,
      message,
      attempt: 1,
      finishedAt: null,
      photoId: null,
      files: [],
    })),
    next: found.length > limit ? rows[rows.length - 1].path : null,
  };
}

/** Job rows with the files behind them, in three statements at most. */
export async function toItems(db: Db, phase: ListingPhase, rows: JobRow[]): Promise<Item[]> {
  const subjects = rows.map((job) => job.subject);
  const own = phase === "training"
    ? await db.select().from(files).where(inArray(files.id, subjects))
    : [];
  const byId = new Map(own.map((file) => [file.id, file]));
  const holding = await filesOfPhotos(
    db,
    phase === "training" ? own.flatMap((file) => file.photoId ?? []) : subjects,
  );
  return rows.map((job) => {
    const file = phase === "training" ? byId.get(job.subject) : undefined;
    const photoId = phase === "training" ? file?.photoId ?? null : job.subject;
    const others = (photoId === null ? [] : holding.get(photoId) ?? [])
      .filter((other) => other.id !== file?.id);
    const behind = [...(file ? [file] : []), ...others].slice(0, FILES_EACH).map(toItemFile);
    return {
      jobId: job.id,
      path: behind[0]?.path ?? null,
      state: job.state,
      reason: job.reason,
      message: job.message,
      attempt: job.attempt,
      finishedAt: job.finishedAt,
      photoId,
      files: behind,
    };
  });
}

type FileRow = typeof files.$inferSelect;

/** Files that hold each photo, any hundred of them where there are more, by path. */
async function filesOfPhotos(db: Db, photoIds: number[]): Promise<Map<number, FileRow[]>> {
  if (photoIds.length === 0) return new Map();
  const wanted = sql.param([...new Set(photoIds)]);
  const rows = await db.select().from(files).where(sql`${files.id} = any(array(
    select one.id from unnest(${wanted}::bigint[]) as wanted (id)
    cross join lateral (select f.id from files f where f.photo_id = wanted.id limit ${FILES_EACH}) one))`)
    .orderBy(files.path);
  return Map.groupBy(rows, (row) => row.photoId!);
}

/** A file's row as lists of items show it. */
export function toItemFile(row: FileRow): ItemFile {
  return {
    id: row.id,
    path: row.path,
    size: row.size,
    mtimeMs: row.mtimeMs,
    missing: row.missingAt !== null,
  };
}
