/** Stretches of a calendar without time zones: milliseconds, as if all local times were UTC. */

/** From (included) to (excluded); infinite where open. */
export interface Span {
  from: number;
  to: number;
}

/** What comes once a year; null where that year has none. */
export type Yearly = (year: number) => Span | null;

export const DAY = 86_400_000;

/** Years of four digits, in which the order of text is that of time. */
export const YEARS = { from: Date.UTC(1000, 0, 1), to: Date.UTC(9999, 0, 1) };

/** A year, or a month (1 to 12) of it; null if there is none. */
export function period(year: number, month?: number): Span | null {
  if (year < 1000 || year > 9998) return null;
  if (month === undefined) return { from: Date.UTC(year, 0, 1), to: Date.UTC(year + 1, 0, 1) };
  if (month < 1 || month > 12) return null;
  return { from: Date.UTC(year, month - 1, 1), to: Date.UTC(year, month, 1) };
}

/** A day of the calendar; null if there is none, such as the 31st of February. */
export function day(year: number, month: number, date: number): Span | null {
  const whole = period(year, month);
  if (!whole || date < 1) return null;
  const from = whole.from + (date - 1) * DAY;
  return from < whole.to ? { from, to: from + DAY } : null;
}

/** The last one that begins no later than `time`; among the nine years before it there is one. */
export function lastBegun(yearly: Yearly, time: number): Span | null {
  const year = new Date(time).getUTCFullYear();
  for (let back = -1; back <= 9; back++) {
    const span = yearly(year - back);
    if (span && span.from <= time) return span;
  }
  return null;
}

/** The first day of what `time` is in. Weeks begin on Monday (ISO 8601). */
export function startOf(unit: "day" | "week" | "month" | "year", time: number): number {
  const at = new Date(time);
  if (unit === "week") return time - ((at.getUTCDay() + 6) % 7) * DAY;
  if (unit === "month") return Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1);
  return unit === "year" ? Date.UTC(at.getUTCFullYear(), 0, 1) : time;
}

/**
 * So many months later, on the same day of the month or on its last: a month before
 * 31 March is 28 February. Not a number before the year 1000.
 */
export function stepMonths(time: number, months: number): number {
  const at = new Date(time);
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth() + months];
  // Date takes years below 100 for those of the twentieth century.
  if (year + Math.floor(month / 12) < 1000) return NaN;
  const days = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return Date.UTC(year, month, Math.min(at.getUTCDate(), days));
}
