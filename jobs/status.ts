import type { PhaseStatus, SessionStatus } from "../db/schema.ts";

export interface PhaseState {
  name: string;
  status: PhaseStatus;
}

/** A phase in one of these does not move again in this round. */
export function isTerminal(status: PhaseStatus): boolean {
  return status === "completed" || status === "failed" || status === "cancelled" ||
    status === "skipped";
}

/**
 * The state of a session out of its phase rows and nothing else: completed before failed before
 * cancelled before paused before running; one failed phase fails the session. A phase that nobody
 * has opened yet, behind one that ended well, counts as running: the gap between two phases is
 * work too.
 */
export function overallStatus(phases: readonly PhaseState[]): SessionStatus {
  const every = (...statuses: PhaseStatus[]) =>
    phases.every((phase) => statuses.includes(phase.status));
  const some = (status: PhaseStatus) => phases.some((phase) => phase.status === status);
  if (every("completed", "skipped") && some("completed")) return "completed";
  if (some("failed")) return "failed";
  if (phases.every((phase) => isTerminal(phase.status))) return "cancelled";
  if (some("paused")) return "paused";
  if (every("pending", "skipped")) return "pending";
  const discovery = phases.find((phase) => phase.name === "discovery");
  return discovery?.status === "running" ? "discovering" : "running";
}
