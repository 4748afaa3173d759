import type { PhaseProgress, UnifiedProgress } from "../jobs/progress.ts";

const WIDTH = 28;

const TITLES: Record<PhaseProgress["name"], string> = {
  discovery: "Discovery",
  training: "Training",
  face_detection: "Faces",
  clustering: "Clustering",
};

/** The progress of a session as lines for a terminal: the overall bar, then one line a phase. */
export function progressLines(progress: UnifiedProgress): string[] {
  const { overallProgress, phases } = progress;
  const { percentage, message } = overallProgress;
  return [
    `${"Overall".padEnd(11)}${bar(percentage)} ${percent(percentage)}  ${message}${left(progress)}`,
    ...Object.values(phases).map(phaseLine),
  ];
}

/** The same in one plain line, for logs and pipes. */
export function progressLine(progress: UnifiedProgress): string {
  const { percentage, message, currentPhase } = progress.overallProgress;
  const phase = Object.values(progress.phases).find((phase) => phase.name === currentPhase);
  const count = phase ? ` · ${TITLES[phase.name]} ${counts(phase)}` : "";
  return `${percent(percentage).trim()} · ${message}${count}${left(progress)}`;
}

/** Draws lines over the ones drawn before, so that bars stay in place. */
export function createScreen(write: (text: string) => void): (lines: string[]) => void {
  let drawn = 0;
  return (lines) => {
    const up = drawn > 0 ? `\x1b[${drawn}A` : "";
    write(up + lines.map((line) => `\x1b[2K${line}\n`).join(""));
    drawn = lines.length;
  };
}

function phaseLine(phase: PhaseProgress): string {
  const { progress, status } = phase;
  const rate = progress.ratePerMinute !== null && status === "running"
    ? `  ${Math.round(progress.ratePerMinute).toLocaleString("en")}/min`
    : "";
  const head = `  ${TITLES[phase.name].padEnd(11)}`;
  if (status === "skipped") return `${head}left out`;
  if (status === "pending") return `${head}waiting`;
  if (phase.name === "discovery") return `${head}${counts(phase)} found${rate}`;
  return `${head}${bar(progress.percentage, WIDTH - 2)} ${percent(progress.percentage)}  ${
    counts(phase)
  }${rate}`;
}

function counts({ name, progress, status }: PhaseProgress): string {
  const { current, total, skipped, failed } = progress;
  const number = (value: number) => value.toLocaleString("en");
  if (name === "discovery") return number(current);
  const parts = [
    total === null ? number(current) : `${number(current)} of ${number(total)}`,
    ...(skipped ? [`${number(skipped)} skipped`] : []),
    ...(failed ? [`${number(failed)} failed`] : []),
    ...(status === "failed" || status === "cancelled" || status === "paused" ? [status] : []),
  ];
  return parts.join(", ");
}

function left({ overallProgress: { etaSeconds } }: UnifiedProgress): string {
  return etaSeconds === null ? "" : `, about ${duration(etaSeconds)} left`;
}

function bar(percentage: number | null, width = WIDTH): string {
  if (percentage === null) return "·".repeat(width);
  const filled = Math.floor(percentage / 100 * width);
  return "█".repeat(filled) + "░".repeat(width - filled);
}

const percent = (value: number | null) =>
  value === null ? "    – %" : `${value.toFixed(1).padStart(5)} %`;

/** Seconds in words a person would use. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
