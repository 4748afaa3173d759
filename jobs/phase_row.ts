import type { PhaseName, PhaseStatus } from "../db/schema.ts";
import { isTerminal } from "./status.ts";

/** A phase row, as far as progress reads it. */
export interface PhaseRow {
  name: PhaseName;
  status: PhaseStatus;
  total: number | null;
  done: number;
  skipped: number;
  failed: number;
  cancelled: number;
  /** What was counted before this round began. */
  baseline: number;
  /** The round in which it was opened last; 0 before the first. */
  openedRound: number;
  startedAt: Date | null;
  completedAt: Date | null;
  activeSeconds: number;
  runningSince: Date | null;
  lastCommitAt: Date | null;
  rate: number;
  rateMass: number;
  error: string | null;
}

/** Commits come every second; a rate that nobody has renewed for this long begins to fade. */
const FRESH_SECONDS = 10;

/** Everything that is no longer pending, however it ended. */
export function counted(phase: PhaseRow): number {
  return phase.done + phase.skipped + phase.failed + phase.cancelled;
}

/**
 * Share of the work of `round` that is counted, 0…1; 1 for a completed phase even if it had nothing
 * to do, 0 for one whose turn in this round has not come, whatever it counted in an earlier one.
 */
export function fraction(phase: PhaseRow, round: number): number {
  if (phase.status === "completed") return 1;
  const unopened = !isTerminal(phase.status) && phase.openedRound < round;
  if (phase.total === null || phase.status === "pending" || unopened) return 0;
  const span = phase.total - phase.baseline;
  if (span <= 0) return 0;
  return Math.min(1, Math.max(0, (counted(phase) - phase.baseline) / span));
}

/**
 * Items a second: over the recent commits while a phase runs, over its whole running time once it
 * has ended; null before the first commit and in a pause, when nothing moves.
 */
export function ratePerSecond(phase: PhaseRow, now: Date): number | null {
  if (isTerminal(phase.status)) {
    // Cancelling counts thousands of items in one statement; that is no speed. Both figures go
    // over all rounds.
    const items = counted(phase) - phase.cancelled;
    return phase.activeSeconds > 0 && items > 0 ? items / phase.activeSeconds : null;
  }
  if (phase.status !== "running" || phase.rateMass <= 0 || phase.lastCommitAt === null) return null;
  // A rate nobody renews is no longer true. The silence of a pause does not count against it.
  const heard = Math.max(phase.lastCommitAt.getTime(), phase.runningSince?.getTime() ?? 0);
  const silence = (now.getTime() - heard) / 1000;
  return phase.rate / phase.rateMass * Math.min(1, FRESH_SECONDS / Math.max(silence, 1e-3));
}
