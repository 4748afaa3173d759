import type { PhaseName, PhaseStatus, SessionStatus } from "../db/schema.ts";

/**
 * What people may do in which state; the one place that says so. What the program does by itself is
 * no choice of anybody's: it follows from the rows (advance.ts, holds.ts), behind the same lock.
 */

export type Action = "start" | "pause" | "resume" | "cancel" | "retry";
export type PhaseAction = "pause" | "resume" | "cancel" | "retry";

/** From which states an action leads somewhere, and in which its effect already holds. */
interface Rule<State> {
  from: State[];
  holds: State[];
}

const SESSION: Record<Action, Rule<SessionStatus>> = {
  start: { from: ["pending", "paused", "failed"], holds: ["discovering", "running"] },
  pause: { from: ["discovering", "running"], holds: ["paused"] },
  resume: { from: ["paused"], holds: ["discovering", "running"] },
  cancel: { from: ["pending", "discovering", "running", "paused"], holds: ["cancelled"] },
  // Who asks twice finds the session at work already.
  retry: { from: ["completed", "failed", "cancelled"], holds: ["discovering", "running"] },
};

// A phase that waits for its turn can be held back, and left out, before it begins.
const PHASE: Record<PhaseAction, Rule<PhaseStatus>> = {
  pause: { from: ["pending", "running"], holds: ["paused"] },
  resume: { from: ["paused"], holds: ["pending", "running"] },
  cancel: { from: ["pending", "running", "paused"], holds: ["cancelled", "skipped"] },
  retry: { from: ["completed", "failed", "cancelled"], holds: [] },
};

/** Raised for an action the current state does not allow; an HTTP 409. */
export class IllegalTransition extends Error {
  override name = "IllegalTransition";
  constructor(
    readonly action: Action,
    readonly current: SessionStatus | PhaseStatus,
    options: { what: string; from: string[] },
  ) {
    super(
      `Cannot ${action} ${options.what}: it is ${current}; ${action} is possible when it is ` +
        options.from.join(", "),
    );
  }
}

/**
 * True if `action` changes a session in state `current`, false if what it wants already holds (the
 * second click of a double click). Throws IllegalTransition otherwise.
 */
export function allows(action: Action, current: SessionStatus): boolean {
  return decide(SESSION[action], current, { action, what: "this session" });
}

/** The same for one phase of a session. */
export function allowsPhase(
  action: PhaseAction,
  phase: { name: PhaseName; status: PhaseStatus },
): boolean {
  return decide(PHASE[action], phase.status, { action, what: `the phase ${phase.name}` });
}

function decide<State extends SessionStatus | PhaseStatus>(
  { from, holds }: Rule<State>,
  current: State,
  { action, what }: { action: Action; what: string },
): boolean {
  if (from.includes(current)) return true;
  if (holds.includes(current)) return false;
  throw new IllegalTransition(action, current, { what, from });
}
