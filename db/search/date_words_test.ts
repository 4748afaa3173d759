import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDateWords } from "./date_words.ts";

// A Sunday.
const NOW = new Date(2026, 10, 22, 14, 30);

/** Dates without their midnights, as "from to"; an open side is "…". */
function said(text: string, now = NOW): string | null {
  const dates = parseDateWords(text, now);
  const side = (at: string | null) => at?.replace("T00:00:00", "") ?? "…";
  return dates && `${side(dates.from)} ${side(dates.to)}`;
}

const UNDERSTOOD: Record<string, string> = {
  "2019": "2019-01-01 2020-01-01",
  " in 2019 ": "2019-01-01 2020-01-01",
  "２０１９": "2019-01-01 2020-01-01",
  "2019-07": "2019-07-01 2019-08-01",
  "2019/7": "2019-07-01 2019-08-01",
  "12/2019": "2019-12-01 2020-01-01",
  "July 2019": "2019-07-01 2019-08-01",
  "jul 2019": "2019-07-01 2019-08-01",
  "Sept. 2019": "2019-09-01 2019-10-01",
  "2019 July": "2019-07-01 2019-08-01",
  "21 July 2019": "2019-07-21 2019-07-22",
  "the 21st of July, 2019": "2019-07-21 2019-07-22",
  "July 21, 2019": "2019-07-21 2019-07-22",
  "2019 July 21": "2019-07-21 2019-07-22",
  "2019-07-21": "2019-07-21 2019-07-22",
  "2019-07-21T18:30": "2019-07-21T18:30:00 2019-07-21T18:31:00",
  "2019-07-21T18:30:05": "2019-07-21T18:30:05 2019-07-21T18:30:06",
  "21.7.2019": "2019-07-21 2019-07-22",
  "21. 7. 2019": "2019-07-21 2019-07-22",
  "5.6.2019": "2019-06-05 2019-06-06",
  "21/7/2019": "2019-07-21 2019-07-22",
  "7/21/2019": "2019-07-21 2019-07-22",
  "5/5/2019": "2019-05-05 2019-05-06",
  "29 February 2020": "2020-02-29 2020-03-01",
  "summer 2021": "2021-06-01 2021-09-01",
  "Summer of 2021": "2021-06-01 2021-09-01",
  "fall 2021": "2021-09-01 2021-12-01",
  "winter 2020": "2020-12-01 2021-03-01",
  "winter 2019/20": "2019-12-01 2020-03-01",
  "winter 2019-2020": "2019-12-01 2020-03-01",
  "spring": "2026-03-01 2026-06-01",
  "winter": "2025-12-01 2026-03-01",
  "july": "2026-07-01 2026-08-01",
  "December": "2025-12-01 2026-01-01",
  "24 December": "2025-12-24 2025-12-25",
  "29 February": "2024-02-29 2024-03-01",
  "last summer": "2026-06-01 2026-09-01",
  "last autumn": "2025-09-01 2025-12-01",
  "this autumn": "2026-09-01 2026-12-01",
  "q3 2019": "2019-07-01 2019-10-01",
  "2019 Q4": "2019-10-01 2020-01-01",
  "today": "2026-11-22 2026-11-23",
  "Yesterday": "2026-11-21 2026-11-22",
  "the day before yesterday": "2026-11-20 2026-11-21",
  "this week": "2026-11-16 2026-11-23",
  "last week": "2026-11-09 2026-11-16",
  "this month": "2026-11-01 2026-12-01",
  "last month": "2026-10-01 2026-11-01",
  "this year": "2026-01-01 2027-01-01",
  "last year": "2025-01-01 2026-01-01",
  "past week": "2026-11-15 2026-11-23",
  "past 30 days": "2026-10-23 2026-11-23",
  "last 3 months": "2026-08-22 2026-11-23",
  "the last two years": "2024-11-22 2026-11-23",
  "3 years ago": "2023-01-01 2024-01-01",
  "a month ago": "2026-10-01 2026-11-01",
  "two weeks ago": "2026-11-02 2026-11-09",
  "5 days ago": "2026-11-17 2026-11-18",
  "2015-2018": "2015-01-01 2019-01-01",
  "2015–2018": "2015-01-01 2019-01-01",
  "2015 to 2018": "2015-01-01 2019-01-01",
  "from 2015 until 2018": "2015-01-01 2019-01-01",
  "between 2015 and 2018": "2015-01-01 2019-01-01",
  "2019-07 - 2019-09": "2019-07-01 2019-10-01",
  "2019-07-21 to 2019-08-03": "2019-07-21 2019-08-04",
  "June to August 2020": "2020-06-01 2020-09-01",
  "June-August 2020": "2020-06-01 2020-09-01",
  "December to February 2021": "2020-12-01 2021-03-01",
  "June 2019 to August": "2019-06-01 2019-09-01",
  "November 2019 to February": "2019-11-01 2020-03-01",
  "June to August": "2026-06-01 2026-09-01",
  "24 to 26 December 2019": "2019-12-24 2019-12-27",
  "5-9 July 2019": "2019-07-05 2019-07-10",
  "July 5-9, 2019": "2019-07-05 2019-07-10",
  "28 December 2019 to 3 January 2020": "2019-12-28 2020-01-04",
  "before 2010": "… 2010-01-01",
  "after 2015": "2016-01-01 …",
  "since March 2020": "2020-03-01 …",
  "from 2015": "2015-01-01 …",
  "since yesterday": "2026-11-21 …",
  "until 2012": "… 2013-01-01",
  "before 21 July 2019": "… 2019-07-21",
  "Christmas 2019": "2019-12-24 2019-12-27",
  "xmas": "2025-12-24 2025-12-27",
  "new year 2020": "2019-12-31 2020-01-02",
  "New Year's Eve 2019": "2019-12-31 2020-01-01",
  "Christmas 2019 to New Year 2020": "2019-12-24 2020-01-02",
  "the 90s": "1990-01-01 2000-01-01",
  "1990s": "1990-01-01 2000-01-01",
  "the 1990's": "1990-01-01 2000-01-01",
  "’00s": "2000-01-01 2010-01-01",
  "nineties": "1990-01-01 2000-01-01",
  "before the 1990s": "… 1990-01-01",
};

