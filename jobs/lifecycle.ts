import { and, eq, isNull, sql } from "drizzle-orm";
import type { Db, Tx } from "../db/client.ts";
import { PHASE_NAMES, phases, requests, sessions, type SessionStatus } from "../db/schema.ts";
import { overallStatus } from "./status.ts";
import { type Action, allows } from "./transitions.ts";

/** Raised for an id no session has, or whose session is being deleted. */
export class SessionNotFound extends Error {
  override name = "SessionNotFound";
  constructor(readonly id: number) {
    super(`There is no session ${id}; it may have been deleted`);
  }
}

export interface NewSession {
  name: string;
  /** Absolute. */
  rootPath: string;
  /** Relative to rootPath; "" is the root itself. */
  subdirectories: string[];
  recursive?: boolean;
  skipFaceDetection?: boolean;
  skipClustering?: boolean;
}

export interface Transition {
  /** False if what was asked for already held. */
  changed: boolean;
  status: SessionStatus;
}

/** Makes a session with its four phase rows; nothing runs before it is started. Returns its id. */
export function createSession(db: Db, session: NewSession): Promise<number> {
  return db.transaction(async (tx) => {
    const [{ id }] = await tx.insert(sessions).values(session).returning({ id: sessions.id });
    const skipped = {
      discovery: false,
      training: false,
      face_detection: session.skipFaceDetection,
      // Without new faces there is nothing new to group.
      clustering: session.skipFaceDetection || session.skipClustering,
    };
    await tx.insert(phases).values(PHASE_NAMES.map((name) => ({
      sessionId: id,
      name,
      status: skipped[name] ? "skipped" as const : "pending" as const,
    })));
    return id;
  });
}

/**
 * Starts, resumes or re-opens a session: a handful of statements whatever the library holds; the
 * walk is a job. Discovery runs again only if it had not finished.
 */
export function startSession(db: Db, id: number): Promise<Transition> {
  return change(db, id, "start", async (tx, status) => {
    if (status === "paused") return await wake(tx, id);
    if (status === "failed") await reopen(tx, id);
    await tx.execute(sql`
      update phases p set status = 'running', running_since = now(), opened_round = s.round,
        started_at = coalesce(p.started_at, now())
      from sessions s where s.id = p.session_id and s.id = ${id} and p.name = 'discovery'
        and p.status = 'pending'`);
    await tx.execute(sql`
      insert into jobs (session_id, phase, subject)
      select session_id, 'discovery', session_id from phases
      where session_id = ${id} and name = 'discovery' and status = 'running'
      on conflict (session_id, phase, subject) do update set state = 'queued', run_at = now(),
        attempt = 0, reason = null, message = null, finished_at = null
      where jobs.state not in ('queued', 'running')`);
    await tx.execute(sql`
      update sessions set started_at = coalesce(started_at, now()), completed_at = null, error = null,
        walk_started_at = null
      where id = ${id}`);
  });
}

/** Stops work within a batch; what is in flight is finished or given back. Survives restarts. */
export function pauseSession(db: Db, id: number): Promise<Transition> {
  return change(db, id, "pause", (tx) =>
    // Between two phases nothing runs; then the one to come is held back.
    tx.execute(sql`
      update phases set status = 'paused', running_since = null, ${bankTime}
      where session_id = ${id} and name = (
        select name from phases where session_id = ${id} and status in ('running', 'pending')
        order by array_position(array['discovery', 'training', 'face_detection', 'clustering'], name)
        limit 1)`));
}

export function resumeSession(db: Db, id: number): Promise<Transition> {
  return change(db, id, "resume", (tx) => wake(tx, id));
}

