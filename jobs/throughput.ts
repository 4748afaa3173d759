import type { Segment, Span } from "./timeline.ts";

export interface Sample {
  at: Date;
  counted: number;
}

/** What was counted between two moments, as items a minute. */
export interface Throughput extends Span {
  perMinute: number;
}

/** Finer than this there are no samples, and no more than this many fit a plot. */
const FINEST_SECONDS = 2;
const MOST_POINTS = 200;

/**
 * How fast a phase went, in equal stretches of its running time: some 200, shorter ones never, and
 * none where it was paused or held; pure. What a batch in hand at a pause brought is counted before
 * the pause. A count that falls is one that begins anew, as in a new round. Over all stretches,
 * rate times length adds up to what was counted.
 */
export function throughput(
  segments: readonly Segment[],
  samples: readonly Sample[],
): Throughput[] {
  const running = segments.filter((segment) => segment.state === "running");
  const total = running.reduce((sum, segment) => sum + lengthOf(segment), 0);
  const counted = countedBy(segments, samples);
  const stretch = Math.max(FINEST_SECONDS * 1000, total / MOST_POINTS);
  const points: Throughput[] = [];
  let before = 0;
  for (const segment of running) {
    const length = lengthOf(segment);
    const many = Math.max(1, Math.floor(length / stretch));
    const [from, width] = [segment.from.getTime(), length / many];
    for (let index = 0; index < many; index++) {
      const low = before + width * index;
      const items = counted(low + width) - counted(low);
      points.push({
        from: new Date(from + width * index),
        to: new Date(from + width * (index + 1)),
        perMinute: items / width * 60_000,
      });
    }
    before += length;
  }
  return points;
}

/** Items counted up to a moment of running time, in milliseconds; linear between samples. */
function countedBy(
  segments: readonly Segment[],
  samples: readonly Sample[],
): (ran: number) => number {
  const times = [0];
  const sums = [0];
  let sum = 0;
  let last = 0;
  const byTime = [...samples].sort((a, b) => a.at.getTime() - b.at.getTime());
  for (const { at, counted } of byTime) {
    const ran = runningTime(segments, at.getTime());
    if (ran === null) continue;
    sum += Math.max(0, counted - last);
    last = counted;
    const latest = times.length - 1;
    if (ran > times[latest]) {
      times.push(ran);
      sums.push(sum);
    } else if (latest > 0) sums[latest] = sum;
  }
  return (ran) => {
    const next = times.findIndex((time) => time >= ran);
    if (next === 0) return sums[0];
    if (next === -1) return sums[sums.length - 1];
    const share = (ran - times[next - 1]) / (times[next] - times[next - 1]);
    return sums[next - 1] + share * (sums[next] - sums[next - 1]);
  };
}

/** How long the phase had been running at a moment; null where it was neither open nor held back. */
function runningTime(segments: readonly Segment[], at: number): number | null {
  let ran = 0;
  for (const segment of segments) {
    const [from, to] = [segment.from.getTime(), segment.to.getTime()];
    if (at < from) return null;
    if (at <= to) {
      if (segment.state === "waiting") return null;
      return segment.state === "running" ? ran + at - from : ran;
    }
    if (segment.state === "running") ran += to - from;
  }
  return null;
}

const lengthOf = ({ from, to }: Span) => to.getTime() - from.getTime();
