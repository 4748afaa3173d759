import {
  type Hold,
  PHASE_NAMES,
  type PhaseName,
  type PhaseStatus,
  type PhaseWeights,
  type SessionStatus,
} from "../db/schema.ts";
import { estimateTime } from "./eta.ts";
import { progressMessage } from "./messages.ts";
import { counted, fraction, type PhaseRow, ratePerSecond } from "./phase_row.ts";
import { isTerminal, overallStatus } from "./status.ts";
import type { Workforce } from "./worker_state.ts";

export type { PhaseRow };

/** Everything progress is made of; `now` is the database's clock. */
export interface ProgressInput {
  session: {
    id: number;
    round: number;
    weights: PhaseWeights | null;
    error: string | null;
    hold?: HoldProgress | null;
    /** Those a worker must have to work on it; any will do where this is absent or null. */
    models?: string | null;
  };
  phases: readonly PhaseRow[];
  /** Null if there never was a worker. */
  worker: Workforce | null;
  /** All that is left of the running phase, if that waits for its next try; `until`: the first. */
  waiting?: { items: number; until: Date } | null;
  now: Date;
}

/** Why the program holds a session back, until things are better. */
export interface HoldProgress {
  reason: Hold;
  message: string;
}

export interface PhaseProgress {
  name: PhaseName;
  status: PhaseStatus;
  /** Share of the overall percentage, in percent; 0 for discovery and for skipped phases. */
  weight: number;
  progress: {
    current: number;
    total: number | null;
    percentage: number | null;
    ratePerMinute: number | null;
    etaSeconds: number | null;
    done: number;
    skipped: number;
    failed: number;
    cancelled: number;
    pending: number;
  };
  startedAt: string | null;
  completedAt: string | null;
  error: string | null;
}

export interface UnifiedProgress {
  sessionId: number;
  overallStatus: SessionStatus;
  outcome: "clean" | "with_errors" | null;
  /** It waits and goes on by itself; null in a pause that somebody made. */
  hold: HoldProgress | null;
  round: number;
  overallProgress: {
    percentage: number | null;
    isIndeterminate: boolean;
    etaSeconds: number | null;
    etaLow: number | null;
    etaHigh: number | null;
    currentPhase: PhaseName | "completed";
    message: string;
  };
  phases: {
    discovery: PhaseProgress;
    training: PhaseProgress;
    faceDetection: PhaseProgress;
    clustering: PhaseProgress;
  };
  worker: {
    alive: boolean;
    lastSeenAt: string | null;
    /** Whoever has work in hand stands still with it for longer than fits it. */
    stalled: boolean;
    /** How long; null if the work moves. */
    stillSeconds: number | null;
    device: string | null;
    /** For a person: why it works on that. */
    deviceReason: string | null;
  };
}

export const DEFAULT_WEIGHTS: PhaseWeights = {
  training: 30,
  face_detection: 65,
  clustering: 5,
  measured: false,
};

/**
 * The progress of a session as one true figure and the four phases behind it; pure. The overall
 * percentage is the weighted share of counted items of this round, rounded down to a tenth: null
 * while the number of items of the first phase that takes part is unknown, 100 only when every
 * phase is terminal.
 */
