/** Figures, names and times as people read them; times in the zone of the server, where the photos are. */

const NUMBER = new Intl.NumberFormat("en");
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const EXACT_CLOCK = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const WEEKDAY = new Intl.DateTimeFormat("en-GB", { weekday: "short" });

export const number = (value: number) => NUMBER.format(value);

/** "1 photo", "2,000 photos". */
export const several = (count: number, one: string, many = `${one}s`) =>
  `${number(count)} ${count === 1 ? one : many}`;

/** 62.5 → "62.5 %", 100 → "100 %"; with a no-break space. */
export const percent = (value: number) => `${value === 100 ? "100" : value.toFixed(1)}\u00A0%`;

export function bytes(count: number): string {
  if (count < 1000) return several(count, "byte");
  const units = ["kB", "MB", "GB", "TB"];
  let value = count / 1000, unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** The last part of a path: "/photos/2019/a.jpg" → "a.jpg". */
export const fileName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Seconds as two units at most: "40 s", "12 min", "1 h 05 min", "2 d 3 h". */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** "14:32" today, "Tue 14:32" within the week before or after, else "3 May 2030, 14:32". */
export function moment(time: Date, now: Date, clock = CLOCK): string {
  if (DAY.format(time) === DAY.format(now)) return clock.format(time);
  const days = Math.abs(time.getTime() - now.getTime()) / 86_400_000;
  if (days < 6) return `${WEEKDAY.format(time)} ${clock.format(time)}`;
  return `${DAY.format(time)}, ${clock.format(time)}`;
}

/** The same with seconds. */
export const exactMoment = (time: Date, now: Date) => moment(time, now, EXACT_CLOCK);

/** A camera's "2019-07-21T18:04:09" as "21 July 2019, 18:04": its own zone is not known. */
export function cameraTime(takenAt: string): string {
  // Anything but a time is shown as it was found; Date.parse would make a guess.
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(takenAt)) return takenAt;
  const time = new Date(`${takenAt}Z`);
  if (Number.isNaN(time.getTime())) return takenAt;
  return time.toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" })
    .replace(" at ", ", ");
}
