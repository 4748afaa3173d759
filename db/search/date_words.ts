import {
  DAY,
  day,
  lastBegun,
  period,
  type Span,
  startOf,
  stepMonths,
  YEARS,
} from "./date_spans.ts";
import { decade, recurring } from "./date_names.ts";

/** From (included) to (excluded), local times `YYYY-MM-DDTHH:MM:SS`; null: open on that side. */
export interface Dates {
  from: string | null;
  to: string | null;
}

/** What fits into a sentence for somebody whose words were not understood. */
export const DATE_EXAMPLES = "2019, July 2019, 21 July 2019, summer 2021, last month, 2015-2018 " +
  "or since March 2020";

const LONGEST = 100;

/**
 * The time that English words name, as people say it: "2019", "summer 2021", "last month", "June to
 * August 2020", "before 2010". Days are those of `now`'s local time, weeks begin on Monday, seasons are
 * northern and begin with a month; winter is named for the year it begins in, so that "winter 2020"
 * follows "summer 2020". "Until" includes what it names, "after" does not. Without a year it is the
 * last that has begun. Null for what is no date, never was (31 February), or could be two (5/6/2019).
 */
export function parseDateWords(text: string, now: Date): Dates | null {
  if (text.length > LONGEST || Number.isNaN(now.getTime())) return null;
  const words = tidy(text);
  const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate());
  const span = open(words, today) ?? range(words, today) ?? moment(words, today);
  if (!span || !(span.from < span.to)) return null;
  const bounds = [span.from, span.to].filter(Number.isFinite);
  if (bounds.length === 0 || bounds.some((at) => at < YEARS.from || at > YEARS.to)) return null;
  return { from: written(span.from), to: written(span.to) };
}

const written = (at: number): string | null =>
  Number.isFinite(at) ? new Date(at).toISOString().slice(0, 19) : null;

