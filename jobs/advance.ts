import { transact } from "../db/transact.ts";
import { and, eq, sql } from "drizzle-orm";
import type { Db, Tx } from "../db/client.ts";
import { PHASE_NAMES, type PhaseName, phases, sessions } from "../db/schema.ts";
import { recordEvent } from "./events.ts";
import { type Ending, rememberPhase } from "./phase_history.ts";
import {
  announce,
  lockSession,
  refreshStatus,
  type Session,
  SessionNotFound,
} from "./session_state.ts";
import { openPhase } from "./open_phase.ts";
import { formerAtWork, switchServing } from "./serving.ts";
import { isTerminal } from "./status.ts";
import type { WorkerIdentity } from "./queue/workers.ts";

/**
 * Moves a session as far as its rows allow: a running phase without pending items is completed,
 * the next one opened with its jobs, and so on; after the last the session is completed. Behind
 * the lock on the session row and idempotent, so any worker may call it at any time.
 */
export async function advanceSession(db: Db, id: number, worker: WorkerIdentity): Promise<void> {
  try {
    let step: Step = { next: "", opened: 0 };
    while (step.next !== null) {
      const after: string = step.next;
      step = await transact(db, (tx) => moveOn(tx, id, { worker, after }));
    }
    // The planner knows nothing yet of so many new rows, and would sort the whole queue for every
    // claim (40 ms instead of 0.5 with 30,000 of them) until autovacuum comes by.
    if (step.opened >= MANY) await db.execute(sql`analyze (skip_locked) jobs`);
  } catch (error) {
    if (!(error instanceof SessionNotFound)) throw error;
  }
}

/** Items of a phase that are worth looking at the statistics for: some 100 ms. */
const MANY = 1000;

interface Step {
  /** Where to go on with the phase that is being opened; null if nothing is left to do. */
  next: string | null;
  /** Items of the phases that were opened. */
  opened: number;
}

async function moveOn(
  tx: Tx,
  id: number,
  { worker, after }: { worker: WorkerIdentity; after: string },
): Promise<Step> {
  const session = await lockSession(tx, id);
  const step: Step = { next: null, opened: 0 };
  if (session.status === "pending" || !isMadeFor(session, worker)) return step;
  let moved = false;
  let from = after;
  for (const name of PHASE_NAMES) {
    let phase = await phaseRow(tx, id, name);
    if (isUnopened(phase, session)) {
      if (
        session.kind === "models" && await formerAtWork(tx, { session, models: worker.models })
      ) break;
      const next = await openPhase(tx, { session, phase: name, worker }, { after: from });
      if (next !== null) return { ...step, next };
      from = "";
      phase = await phaseRow(tx, id, name);
      step.opened += phase.total ?? 0;
      moved = true;
    }
    if (phase.status === "running" && hasEnded(phase) && !await awaitsResult(tx, phase)) {
      await completePhase(tx, { session, phase, worker });
      moved = true;
    } else if (!isTerminal(phase.status) || phase.status === "failed") break;
    else if (phase.status === "cancelled" && await hasItemsLeft(tx, id, name)) break;
  }
  if (!moved) return step;
  const status = await refreshStatus(tx, id);
  if (status === "completed" || status === "cancelled") {
    await tx.update(sessions).set({ completedAt: sql`now()` }).where(eq(sessions.id, id));
  }
  await announce(tx);
  return step;
}

/** Ends a phase and with it the session: this phase failed, those behind it cancelled, with the reason. */
export async function failPhase(
  tx: Tx,
  options: { sessionId: number; phase: PhaseName; message: string },
): Promise<void> {
  const { sessionId, phase, message } = options;
  await lockSession(tx, sessionId);
  const ended = await tx.execute(sql`
    update phases set status = case when name = ${phase} then 'failed' else 'cancelled' end,
      error = case when name = ${phase} then ${message} end, completed_at = now(),
      running_since = null
    where session_id = ${sessionId} and status in ('pending', 'running', 'paused')
    returning name`);
  // Somebody cancelled the session in the same instant: it did not fail.
  if (ended.length === 0) return;
  await tx.update(sessions).set({ error: message, completedAt: sql`now()` })
    .where(eq(sessions.id, sessionId));
  await recordEvent(tx, { sessionId, kind: "phase_failed", phase, message });
  await refreshStatus(tx, sessionId);
  await announce(tx);
}

/**
 * Sessions that could move: a running phase in which nothing is left (a crash between two commits),
 * or one waiting to be opened (a new round).
 */
export async function sessionsToAdvance(db: Db): Promise<number[]> {
  const rows = await db.execute<{ id: string }>(sql`
    select s.id from sessions s
    where s.status in ('running', 'discovering') and s.deleted_at is null and (
      exists (select from phases p where p.session_id = s.id and p.status = 'running'
        and (p.done + p.skipped + p.failed + p.cancelled >= p.total
          or p.opened_round < s.round))
      or not exists (select from phases p where p.session_id = s.id and p.status = 'running'))`);
  return rows.map((row) => Number(row.id));
}

// What a run after a change of models makes is stored under the worker's models: others would make
// the wrong thing, and count it as done.
const isMadeFor = (session: Session, { models }: WorkerIdentity) =>
  session.kind !== "models" ||
  (session.clipModel === models.clip.key && session.faceModel === models.faces.key);

// A phase whose turn has come: behind one that ended, or the first of a run over what exists.
const isUnopened = (phase: Phase, session: Session) =>
  phase.name !== "discovery" && (phase.status === "pending" ||
    (phase.status === "running" && phase.openedRound < session.round));

// What was in hand when somebody cancelled the phase is finished first: the next one builds on it.
async function hasItemsLeft(tx: Tx, id: number, phase: PhaseName): Promise<boolean> {
  const [{ left }] = await tx.execute<{ left: boolean }>(sql`
    select exists (select from jobs where session_id = ${id} and phase = ${phase}
      and state in ('queued', 'running')) as left`);
  return left;
}

const phaseRow = async (tx: Tx, id: number, name: PhaseName) => {
  const [row] = await tx.select().from(phases)
    .where(and(eq(phases.sessionId, id), eq(phases.name, name)));
  return row;
};

type Phase = typeof phases.$inferSelect;

// All its units may be counted before the groups they lead to are stored.
const awaitsResult = async (tx: Tx, { sessionId, name }: Phase) =>
  name === "clustering" && await hasItemsLeft(tx, sessionId, name);

function hasEnded(phase: Phase): boolean {
  return phase.total !== null &&
    phase.done + phase.skipped + phase.failed + phase.cancelled >= phase.total;
}

async function completePhase(tx: Tx, ending: Ending): Promise<void> {
  const { session, phase } = ending;
  // What somebody cancelled and did not ask for again stays cancelled, whatever was tried beside it.
  const status = phase.cancelled > 0 ? "cancelled" as const : "completed" as const;
  const [ended] = await tx.update(phases).set({
    status,
    completedAt: sql`now()`,
    runningSince: null,
  }).where(and(eq(phases.sessionId, session.id), eq(phases.name, phase.name))).returning();
  const kind = status === "completed" ? "phase_completed" : "cancelled";
  await recordEvent(tx, { sessionId: session.id, kind, phase: phase.name });
  if (status !== "completed") return;
  await rememberPhase(tx, { ...ending, phase: ended });
  await switchServing(tx, { ...ending, phase: ended });
}
