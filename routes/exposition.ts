/** A figure with its labels; `suffix` for the parts of histograms and summaries. */
export interface Sample {
  labels?: Record<string, string>;
  value: number;
  suffix?: "_bucket" | "_sum" | "_count";
}

export interface Metric {
  name: string;
  type: "counter" | "gauge" | "histogram" | "summary";
  help: string;
  samples: Sample[];
}

export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Metrics in the text format of Prometheus, version 0.0.4; pure. */
export function exposition(metrics: readonly Metric[]): string {
  return metrics.flatMap(({ name, type, help, samples }) => [
    `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(({ suffix = "", labels = {}, value }) =>
      `${name}${suffix}${labelSet(labels)} ${number(value)}`
    ),
  ]).map((line) => `${line}\n`).join("");
}

/**
 * The parts of one histogram: `within` are the counts at most each of `bounds`, cumulative. Counts
 * that are missing (a worker with fewer bounds) are those of all.
 */
export function histogram(
  labels: Record<string, string>,
  { bounds, within, count, sum }: {
    bounds: readonly number[];
    within: readonly number[];
    count: number;
    sum: number;
  },
): Sample[] {
  return [
    ...[...bounds, Infinity].map((bound, index): Sample => ({
      suffix: "_bucket",
      labels: { ...labels, le: number(bound) },
      value: within[index] ?? count,
    })),
    { suffix: "_sum", labels, value: sum },
    { suffix: "_count", labels, value: count },
  ];
}

function labelSet(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

const escaped = (value: string) =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

const number = (value: number) => value === Infinity ? "+Inf" : String(value);
