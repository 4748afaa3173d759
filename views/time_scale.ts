import type { Span } from "../jobs/timeline.ts";

export interface TimeScale {
  /** Where a moment is, in percent of the width; 0…100 whatever the moment. */
  place(at: Date): number;
  ticks: { place: number; label: string }[];
  /** Idle times that were cut short, where they are drawn. */
  breaks: { from: number; to: number; span: Span }[];
}

const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((many) => many * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((many) => many * MINUTE),
  ...[1, 2, 3, 6, 12].map((many) => many * HOUR),
  ...[1, 2, 7, 14, 28, 91, 365].map((many) => many * DAY),
];
/** Over the whole width of a page; half of it takes 4. */
const MOST_TICKS = 6;
const BREAK_WIDTH = 4;

/**
 * A straight scale over `span`, in which idle times longer than a tenth of all the others are cut
 * short: a retry a week later would otherwise leave two hairs at the edges. Ticks are at round
 * times in the zone of the server, `most` for each stretch between two cuts.
 */
export function timeScale(
  span: Span,
  idle: readonly Span[] = [],
  { most = MOST_TICKS }: { most?: number } = {},
): TimeScale {
  const [start, end] = [span.from.getTime(), Math.max(span.to.getTime(), span.from.getTime() + 1)];
  const lengths = idle.map((gap) => gap.to.getTime() - gap.from.getTime());
  const busy = end - start - lengths.reduce((sum, length) => sum + length, 0);
  const cut = idle.filter((_, index) => lengths[index] > busy / 10);
  const width = Math.min(BREAK_WIDTH, 40 / Math.max(1, cut.length));
  const hidden = cut.reduce((sum, gap) => sum + gap.to.getTime() - gap.from.getTime(), 0);
  const shown = Math.max(1, end - start - hidden);
  const scale = (100 - width * cut.length) / shown;
  const place = (at: Date) => {
    const time = Math.min(end, Math.max(start, at.getTime()));
    let [percent, reached] = [0, start];
    for (const gap of cut) {
      const [from, to] = [gap.from.getTime(), gap.to.getTime()];
      if (time <= from) break;
      percent += (from - reached) * scale + width * Math.min(1, (time - from) / (to - from));
      reached = Math.min(time, to);
    }
    return Math.min(100, percent + (time - reached) * scale);
  };
  const breaks = cut.map((gap) => ({ from: place(gap.from), to: place(gap.to), span: gap }));
  return { place, breaks, ticks: ticks({ span, shown, breaks, most }, place) };
}

function ticks(
  { span, shown, breaks, most }: {
    span: Span;
    shown: number;
    breaks: TimeScale["breaks"];
    most: number;
  },
  place: TimeScale["place"],
): TimeScale["ticks"] {
  const step = STEPS.find((step) => shown / step <= most) ?? STEPS.at(-1)!;
  const label = labels(span, step);
  // In percent, so that labels do not touch.
  const apart = 72 / most;
  const found: TimeScale["ticks"] = [];
  const sections = [span.from, ...breaks.map((gap) => gap.span.to)];
  sections.forEach((from, index) => {
    const to = breaks[index]?.span.from ?? span.to;
    if (index > 0) {
      // Behind a break nobody could guess the time.
      while (found.length > 0 && place(from) - found.at(-1)!.place < apart) found.pop();
      found.push({ place: place(from), label: label.format(from) });
    }
    for (let at = firstTick(from, step); at <= to; at = next(at, step)) {
      const percent = place(at);
      if (found.length > 0 && percent - found.at(-1)!.place < apart) continue;
      found.push({ place: percent, label: label.format(at) });
    }
  });
  // Between two round times there may be none.
  return found.length > 0 ? found : [{ place: 0, label: label.format(span.from) }];
}

/** The first round moment not before `from`, by the local clock. */
function firstTick(from: Date, step: number): Date {
  const midnight = new Date(from.getFullYear(), from.getMonth(), from.getDate());
  if (step >= DAY) return midnight >= from ? midnight : next(midnight, DAY);
  let at = midnight;
  if (step < HOUR) {
    at = new Date(from);
    at.setMinutes(0, 0, 0);
    at = new Date(at.getTime() + Math.floor((from.getTime() - at.getTime()) / step) * step);
  }
  while (at < from) at = next(at, step);
  return at;
}

/** Days have 23 hours or 25 twice a year, and midnight stays midnight. */
function next(at: Date, step: number): Date {
  if (step < HOUR) return new Date(at.getTime() + step);
  const moved = new Date(at);
  if (step >= DAY) moved.setDate(at.getDate() + step / DAY);
  else moved.setHours(at.getHours() + step / HOUR);
  return moved > at ? moved : new Date(at.getTime() + step);
}

function labels(span: Span, step: number): Intl.DateTimeFormat {
  const length = span.to.getTime() - span.from.getTime();
  const otherDay = span.from.toDateString() !== span.to.toDateString();
  const day = { day: "numeric", month: "short" } as const;
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  if (step >= DAY) return new Intl.DateTimeFormat("en-GB", day);
  if (length > 3 * DAY) return new Intl.DateTimeFormat("en-GB", { ...day, ...clock });
  return new Intl.DateTimeFormat("en-GB", {
    ...clock,
    ...(step < MINUTE ? { second: "2-digit" } : {}),
    ...(otherDay ? { weekday: "short" } : {}),
  });
}

/** The next of 1, 2 or 5 times a power of ten, not below `value`; 1 for nothing. */
export function niceCeiling(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((nice) => nice >= value * 0.999999)!;
}