export function unifiedProgress(input: ProgressInput): UnifiedProgress {
  const phases = PHASE_NAMES.map((name) => input.phases.find((phase) => phase.name === name)!);
  const status = overallStatus(phases);
  const weights = shares(phases, input.session.weights ?? DEFAULT_WEIGHTS);
  const rates = phases.map((phase) => ratePerSecond(phase, input.now));
  const { round } = input.session;
  const time = estimateTime({
    phases,
    rates,
    weights: input.session.weights ?? DEFAULT_WEIGHTS,
    round,
  });
  const percentage = overallPercentage(phases, { weights, round });
  const current = phases.find((phase) => phase.status === "failed") ??
    phases.find((phase) => !isTerminal(phase.status)) ??
    phases.find((phase) => phase.status === "cancelled");
  const failures = phases.reduce((sum, phase) => sum + phase.failed, 0);
  const live = status === "discovering" || status === "running";
  const stalled = live && (input.worker?.stillSeconds ?? null) !== null;
  const view = (index: number): PhaseProgress => {
    const phase = phases[index];
    return {
      name: phase.name,
      status: phase.status,
      weight: weights[phase.name],
      progress: {
        // The folders that could not be read are no pictures found.
        current: phase.name === "discovery" ? phase.done : counted(phase),
        total: phase.total,
        percentage: phasePercentage(phase, round),
        ratePerMinute: rates[index] === null ? null : toTenth(rates[index] * 60),
        etaSeconds: time.phases[index],
        done: phase.done,
        skipped: phase.skipped,
        failed: phase.failed,
        cancelled: phase.cancelled,
        pending: phase.total === null || phase.name === "discovery"
          ? 0
          : phase.total - counted(phase),
      },
      startedAt: phase.startedAt?.toISOString() ?? null,
      completedAt: phase.completedAt?.toISOString() ?? null,
      error: phase.error,
    };
  };
  return {
    sessionId: input.session.id,
    overallStatus: status,
    outcome: status === "completed" ? (failures > 0 ? "with_errors" : "clean") : null,
    hold: input.session.hold ?? null,
    round,
    overallProgress: {
      percentage,
      isIndeterminate: percentage === null,
      etaSeconds: live ? time.seconds : null,
      etaLow: live ? time.low : null,
      etaHigh: live ? time.high : null,
      currentPhase: current?.name ?? "completed",
      message: progressMessage({ status, current: current ?? null, failures, stalled, input }),
    },
    phases: {
      discovery: view(0),
      training: view(1),
      faceDetection: view(2),
      clustering: view(3),
    },
    worker: {
      alive: input.worker?.alive ?? false,
      lastSeenAt: input.worker?.lastSeenAt.toISOString() ?? null,
      stalled,
      stillSeconds: stalled ? Math.round(input.worker!.stillSeconds!) : null,
      device: input.worker?.device ?? null,
      deviceReason: input.worker?.deviceReason ?? null,
    },
  };
}

/** Percent per phase, summing to 100 over the phases that take part; a skipped phase gives its weight to the others. */
export function shares(
  phases: readonly PhaseRow[],
  weights: PhaseWeights,
): Record<PhaseName, number> {
  const counting = phases.filter((phase) =>
    phase.name !== "discovery" && phase.status !== "skipped"
  );
  const moving = counting.filter((phase) => !untouched(phase));
  const taking = moving.length > 0 ? moving : counting;
  const sum = taking.reduce((all, phase) => all + weight(phase.name, weights), 0);
  const share = { discovery: 0, training: 0, face_detection: 0, clustering: 0 };
  for (const phase of taking) {
    const own = weight(phase.name, weights);
    // Its own hundredfold divided by itself may be 99.99999999999999.
    share[phase.name] = sum === 0 ? 100 / taking.length : own === sum ? 100 : 100 * own / sum;
  }
  return share;
}

// A phase that an earlier round completed and this one did not open again is no part of its work.
const untouched = (phase: PhaseRow) =>
  phase.status === "completed" && phase.baseline > 0 && phase.baseline === phase.total;

function overallPercentage(
  phases: readonly PhaseRow[],
  { weights, round }: { weights: Record<PhaseName, number>; round: number },
): number | null {
  const [discovery, ...working] = phases;
  const all = phases.every((phase) => isTerminal(phase.status));
  const taking = working.filter((phase) => phase.status !== "skipped");
  // Without a total there is nothing to take a percentage of: before and during discovery, and
  // until the first phase of a run over what exists has counted its items. One that was ended
  // before that will never know, and leaves the word to those behind it.
  const first = taking.find((phase) => !isTerminal(phase.status) || phase.total !== null);
  if (!isTerminal(discovery.status) || (taking.length > 0 && (first?.total ?? null) === null)) {
    return null;
  }
  if (taking.length === 0) return all && discovery.status === "completed" ? 100 : null;
  const sum = taking.reduce((so, phase) => so + weights[phase.name] * fraction(phase, round), 0);
  return Math.min(floor(sum), all ? 100 : 99.9);
}

function phasePercentage(phase: PhaseRow, round: number): number | null {
  if (phase.status === "skipped") return null;
  if (phase.name === "discovery" || phase.total === null) {
    return phase.status === "completed" ? 100 : null;
  }
  const share = floor(100 * fraction(phase, round));
  return isTerminal(phase.status) ? share : Math.min(share, 99.9);
}

const weight = (name: PhaseName, weights: PhaseWeights) => name === "discovery" ? 0 : weights[name];
// 1e-9: 15 of 100 at weight 30 must not become 14.9 because of binary fractions.
const floor = (percent: number) => Math.floor(percent * 10 + 1e-9) / 10;
const toTenth = (value: number) => Math.round(value * 10) / 10;
