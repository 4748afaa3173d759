import { asc, count, eq, max, sql } from "drizzle-orm";
import type { Db } from "./client.ts";
import type { ListingPhase } from "./item_queries.ts";
import { jobs, type JobState } from "./schema.ts";

/** Items one request looks at for a reason, which no index knows: some 10 ms. */
export const WINDOW = 10_000;

/** What is written for an item of which no reason is known. */
const UNKNOWN = "unknown";

export type JobRow = typeof jobs.$inferSelect;

/** Where in the ledger to look: the items of one phase and state. */
export interface Shelf {
  sessionId: number;
  phase: ListingPhase;
  state: JobState;
}

const known = (column: unknown) => sql<string>`coalesce(${column}, ${UNKNOWN})`;

/**
 * The next `size` items behind id `after`, as a subquery. A range over all columns of jobs_ledger,
 * in its order, which no other index serves: with three equalities in the order of the ids the
 * planner may walk the primary key until it has found enough, and where nothing failed that was all
 * of 150,000 rows.
 */
function near(db: Db, { sessionId, phase, state }: Shelf, { after, size }: {
  after: number;
  size: number;
}) {
  const columns = sql`(${jobs.sessionId}, ${jobs.phase}, ${jobs.state}, ${jobs.id})`;
  const place = (id: number) =>
    sql`(${sessionId}::bigint, ${phase}::text, ${state}::text, ${id}::bigint)`;
  return db.select().from(jobs)
    .where(sql`${columns} > ${place(after)} and ${columns} <= ${place(Number.MAX_SAFE_INTEGER)}`)
    .orderBy(asc(jobs.sessionId), asc(jobs.phase), asc(jobs.state), asc(jobs.id))
    .limit(size).as("near");
}

/**
 * Items of one phase and state behind id `after`, in the order of the queue. With a reason it looks
 * at the next 10,000 only, so that a rare reason among millions costs no more than a frequent one.
 * `next` is where to go on, null at the end.
 */
export async function scanJobs(
  db: Db,
  { reason, after, limit, ...shelf }: Shelf & { reason?: string; after: number; limit: number },
): Promise<{ rows: JobRow[]; next: number | null }> {
  const window = near(db, shelf, { after, size: reason === undefined ? limit + 1 : WINDOW });
  const found = await db.select().from(window)
    .where(reason === undefined ? undefined : eq(known(window.reason), reason))
    .orderBy(asc(window.id)).limit(limit + 1);
  const rows = found.slice(0, limit);
  if (found.length > limit) return { rows, next: rows[rows.length - 1].id };
  if (reason === undefined) return { rows, next: null };
  const [{ last, looked }] = await db.select({ last: max(window.id), looked: count() })
    .from(window);
  return { rows, next: looked === WINDOW ? last : null };
}

/** How often each reason occurs among the first items; `atLeast`: there are more than were looked at. */
export interface ReasonCounts {
  reasons: { reason: string; count: number }[];
  atLeast: boolean;
}

/** The reasons among the first 10,000 items of each phase, the most frequent first. */
export async function countReasons(
  db: Db,
  { phases, ...shelf }: Omit<Shelf, "phase"> & { phases: readonly ListingPhase[] },
): Promise<ReasonCounts> {
  const counts = new Map<string, number>();
  let atLeast = false;
  for (const phase of phases) {
    // One more tells whether there are more.
    const window = near(db, { ...shelf, phase }, { after: 0, size: WINDOW + 1 });
    const rows = await db.select({ reason: known(window.reason), count: count() }).from(window)
      .groupBy(sql`1`);
    atLeast ||= rows.reduce((sum, row) => sum + row.count, 0) > WINDOW;
    for (const row of rows) {
      counts.set(row.reason, (counts.get(row.reason) ?? 0) + Math.min(row.count, WINDOW));
    }
  }
  const reasons = [...counts].map(([reason, count]) => ({ reason, count }))
    .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
  return { reasons, atLeast };
}

/** Ids of those of one reason among the first 10,000 items of each phase. */
export async function idsOf(
  db: Db,
  { phases, reason, ...shelf }: Omit<Shelf, "phase"> & {
    phases: readonly ListingPhase[];
    reason: string;
  },
): Promise<number[]> {
  const ids: number[] = [];
  for (const phase of phases) {
    const window = near(db, { ...shelf, phase }, { after: 0, size: WINDOW });
    const rows = await db.select({ id: window.id }).from(window)
      .where(eq(known(window.reason), reason));
    ids.push(...rows.map((row) => row.id));
  }
  return ids;
}
