import { and, eq, sql } from "drizzle-orm";
import type { Db, Tx } from "../db/client.ts";
import {
  type EventKind,
  PHASE_NAMES,
  type PhaseName,
  phases,
  requests,
  type RunSettings,
  type SessionKind,
  sessions,
  type SessionStatus,
} from "../db/schema.ts";
import { transact } from "../db/transact.ts";
import { recordEvent } from "./events.ts";
import {
  announce,
  goOn,
  holdBack,
  lockSession,
  NO_HOLD,
  refreshStatus,
  reopen,
  type Session,
  startFirst,
} from "./session_state.ts";
import { type Action, allows, allowsPhase } from "./transitions.ts";

export interface NewSession {
  name: string;
  /** Absolute. */
  rootPath: string;
  /** Relative to rootPath; "" is the root itself. */
  subdirectories: string[];
  recursive?: boolean;
  skipFaceDetection?: boolean;
  skipClustering?: boolean;
  /** A run over what exists has the phases of its kind only. */
  kind?: SessionKind;
  /** Whose photos such a run takes; null: the whole library. */
  sourceSessionId?: number | null;
  settings?: RunSettings;
  /** The keys of the models that a run of kind "models" is for; no others may work on it. */
  clipModel?: string;
  faceModel?: string;
}

/** Who asks; the program itself where nobody is named. */
export interface Actor {
  by?: string;
}

export interface Transition {
  /** False if what was asked for already held. */
  changed: boolean;
  status: SessionStatus;
}

/** Makes a session with its four phase rows; nothing runs before it is started. Returns its id. */
export function createSession(db: Db, session: NewSession & Actor): Promise<number> {
  const { by, ...values } = session;
  return transact(db, async (tx) => {
    const [{ id }] = await tx.insert(sessions).values(values).returning({ id: sessions.id });
    const overLibrary = session.kind === "faces" || session.kind === "clustering";
    const skipped = {
      discovery: overLibrary || session.kind === "models",
      training: overLibrary,
      face_detection: session.skipFaceDetection || session.kind === "clustering",
      // Without new faces there is nothing new to group.
      clustering: session.skipFaceDetection || session.skipClustering,
    };
    await tx.insert(phases).values(PHASE_NAMES.map((name) => ({
      sessionId: id,
      name,
      status: skipped[name] ? "skipped" as const : "pending" as const,
    })));
    await recordEvent(tx, { sessionId: id, kind: "created", by });
    return id;
  });
}

/**
 * Starts, resumes or re-opens a session: a handful of statements whatever the library holds; the
 * walk is a job. Discovery runs again only if it had not finished. `acceptMissing`: what is not
 * there any more is really gone, and the guard against a vanished disk lets this session pass.
 */
export function startSession(
  db: Db,
  id: number,
  { by, acceptMissing }: Actor & { acceptMissing?: boolean } = {},
): Promise<Transition> {
  const act = async (tx: Tx, session: Session) => {
    // Said of the files that are gone now, not of those that may be gone at another time.
    if (acceptMissing || session.status !== "paused") {
      await tx.update(sessions).set({ acceptMissing: acceptMissing ?? false })
        .where(eq(sessions.id, id));
    }
    if (session.status === "paused") return await goOn(tx, session);
    if (session.status === "failed") await reopen(tx, id);
    await tx.execute(sql`
      update sessions set started_at = coalesce(started_at, now()), completed_at = null, error = null
      where id = ${id}`);
    await startFirst(tx, id);
  };
  return change(db, id, { action: "start", by, act });
}

/** Stops work within a batch; what is in flight is finished or given back. Survives restarts. */
export function pauseSession(db: Db, id: number, { by }: Actor = {}): Promise<Transition> {
  return change(db, id, {
    action: "pause",
    by,
    act: (tx) => holdBack(tx, id),
    // Paused by the program until things are better; from now on because somebody wants it so.
    unless: (session) => session.hold !== null,
  });
}

/** Lets a paused session go on; one that waits for the hours of work runs at once. */
export function resumeSession(db: Db, id: number, { by }: Actor = {}): Promise<Transition> {
  return change(db, id, { action: "resume", by, act: goOn });
}

