import type { SessionStatus } from "../db/schema.ts";

export type Action = "start" | "pause" | "resume" | "cancel" | "retry";

/** From which states an action leads somewhere, and in which its effect already holds. */
const TABLE: Record<Action, { from: SessionStatus[]; holds: SessionStatus[] }> = {
  start: { from: ["pending", "paused", "failed"], holds: ["discovering", "running"] },
  pause: { from: ["discovering", "running"], holds: ["paused"] },
  resume: { from: ["paused"], holds: ["discovering", "running"] },
  cancel: { from: ["pending", "discovering", "running", "paused"], holds: ["cancelled"] },
  retry: { from: ["completed", "failed", "cancelled"], holds: [] },
};

/** Raised for an action the current state does not allow; an HTTP 409. */
export class IllegalTransition extends Error {
  override name = "IllegalTransition";
  constructor(readonly action: Action, readonly current: SessionStatus) {
    super(
      `Cannot ${action} this session: it is ${current}; ${action} is possible when it is ` +
        `${TABLE[action].from.join(", ")}`,
    );
  }
}

/**
 * True if `action` changes a session in state `current`, false if what it wants already holds (the
 * second click of a double click). Throws IllegalTransition otherwise.
 */
export function allows(action: Action, current: SessionStatus): boolean {
  const { from, holds } = TABLE[action];
  if (from.includes(current)) return true;
  if (holds.includes(current)) return false;
  throw new IllegalTransition(action, current);
}
