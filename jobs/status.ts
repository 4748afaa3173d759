import { PHASE_NAMES, type PhaseStatus, type SessionStatus } from "../db/schema.ts";

export interface PhaseState {
  name: string;
  status: PhaseStatus;
}

/** A phase in one of these does not move again in this round. */
export function isTerminal(status: PhaseStatus): boolean {
  return status === "completed" || status === "failed" || status === "cancelled" ||
    status === "skipped";
}

/** The phase whose turn it is: the first that has not ended; undefined when all have. */
export function currentPhase<Phase extends PhaseState>(
  phases: readonly Phase[],
): Phase | undefined {
  return PHASE_NAMES.map((name) => phases.find((phase) => phase.name === name))
    .find((phase) => phase !== undefined && !isTerminal(phase.status));
}

/**
 * The state of a session out of its phase rows and nothing else: completed before failed before
 * cancelled before paused before running; one failed phase fails the session, and one that
 * somebody cancelled makes it cancelled in the end, however well the others went. A later phase
 * that is held back does not pause the work before it. A phase that nobody has opened yet, behind
 * one that ended, counts as running: the gap between two phases is work too.
 */
export function overallStatus(phases: readonly PhaseState[]): SessionStatus {
  const every = (...statuses: PhaseStatus[]) =>
    phases.every((phase) => statuses.includes(phase.status));
  const some = (status: PhaseStatus) => phases.some((phase) => phase.status === status);
  if (every("completed", "skipped") && some("completed")) return "completed";
  if (some("failed")) return "failed";
  const current = currentPhase(phases);
  if (!current) return "cancelled";
  if (current.status === "paused") return "paused";
  if (every("pending", "paused", "skipped")) return "pending";
  return current.name === "discovery" && current.status === "running" ? "discovering" : "running";
}