Deno.test("dates are understood as people say them", () => {
  for (const [text, dates] of Object.entries(UNDERSTOOD)) assert.equal(said(text), dates, text);
});

Deno.test("what is no date, never was or could be two is not guessed", () => {
  const texts = [
    ...["", " ", "-", "sunny", "99/99", "99/99/2019", "31 February 2019", "2019-02-29", "2019-13"],
    ...["32 July 2019", "0.0.2019", "2019-00-10", "5/6/2019", "20s", "0999", "10000", "19"],
    ...["2018 to 2015", "2018-2015", "June 2020 to March 2020", "2015-2018-2020", "past 0 days"],
    ...[
      "1950 years ago",
      "past 9999 years",
      "9999 months ago months",
      "constructor",
      "this toString",
    ],
    ...["2019-07-21T25:00", "2019-07-21T18:30:05Z", "winter 2019/25", "summer 2019/20", "ma 2019"],
    ...[
      "before",
      "before before 2010",
      "since",
      "to",
      " to ",
      "2010 to",
      "between 2010",
      "July July",
    ],
    ...["2019; drop table photos", "<b>2019</b>", "2019\n2020", "٢٠١٩", "🙂", "july".repeat(2500)],
  ];
  for (const text of texts) assert.equal(said(text), null, text.slice(0, 80));
  assert.equal(parseDateWords("today", new Date(NaN)), null);
});

Deno.test("relative dates at the ends of months, weeks, years and seasons", () => {
  const at = (year: number, month: number, date: number) => new Date(year, month - 1, date, 0, 30);
  assert.equal(said("past month", at(2026, 3, 31)), "2026-02-28 2026-04-01");
  assert.equal(said("past year", at(2024, 2, 29)), "2023-02-28 2024-03-01");
  assert.equal(said("last month", at(2026, 1, 1)), "2025-12-01 2026-01-01");
  assert.equal(said("last week", at(2026, 11, 23)), "2026-11-16 2026-11-23");
  assert.equal(said("this winter", at(2027, 2, 1)), "2026-12-01 2027-03-01");
  assert.equal(said("this winter", at(2027, 6, 1)), "2027-12-01 2028-03-01");
  assert.equal(said("last winter", at(2027, 2, 1)), "2025-12-01 2026-03-01");
  assert.equal(said("new year", at(2026, 12, 31)), "2026-12-31 2027-01-02");
  assert.equal(said("yesterday", at(2026, 3, 29)), "2026-03-28 2026-03-29");
});

Deno.test("whatever is typed: no error, and what is understood is a stretch of time of one shape", () => {
  const word = fc.constantFrom(
    ...Object.keys(UNDERSTOOD).flatMap((text) => text.split(/[ -]/)),
    ...[
      "to",
      "-",
      "–",
      "and",
      "between",
      "since",
      "before",
      "99",
      "31",
      "february",
      "0000",
      "9999",
    ],
  );
  const spoken = fc.array(word, { maxLength: 6 }).map((words) => words.join(" "));
  const text = fc.oneof(spoken, fc.string(), fc.string({ unit: "binary", maxLength: 120 }));
  const shape = /^[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d$/;
  fc.assert(
    fc.property(text, fc.date({ noInvalidDate: false }), (text, now) => {
      for (const at of [now, NOW]) {
        const dates = parseDateWords(text, at);
        if (!dates) continue;
        const { from, to } = dates;
        assert(from !== null || to !== null);
        for (const side of [from, to]) assert(side === null || shape.test(side), String(side));
        assert(from === null || to === null || from < to, `${from} ${to}`);
      }
    }),
    { numRuns: 3000 },
  );
});

Deno.test("every day of the calendar is understood in each way of writing it", () => {
  const name = new Intl.DateTimeFormat("en", { month: "long", timeZone: "UTC" });
  const days = fc.date({
    min: new Date("1000-01-01"),
    max: new Date("9998-12-30"),
    noInvalidDate: true,
  });
  fc.assert(fc.property(days, (date) => {
    const iso = date.toISOString().slice(0, 10);
    const next = new Date(Date.parse(iso) + 86_400_000).toISOString().slice(0, 10);
    const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
    const texts = [
      iso,
      `${day}.${month}.${year}`,
      `${day} ${name.format(date)} ${year}`,
      `${name.format(date).slice(0, 3)} ${day}, ${year}`,
      `${iso} to ${iso}`,
    ];
    for (const text of texts) assert.equal(said(text), `${iso} ${next}`, text);
  }));
});
