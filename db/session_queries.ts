import { and, count, desc, eq, inArray, isNull } from "drizzle-orm";
import type { Db } from "./client.ts";
import { jobs, requests, type SessionKind, sessions } from "./schema.ts";

export type SessionRow = typeof sessions.$inferSelect;

/** One page of sessions, newest first, and how many there are in all; of some kinds, or of any. */
export async function listSessions(
  db: Db,
  { limit, offset, kinds }: { limit: number; offset: number; kinds?: SessionKind[] },
): Promise<{ rows: SessionRow[]; total: number }> {
  const listed = and(
    isNull(sessions.deletedAt),
    kinds ? inArray(sessions.kind, kinds) : undefined,
  );
  const [rows, [{ total }]] = await Promise.all([
    db.select().from(sessions).where(listed).orderBy(
      desc(sessions.createdAt),
      desc(sessions.id),
    )
      .limit(limit).offset(offset),
    db.select({ total: count() }).from(sessions).where(listed),
  ]);
  return { rows, total };
}

/** The session, or null if there is none or it is being deleted. */
export async function findSession(db: Db, id: number): Promise<SessionRow | null> {
  const [row] = await db.select().from(sessions).where(
    and(eq(sessions.id, id), isNull(sessions.deletedAt)),
  );
  return row ?? null;
}

export interface SessionChange {
  name?: string;
  subdirectories?: string[];
  recursive?: boolean;
}

/**
 * Changes name or folders and returns the changed row. Folders change only while the session is
 * pending, checked in the same statement so that a Start at the same moment wins or loses as a
 * whole; null if there is no such session or it has been started.
 */
export async function changeSession(
  db: Db,
  id: number,
  change: SessionChange,
): Promise<SessionRow | null> {
  const folders = change.subdirectories !== undefined || change.recursive !== undefined;
  const [row] = await db.update(sessions).set(change)
    .where(
      and(
        eq(sessions.id, id),
        isNull(sessions.deletedAt),
        folders ? eq(sessions.status, "pending") : undefined,
      ),
    )
    .returning();
  return row ?? null;
}

/** True if the walk of a session failed because files that were known are not there any more. */
export async function walkMissedFiles(db: Db, sessionId: number): Promise<boolean> {
  const found = await db.select({ id: jobs.id }).from(jobs).where(and(
    eq(jobs.sessionId, sessionId),
    eq(jobs.phase, "discovery"),
    eq(jobs.state, "failed"),
    eq(jobs.reason, "files_gone"),
  ));
  return found.length > 0;
}

/** Training jobs in a worker's hands at this moment: a few batches at most, found by index. */
export async function countClaimed(db: Db, sessionId: number): Promise<number> {
  const [{ claimed }] = await db.select({ claimed: count() }).from(jobs).where(
    and(eq(jobs.sessionId, sessionId), eq(jobs.phase, "training"), eq(jobs.state, "running")),
  );
  return claimed;
}

/** True while a retry that somebody asked for waits for a worker to take it up. */
export async function retryWaits(db: Db, sessionId: number): Promise<boolean> {
  const found = await db.select({ id: requests.id }).from(requests)
    .where(and(eq(requests.sessionId, sessionId), eq(requests.action, "retry"))).limit(1);
  return found.length > 0;
}
