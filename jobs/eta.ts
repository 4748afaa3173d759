import type { PhaseWeights } from "../db/schema.ts";
import { counted, fraction, type PhaseRow } from "./phase_row.ts";
import { isTerminal } from "./status.ts";

export interface TimeLeft {
  seconds: number | null;
  low: number | null;
  high: number | null;
  /** Per phase, in the order given; null where nothing is known. */
  phases: (number | null)[];
}

/**
 * Seconds left as the sum over every phase that has not ended; `rates` are items a second, in the
 * order of `phases`. A running phase: what is pending by its recent rate. A phase without a rate:
 * its expected seconds where the weights are this machine's measured seconds; otherwise its weight
 * times what a unit of weight costs in the last phase whose rate is known, and null before the
 * first rate. Null while discovery goes on. `low` and `high` bound what usually comes of it.
 */
export function estimateTime(input: {
  phases: readonly PhaseRow[];
  rates: readonly (number | null)[];
  weights: PhaseWeights;
  round: number;
}): TimeLeft {
  const { phases, rates, weights, round } = input;
  const perUnit = weights.measured ? 1 : secondsPerUnit(input);
  const left = phases.map((phase, index) => {
    if (isTerminal(phase.status)) return 0;
    if (phase.name === "discovery") return null;
    const rate = rates[index];
    if (phase.total !== null && rate !== null && rate > 0) {
      return (phase.total - counted(phase)) / rate;
    }
    if (perUnit === null) return null;
    return weights[phase.name] * perUnit * (1 - fraction(phase, round));
  });
  const whole = left.map((value) => value === null ? null : Math.round(value));
  if (left.includes(null)) return { seconds: null, low: null, high: null, phases: whole };
  const running = sum(left.filter((_, index) => phases[index].status !== "pending"));
  const coming = sum(left) - running;
  // Measured phases vary by some 15 % from run to run; shares nobody measured can be off by half.
  const doubt = 0.15 * running + (weights.measured ? 0.15 : 0.5) * coming;
  const seconds = running + coming;
  return {
    seconds: Math.round(seconds),
    low: Math.round(seconds - doubt),
    high: Math.round(seconds + doubt),
    phases: whole,
  };
}

function secondsPerUnit(
  { phases, rates, weights }: Parameters<typeof estimateTime>[0],
): number | null {
  for (let index = phases.length - 1; index >= 0; index--) {
    const phase = phases[index];
    const rate = rates[index];
    if (phase.name === "discovery" || rate === null || rate <= 0 || phase.total === null) continue;
    const span = phase.total - phase.baseline;
    if (span > 0 && weights[phase.name] > 0) return span / rate / weights[phase.name];
  }
  return null;
}

const sum = (values: (number | null)[]) => values.reduce<number>((all, value) => all + value!, 0);