/** Ends a session for good; finished results stay. A worker marks the items left, in portions. */
export function cancelSession(db: Db, id: number): Promise<Transition> {
  return change(db, id, "cancel", async (tx) => {
    await tx.execute(sql`
      update phases set status = 'cancelled', completed_at = now(), running_since = null, ${bankTime}
      where session_id = ${id} and status in ('pending', 'running', 'paused')`);
    await tx.execute(sql`update sessions set completed_at = now() where id = ${id}`);
    await tx.insert(requests).values({ sessionId: id, action: "cancel" });
  });
}

/**
 * Asks for failed items to be tried again: those named, or all. One row, whatever their number; a
 * worker opens the new round. Returns the state before it did.
 */
export function retrySession(
  db: Db,
  id: number,
  options: { jobIds?: number[] } = {},
): Promise<Transition> {
  return change(db, id, "retry", (tx) =>
    tx.insert(requests).values({
      sessionId: id,
      action: "retry",
      jobIds: options.jobIds ?? null,
    }));
}

/** Makes a session disappear; photos, faces and vectors stay. A worker removes its rows in portions. */
export async function deleteSession(db: Db, id: number): Promise<void> {
  await db.transaction(async (tx) => {
    await lockSession(tx, id);
    await tx.execute(sql`
      update phases set status = 'cancelled', running_since = null, ${bankTime}
      where session_id = ${id} and status in ('pending', 'running', 'paused')`);
    await refreshStatus(tx, id);
    await tx.execute(sql`update sessions set deleted_at = now() where id = ${id}`);
    await tx.insert(requests).values({ sessionId: id, action: "delete" });
    await announce(tx);
  });
}

/** Locks the session row; every change of phase states happens behind this lock. */
export async function lockSession(tx: Tx, id: number): Promise<typeof sessions.$inferSelect> {
  const [session] = await tx.select().from(sessions)
    .where(and(eq(sessions.id, id), isNull(sessions.deletedAt))).for("update");
  if (!session) throw new SessionNotFound(id);
  return session;
}

/** Writes what the phase rows amount to into the session row, for lists; returns it. */
export async function refreshStatus(tx: Tx, id: number): Promise<SessionStatus> {
  const rows = await tx.select({ name: phases.name, status: phases.status }).from(phases)
    .where(eq(phases.sessionId, id));
  const status = overallStatus(rows);
  await tx.update(sessions).set({ status }).where(eq(sessions.id, id));
  return status;
}

/** Wakes every worker and page that listens; delivered when the transaction commits. */
export const announce = (db: Db | Tx) => db.execute(sql`select pg_notify('safelight', '')`);

/** Adds the time since running_since to a phase's running time. */
export const bankTime = sql`active_seconds = active_seconds +
  coalesce(extract(epoch from now() - running_since), 0)`;

function change(
  db: Db,
  id: number,
  action: Action,
  act: (tx: Tx, status: SessionStatus) => Promise<unknown>,
): Promise<Transition> {
  return db.transaction(async (tx) => {
    const session = await lockSession(tx, id);
    if (!allows(action, session.status)) return { changed: false, status: session.status };
    await act(tx, session.status);
    const status = await refreshStatus(tx, id);
    await announce(tx);
    return { changed: true, status };
  });
}

const wake = (tx: Tx, id: number) =>
  tx.execute(sql`
    update phases p set
      status = case when p.opened_round = s.round then 'running' else 'pending' end,
      running_since = case when p.opened_round = s.round then now() end
    from sessions s where s.id = p.session_id and s.id = ${id} and p.status = 'paused'`);

/** Gives everything from a failed or cancelled phase on another chance, in a new round. */
export async function reopen(tx: Tx, id: number): Promise<void> {
  await tx.execute(sql`update sessions set round = round + 1 where id = ${id}`);
  await tx.execute(sql`
    update phases set status = 'pending', completed_at = null, error = null, rate = 0,
      rate_mass = 0, last_commit_at = null,
      total = case when name = 'clustering' then null else total end,
      done = case when name = 'clustering' then 0 else done end
    where session_id = ${id} and status in ('failed', 'cancelled')`);
}
