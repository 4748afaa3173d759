import { and, eq, sql } from "drizzle-orm";
import type { Db, Tx } from "../db/client.ts";
import { type EventKind, type PhaseName, phases, requests, sessions } from "../db/schema.ts";
import { transact } from "../db/transact.ts";
import { recordEvent } from "./events.ts";
import { type Actor, retrySession, type Transition } from "./lifecycle.ts";
import {
  announce,
  goOn,
  lockSession,
  NO_HOLD,
  refreshStatus,
  type Session,
} from "./session_state.ts";
import { currentPhase } from "./status.ts";
import { allows, allowsPhase, type PhaseAction } from "./transitions.ts";

export interface PhaseOptions extends Actor {
  phase: PhaseName;
}

/** Holds one phase back: at once if it runs, otherwise when its turn comes. */
export function pausePhase(db: Db, id: number, options: PhaseOptions): Promise<Transition> {
  return changePhase(db, id, {
    ...options,
    action: "pause",
    act: (tx) => setStatus(tx, id, { phase: options.phase, status: "paused" }),
  });
}

/** Lets a phase go on, or take its turn when it comes. */
export function resumePhase(db: Db, id: number, options: PhaseOptions): Promise<Transition> {
  const act = async (tx: Tx, { session, current }: PhaseState) => {
    if (current === options.phase) await goOn(tx, session);
    else await setStatus(tx, id, { phase: options.phase, status: "pending" });
  };
  return changePhase(db, id, { ...options, action: "resume", act });
}

/**
 * Ends one phase; what it finished stays and the session goes on with the phases behind it. A
 * phase that has not begun is left out, as if it had been deselected.
 */
export function cancelPhase(db: Db, id: number, options: PhaseOptions): Promise<Transition> {
  const { phase, by } = options;
  const act = async (tx: Tx, { begun }: PhaseState) => {
    // One that never begins has no items; what a walk has queued for it already is taken away.
    const ended = begun
      ? { status: "cancelled" as const, completedAt: sql`now()` }
      : { status: "skipped" as const, total: null };
    await tx.update(phases).set({ ...ended, runningSince: null }).where(rowOf(id, phase));
    await tx.insert(requests).values({ sessionId: id, action: "cancel", phase, by });
  };
  return changePhase(db, id, { ...options, action: "cancel", act });
}

/** Tries everything again that failed in one phase; a phase that failed as a whole runs again. */
export function retryPhase(db: Db, id: number, options: PhaseOptions): Promise<Transition> {
  return retrySession(db, id, options);
}

const rowOf = (id: number, phase: PhaseName) =>
  and(eq(phases.sessionId, id), eq(phases.name, phase));

async function setStatus(
  tx: Tx,
  id: number,
  { phase, status }: { phase: PhaseName; status: "paused" | "pending" },
): Promise<void> {
  await tx.update(phases).set({ status, runningSince: null }).where(rowOf(id, phase));
}

const DONE: Record<PhaseAction, EventKind> = {
  pause: "paused",
  resume: "resumed",
  cancel: "cancelled",
  retry: "retried",
};

interface PhaseState {
  session: Session;
  /** The phase whose turn it is. */
  current: PhaseName | undefined;
  begun: boolean;
}

function changePhase(
  db: Db,
  id: number,
  { phase, action, by, act }: PhaseOptions & {
    action: PhaseAction;
    act: (tx: Tx, state: PhaseState) => Promise<void>;
  },
): Promise<Transition> {
  return transact(db, async (tx) => {
    const session = await lockSession(tx, id);
    const rows = await tx.select().from(phases).where(eq(phases.sessionId, id));
    const row = rows.find(({ name }) => name === phase)!;
    const current = currentPhase(rows)?.name;
    // Held by the program until things are better; from now on because somebody wants it so.
    const held = action === "pause" && current === phase && session.hold !== null;
    if (!allowsPhase(action, row) && !held) return { changed: false, status: session.status };
    // The first phase of a session that nobody has started cannot be stopped on its own.
    if (session.status === "pending" && current === phase) allows("pause", session.status);
    await act(tx, { session, current, begun: row.startedAt !== null });
    if (current === phase) await tx.update(sessions).set(NO_HOLD).where(eq(sessions.id, id));
    await recordEvent(tx, { sessionId: id, kind: DONE[action], phase, by });
    const status = await refreshStatus(tx, id);
    if (status === "cancelled" || status === "completed") {
      await tx.update(sessions).set({ completedAt: sql`now()` }).where(eq(sessions.id, id));
    }
    await announce(tx);
    return { changed: true, status };
  });
}