/** Ends a session for good; finished results stay. A worker marks the items left, in portions. */
export function cancelSession(db: Db, id: number, { by }: Actor = {}): Promise<Transition> {
  const act = async (tx: Tx) => {
    await tx.execute(sql`
      update phases set status = 'cancelled', completed_at = now(), running_since = null
      where session_id = ${id} and status in ('pending', 'running', 'paused')`);
    await tx.execute(sql`update sessions set completed_at = now() where id = ${id}`);
    await tx.insert(requests).values({ sessionId: id, action: "cancel", by });
  };
  return change(db, id, { action: "cancel", by, act });
}

/**
 * Asks for items to be tried again: those named, or all that failed, of one phase or of all. One
 * row, whatever their number; a worker opens the new round. Returns the state before it did.
 */
export function retrySession(
  db: Db,
  id: number,
  { by, jobIds, phase }: Actor & { jobIds?: number[]; phase?: PhaseName } = {},
): Promise<Transition> {
  const act = async (tx: Tx) => {
    if (phase) {
      const [row] = await tx.select({ name: phases.name, status: phases.status }).from(phases)
        .where(and(eq(phases.sessionId, id), eq(phases.name, phase)));
      allowsPhase("retry", row);
    }
    await tx.insert(requests).values({
      sessionId: id,
      action: "retry",
      jobIds: jobIds ?? null,
      phase,
      by,
    });
  };
  return change(db, id, { action: "retry", by, phase, act });
}

/**
 * Asks for failed items to be left alone until their files change: those named, or all, of one
 * phase or of all. They count as skipped from then on. Legal in every state.
 */
export function ignoreItems(
  db: Db,
  id: number,
  { by, jobIds, phase }: Actor & { jobIds?: number[]; phase?: PhaseName } = {},
): Promise<Transition> {
  return transact(db, async (tx) => {
    const { status } = await lockSession(tx, id);
    await tx.insert(requests).values({
      sessionId: id,
      action: "ignore",
      jobIds: jobIds ?? null,
      phase,
      by,
    });
    await recordEvent(tx, { sessionId: id, kind: "ignored", by, phase });
    await announce(tx);
    return { changed: true, status };
  });
}

/** Makes a session disappear; photos, faces and vectors stay. A worker removes its rows in portions. */
export async function deleteSession(db: Db, id: number): Promise<void> {
  await transact(db, async (tx) => {
    await lockSession(tx, id);
    await tx.execute(sql`
      update phases set status = 'cancelled', running_since = null
      where session_id = ${id} and status in ('pending', 'running', 'paused')`);
    await refreshStatus(tx, id);
    await tx.execute(sql`update sessions set deleted_at = now() where id = ${id}`);
    await tx.insert(requests).values({ sessionId: id, action: "delete" });
    await announce(tx);
  });
}

const DONE: Record<Action, EventKind> = {
  start: "started",
  pause: "paused",
  resume: "resumed",
  cancel: "cancelled",
  retry: "retried",
};

/** Everything a person does to a session: legal or refused, behind its lock, written down. */
function change(
  db: Db,
  id: number,
  { action, by, phase, act, unless }: Actor & {
    action: Action;
    phase?: PhaseName;
    /** Returns the phase it came to be about, if it is about one. */
    act: (tx: Tx, session: Session) => Promise<PhaseName | null | void>;
    /** Changes something although what is wanted seems to hold. */
    unless?: (session: Session) => boolean;
  },
): Promise<Transition> {
  return transact(db, async (tx) => {
    const session = await lockSession(tx, id);
    if (!allows(action, session.status) && !unless?.(session)) {
      return { changed: false, status: session.status };
    }
    const about = await act(tx, session) ?? phase;
    await tx.update(sessions).set(NO_HOLD).where(eq(sessions.id, id));
    await recordEvent(tx, { sessionId: id, kind: DONE[action], by, phase: about });
    const status = await refreshStatus(tx, id);
    await announce(tx);
    return { changed: true, status };
  });
}
