import type { Hours } from "../db/settings.ts";

const MINUTE = 60_000;
/** Where the clocks go forward over a short window, the next one is a day later. */
const FURTHEST_MINUTES = 3 * 24 * 60;

/** Whether work may be done at an instant: from `from` on, up to but without `to`. */
export function isOpen({ from, to, timeZone }: Hours, at: Date): boolean {
  const [now, start, end] = [clock(at, timeZone), from, to];
  return start < end ? start <= now && now < end : start <= now || now < end;
}

/** The next instant after `at` at which work begins, daylight-saving changes included. */
export const nextOpening = (hours: Hours, at: Date): Date => nextChange(hours, at, true);

/** The next instant after `at` at which work ends. */
export const nextClosing = (hours: Hours, at: Date): Date => nextChange(hours, at, false);

/** For a person, on a session that the hours hold back. */
export const waitsUntil = ({ from, timeZone }: Hours) => `Waits until ${from} (${timeZone})`;

/** Whether a name is one of a time zone. */
export function isTimeZone(name: string): boolean {
  try {
    wallClock(name);
    return true;
  } catch {
    return false;
  }
}

// Minute by minute, by the same rule as isOpen: an hour that is left out or comes twice needs no
// rule of its own. A day takes some 5 ms, for a page that somebody opens.
function nextChange(hours: Hours, at: Date, opening: boolean): Date {
  let minute = Math.floor(at.getTime() / MINUTE);
  let before = isOpen(hours, at);
  for (const end = minute + FURTHEST_MINUTES; minute < end;) {
    const instant = new Date(++minute * MINUTE);
    const open = isOpen(hours, instant);
    if (open !== before && open === opening) return instant;
    before = open;
  }
  throw new Error(`The hours from ${hours.from} to ${hours.to} do not change within three days`);
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** "22:05". Times of a day in this form compare as text. */
const clock = (at: Date, timeZone: string) => wallClock(timeZone).format(at);

function wallClock(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  clocks.set(timeZone, made);
  return made;
}