/** Lower case, one kind of dash, one space, without what carries no meaning. */
const tidy = (text: string): string =>
  text.normalize("NFKC").toLowerCase()
    .replace(/[‐-―−]/g, "-").replace(/[’‘`]/g, "'").replace(/,/g, " ")
    .replace(/\b(\d{1,2})(st|nd|rd|th)\b/g, "$1")
    .replace(/\b(the|of)\b/g, " ").replace(/\s+/g, " ").trim()
    .replace(/^(in|on|during) /, "");

/** Half open: before, after, since, until. */
function open(words: string, today: number): Span | null {
  const found = words.match(/^(before|after|since|until|till|up to|through|to|from) (.+)$/);
  const span = found && moment(found[2], today);
  if (!span) return null;
  if (found[1] === "before") return { from: -Infinity, to: span.from };
  if (found[1] === "after") return { from: span.to, to: Infinity };
  if (found[1] === "since" || found[1] === "from") return { from: span.from, to: Infinity };
  return { from: -Infinity, to: span.to };
}

/** From one to another, both included; what either leaves unsaid it has from the other. */
function range(words: string, today: number): Span | null {
  const both = words.replace(/^from /, "");
  const said = both.match(/^(.+?) (?:to|until|till|through|-) (.+)$/) ??
    both.match(/^between (.+?) and (.+)$/) ??
    both.match(/^(\d{4})-(\d{4})$/) ??
    both.match(/^(\d{1,2}|[a-z]+)-(\d{1,2} [a-z]+(?: \d{4})?|[a-z]+ \d{4})$/) ??
    both.match(/^([a-z]+ \d{1,2})-(\d{1,2}(?: \d{4})?)$/);
  if (!said) return null;
  const [, first, last] = said;
  // "24 to 26 December 2019", "July 5-9 2019".
  if (/^\d{1,2}$/.test(first)) {
    const rest = last.match(/^\d{1,2} ([a-z]+(?: \d{4})?)$/);
    return rest && join(moment(`${first} ${rest[1]}`, today), moment(last, today));
  }
  const month = first.match(/^([a-z]+) \d{1,2}$/);
  if (month && /^\d{1,2}(?: \d{4})?$/.test(last)) {
    const year = last.match(/ \d{4}$/)?.[0] ?? "";
    return join(moment(first + year, today), moment(`${month[1]} ${last}`, today));
  }
  return joinYears(first, { last, today });
}

/** "June to August 2020", "June 2019 to August", "December to February 2021". */
function joinYears(first: string, { last, today }: { last: string; today: number }): Span | null {
  const [start, end] = [recurring(first), recurring(last)];
  if (start) {
    const to = end ? lastBegun(end, today) : moment(last, today);
    const from = to && lastBegun(start, to.from);
    return from && join(from, to);
  }
  const from = moment(first, today);
  if (!from || !end) return join(from, moment(last, today));
  const year = new Date(from.from).getUTCFullYear();
  return join(
    from,
    [end(year), end(year + 1)].find((span) => span && span.from >= from.from) ?? null,
  );
}

const join = (first: Span | null, last: Span | null): Span | null =>
  first && last && first.from <= last.from && first.to <= last.to
    ? { from: first.from, to: last.to }
    : null;

/** One stretch of time: by the calendar, by name, or seen from today. */
function moment(words: string, today: number): Span | null {
  return digits(words) ?? decade(words) ?? named(words, today) ?? relative(words, today);
}

/** 2019, 2019-07, 2019-07-21, also with a time; 7/2019, 21.7.2019; 21/7/2019 where it is clear. */
function digits(words: string): Span | null {
  let found = words.match(/^(\d{4})(?:([-/.])(\d{1,2})(?:\2(\d{1,2})(?:[t ](.+))?)?)?$/);
  if (found) {
    const [, year, , month, date, clock] = found;
    if (month === undefined) return period(Number(year));
    if (date === undefined) return period(Number(year), Number(month));
    const whole = day(Number(year), Number(month), Number(date));
    return clock === undefined ? whole : whole && at(whole, clock);
  }
  found = words.match(/^(\d{1,2})[-/.](\d{4})$/);
  if (found) return period(Number(found[2]), Number(found[1]));
  found = words.match(/^(\d{1,2})([-/.] ?)(\d{1,2})\2(\d{4})$/);
  if (!found) return null;
  const [first, second, year] = [found[1], found[3], found[4]].map(Number);
  // With dots the day comes first; with slashes that depends on where one lives.
  if (found[2][0] === "." || first === second || first > 12) return day(year, second, first);
  return second > 12 ? day(year, first, second) : null;
}

function at(whole: Span, clock: string): Span | null {
  const found = clock.match(/^(\d{2}):(\d{2})(?::(\d{2}))?$/);
  if (!found) return null;
  const [hours, minutes, seconds] = [found[1], found[2], found[3] ?? "0"].map(Number);
  if (hours > 23 || minutes > 59 || seconds > 59) return null;
  const from = whole.from + ((hours * 60 + minutes) * 60 + seconds) * 1000;
  return { from, to: from + (found[3] === undefined ? 60_000 : 1000) };
}

/** What comes every year, with its year or without. */
function named(words: string, today: number): Span | null {
  const dated = words.match(/^(.*\S) (\d{4})(?:[-/](\d{2}|\d{4}))?$/) ??
    words.match(/^(\d{4}) (\D.*)$/);
  if (dated) {
    const [name, year] = /^\d{4}$/.test(dated[1]) && !recurring(dated[1])
      ? [dated[2], Number(dated[1])]
      : [dated[1], Number(dated[2])];
    // "Winter 2019/20" lies in both.
    if (dated[3] && (!name.startsWith("winter") || Number(dated[3]) % 100 !== (year + 1) % 100)) {
      return null;
    }
    return recurring(name)?.(year) ?? null;
  }
  const [, which, name] = words.match(/^(last |this )?(.+)$/) ?? [];
  const yearly = name === undefined ? null : recurring(name);
  if (!yearly) return null;
  const begun = lastBegun(yearly, today);
  const goesOn = begun !== null && begun.to > today;
  if (which === "this " && !goesOn) return yearly(new Date(today).getUTCFullYear());
  return which === "last " && goesOn ? lastBegun(yearly, begun.from - DAY) : begun;
}

const NUMBERS = ["a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
const numberOf = (word: string): number =>
  /^\d+$/.test(word)
    ? Number(word)
    : word === "one" || word === "an"
    ? 1
    : NUMBERS.indexOf(word) + 1;

const NUMBER = `(\\d{1,4}|an|one|${NUMBERS.join("|")})`;
const PAST = new RegExp(`^(?:last|past|previous) ${NUMBER} (day|week|month|year)s?$`);
const AGO = new RegExp(`^${NUMBER} (day|week|month|year)s? ago$`);
type Unit = "day" | "week" | "month" | "year";

/** Seen from today: yesterday, last month, the past 30 days (with today), 3 years ago (all that year). */
function relative(words: string, today: number): Span | null {
  if (words === "today") return { from: today, to: today + DAY };
  if (words === "yesterday") return ago(1, { unit: "day", today });
  if (words === "day before yesterday") return ago(2, { unit: "day", today });
  let found = words.match(/^(this|last|previous) (week|month|year)$/);
  if (found) return ago(found[1] === "this" ? 0 : 1, { unit: found[2] as Unit, today });
  found = words.match(/^past (week|month|year)$/);
  if (found) return back(1, { unit: found[1] as Unit, today });
  found = words.match(PAST);
  if (found) return back(numberOf(found[1]), { unit: found[2] as Unit, today });
  found = words.match(AGO);
  return found && ago(numberOf(found[1]), { unit: found[2] as Unit, today });
}

/** The whole unit so many before the one that today is in. */
function ago(count: number, { unit, today }: { unit: Unit; today: number }): Span {
  const from = before(startOf(unit, today), { unit, count });
  return { from, to: before(from, { unit, count: -1 }) };
}

/** From so long ago until today has ended. */
const back = (count: number, { unit, today }: { unit: Unit; today: number }): Span | null =>
  count === 0 ? null : { from: before(today, { unit, count }), to: today + DAY };

function before(time: number, { unit, count }: { unit: Unit; count: number }): number {
  if (unit === "day") return time - count * DAY;
  if (unit === "week") return time - count * 7 * DAY;
  return stepMonths(time, unit === "month" ? -count : -12 * count);
}
