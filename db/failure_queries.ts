import { and, asc, count, eq, inArray, type SQL, sql } from "drizzle-orm";
import type { Db } from "./client.ts";
import {
  type Item,
  ITEM_PHASES,
  type ItemPhase,
  LISTING_PHASES,
  listUnreadable,
  toItems,
} from "./item_queries.ts";
import { scanJobs } from "./ledger_scan.ts";
import { attempts, jobs, type PhaseName, requests, type SessionStatus } from "./schema.ts";

/** Tries that are listed with an item, the last ones: every retry adds to them. */
const HISTORY = 20;

/** One try that went wrong. */
export type Attempt = Omit<typeof attempts.$inferSelect, "id" | "jobId">;

/** Something that failed: an item, or a place discovery could not read. */
export interface Failure extends Item {
  phase: ItemPhase;
  /** How often it was tried, over all rounds. */
  tries: number;
  /** The last tries, oldest first; empty for what was never tried, such as a name that is none. */
  history: Attempt[];
}

export interface FailurePage {
  items: Failure[];
  nextCursor: string | null;
}

export interface FailuresQuery {
  sessionId: number;
  /** Without it: all of them, in their order. */
  phase?: ItemPhase;
  /** With it a page may hold fewer than `limit` and still have a next one. */
  reason?: string;
  /** "" for the first page. */
  cursor: string;
  limit: number;
}

/**
 * One page of what failed in a session: unreadable places by path, then items in the order of the
 * queue. At most a dozen statements, each along an index, however much failed.
 */
export async function listFailures(db: Db, query: FailuresQuery): Promise<FailurePage> {
  const items: Failure[] = [];
  let at = position(query);
  while (at !== null) {
    const { phase, after } = at;
    const limit = query.limit - items.length;
    const part = await listPhase(db, { ...query, phase, after, limit });
    items.push(...part.items);
    if (part.next !== null) return { items, nextCursor: `${phase}:${part.next}` };
    at = following(query, phase);
    if (items.length === query.limit && at !== null) {
      return { items, nextCursor: `${at.phase}:` };
    }
  }
  return { items, nextCursor: null };
}

// A cursor is the phase and what was shown last of it: a path in discovery, otherwise a job's id.
function position({ phase, cursor }: FailuresQuery): { phase: ItemPhase; after: string } | null {
  const colon = cursor.indexOf(":");
  if (colon < 0) return { phase: phase ?? ITEM_PHASES[0], after: "" };
  return { phase: cursor.slice(0, colon) as ItemPhase, after: cursor.slice(colon + 1) };
}

function following(query: FailuresQuery, phase: ItemPhase) {
  const next = ITEM_PHASES[ITEM_PHASES.indexOf(phase) + 1];
  return query.phase || !next ? null : { phase: next, after: "" };
}

async function listPhase(
  db: Db,
  query: Omit<FailuresQuery, "phase" | "cursor"> & { phase: ItemPhase; after: string },
): Promise<{ items: Failure[]; next: string | null }> {
  const { phase } = query;
  if (phase === "discovery") {
    const { items, next } = await listUnreadable(db, query);
    return { items: items.map((item) => ({ ...item, phase, tries: 1, history: [] })), next };
  }
  const { rows, next } = await scanJobs(db, {
    ...query,
    phase,
    state: "failed",
    after: Number(query.after),
  });
  const [items, tried] = await Promise.all([
    toItems(db, phase, rows),
    historyOf(db, rows.map((row) => row.id)),
  ]);
  return {
    items: items.map((item) => {
      const { tries, history } = tried.get(item.jobId!) ?? { tries: 0, history: [] };
      // Tries made before they were written down left their number only.
      return { ...item, phase, tries: Math.max(tries, item.attempt), history };
    }),
    next: next?.toString() ?? null,
  };
}

async function historyOf(db: Db, jobIds: number[]) {
  if (jobIds.length === 0) return new Map<number, { tries: number; history: Attempt[] }>();
  const rows = await db.select({
    attempt: attempts,
    tries: sql<number>`near.tries`.mapWith(Number),
  }).from(sql`unnest(${sql.param(jobIds)}::bigint[]) as wanted (id)
    cross join lateral (select a.id, count(*) over () as tries from attempts a
      where a.job_id = wanted.id order by a.id desc limit ${HISTORY}) near`)
    .innerJoin(attempts, eq(attempts.id, sql`near.id`)).orderBy(asc(attempts.id));
  return new Map(
    [...Map.groupBy(rows, ({ attempt }) => attempt.jobId)].map(([jobId, group]) => [jobId, {
      tries: group[0].tries,
      history: group.map(({ attempt: { id: _id, jobId: _jobId, ...attempt } }) => attempt),
    }]),
  );
}

/** Condition on `jobs`: what an action on named items of a session in this state takes. */
function takenBy(action: FailureAction, status: SessionStatus): SQL | undefined {
  if (action === "ignore") return eq(jobs.state, "failed");
  const states = status === "cancelled" ? ["failed", "cancelled"] as const : ["failed"] as const;
  return sql`(${inArray(jobs.state, states)} or ${eq(jobs.reason, "ignored")})`;
}

export type FailureAction = "retry" | "ignore";

/** How many of the items named belong to the session and can be retried or ignored as it is now. */
export async function countTaken(
  db: Db,
  { id, status, action, jobIds, phase }: {
    id: number;
    status: SessionStatus;
    action: FailureAction;
    jobIds: number[];
    phase?: PhaseName;
  },
): Promise<number> {
  const [{ taken }] = await db.select({ taken: count() }).from(jobs).where(and(
    sql`${jobs.id} = any(${sql.param(jobIds)}::bigint[])`,
    eq(jobs.sessionId, id),
    inArray(jobs.phase, LISTING_PHASES),
    phase ? eq(jobs.phase, phase) : undefined,
    takenBy(action, status),
  ));
  return taken;
}

export interface WaitingRequest {
  action: FailureAction;
  phase: PhaseName | null;
  /** Null: all of them. */
  items: number | null;
  by: string;
  createdAt: Date;
}

/** Retries and ignores of a session that wait for a worker, oldest first: the first `limit`. */
export async function waitingRequests(
  db: Db,
  sessionId: number,
  limit: number,
): Promise<WaitingRequest[]> {
  const rows = await db.select({
    action: requests.action,
    phase: requests.phase,
    items: sql<number | null>`cardinality(${requests.jobIds})`,
    by: requests.by,
    createdAt: requests.createdAt,
  }).from(requests).where(and(
    eq(requests.sessionId, sessionId),
    inArray(requests.action, ["retry", "ignore"]),
  )).orderBy(asc(requests.id)).limit(limit);
  return rows as WaitingRequest[];
}
