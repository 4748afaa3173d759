import { DAY, day, period, type Span, type Yearly } from "./date_spans.ts";

const MONTHS = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];

/** The first month of each; northern, by whole months as weather services count them. */
const SEASONS: Record<string, number> = { spring: 3, summer: 6, autumn: 9, fall: 9, winter: 12 };

/** First day, as [month, date], and number of days. */
const FEASTS: [RegExp, [number, number], number][] = [
  [/^(christmas|xmas)$/, [12, 24], 3],
  [/^christmas eve$/, [12, 24], 1],
  [/^christmas day$/, [12, 25], 1],
  [/^boxing day$/, [12, 26], 1],
  [/^new years?'?s? eve$/, [12, 31], 1],
  [/^new years?'?s? day$/, [1, 1], 1],
  [/^halloween$/, [10, 31], 1],
];

const DECADES: Record<string, number> = {
  fifties: 1950,
  sixties: 1960,
  seventies: 1970,
  eighties: 1980,
  nineties: 1990,
};

/**
 * What comes every year under this name: a month, a day of a month, a season, a quarter, Christmas (24
 * to 26 December), New Year (31 December before, and 1 January). Null
 * for other words.
 */
export function recurring(name: string): Yearly | null {
  const month = monthOf(name);
  if (month) return (year) => period(year, month);
  const found = name.match(/^(\d{1,2})\.? ([a-z]+)\.?$/) ?? name.match(/^([a-z]+)\.? (\d{1,2})$/);
  if (found) {
    const [word, date] = /^\d/.test(found[1]) ? [found[2], found[1]] : [found[1], found[2]];
    const its = monthOf(word);
    return its ? (year) => day(year, its, Number(date)) : null;
  }
  const quarter = name.match(/^q([1-4])$/);
  if (quarter) return (year) => months(year, Number(quarter[1]) * 3 - 2);
  if (Object.hasOwn(SEASONS, name)) return (year) => months(year, SEASONS[name]);
  if (/^new years?$/.test(name)) {
    return (year) => {
      const first = day(year, 1, 1);
      return first && { from: first.from - DAY, to: first.to };
    };
  }
  const feast = FEASTS.find(([words]) => words.test(name));
  if (!feast) return null;
  const [, [feastMonth, date], days] = feast;
  return (year) => {
    const first = day(year, feastMonth, date);
    return first && { from: first.from, to: first.from + days * DAY };
  };
}

/**
 * A decade: "1990s", "90s", "nineties". Of those without a century the 30s to 90s were in the last
 * one; "20s" could be either, and is none.
 */
export function decade(name: string): Span | null {
  const found = name.match(/^(?:(\d{3})0|'?([03-9])0)'?s$/);
  const year = Object.hasOwn(DECADES, name)
    ? DECADES[name]
    : found?.[1]
    ? Number(found[1]) * 10
    : found?.[2] === "0"
    ? 2000
    : found
    ? 1900 + Number(found[2]) * 10
    : null;
  const [first, last] = year === null ? [] : [period(year), period(year + 9)];
  return first && last ? { from: first.from, to: last.to } : null;
}

/** Three months from the first of one. */
function months(year: number, month: number): Span | null {
  const [first, last] = [
    period(year, month),
    period(year + Number(month > 10), (month + 1) % 12 + 1),
  ];
  return first && last && { from: first.from, to: last.to };
}

/** 1 to 12 for a month's name, or its first three letters or more; 0 for another word. */
const monthOf = (word: string): number =>
  /^[a-z]{3,}\.?$/.test(word)
    ? MONTHS.findIndex((month) => month.startsWith(word.replace(/\.$/, ""))) + 1
    : 0;
