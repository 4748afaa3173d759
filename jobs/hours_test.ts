import assert from "node:assert/strict";
import fc from "fast-check";
import { isOpen, isTimeZone, nextClosing, nextOpening } from "./hours.ts";

const MINUTE = 60_000;
const berlin = { from: "22:00", to: "06:00", timeZone: "Europe/Berlin" };
const at = (iso: string) => new Date(iso);

Deno.test("over midnight: open from the evening until the morning", () => {
  // Berlin is an hour ahead of UTC in winter, two in summer.
  assert.equal(isOpen(berlin, at("2026-01-10T20:59:59Z")), false);
  assert.equal(isOpen(berlin, at("2026-01-10T21:00:00Z")), true);
  assert.equal(isOpen(berlin, at("2026-01-11T04:59:59Z")), true);
  assert.equal(isOpen(berlin, at("2026-01-11T05:00:00Z")), false);
  assert.equal(isOpen(berlin, at("2026-07-10T20:00:00Z")), true);
});

Deno.test("within a day: open between", () => {
  const office = { from: "09:30", to: "17:00", timeZone: "UTC" };
  const open = ["09:29", "09:30", "16:59", "17:00"].map((time) =>
    isOpen(office, at(`2026-05-05T${time}:00Z`))
  );
  assert.deepEqual(open, [false, true, true, false]);
});

Deno.test("opening and closing are instants, also on the nights when the clocks change", () => {
  const next = (iso: string) => [
    nextOpening(berlin, at(iso)).toISOString(),
    nextClosing(berlin, at(iso)).toISOString(),
  ];
  assert.deepEqual(next("2026-01-10T12:00:00Z"), [
    "2026-01-10T21:00:00.000Z",
    "2026-01-11T05:00:00.000Z",
  ]);
  // Forward in the night to 29 March, back in the night to 25 October.
  assert.deepEqual(next("2026-03-28T12:00:00Z"), [
    "2026-03-28T21:00:00.000Z",
    "2026-03-29T04:00:00.000Z",
  ]);
  assert.deepEqual(next("2026-10-24T12:00:00Z"), [
    "2026-10-24T20:00:00.000Z",
    "2026-10-25T05:00:00.000Z",
  ]);
});

Deno.test("an opening that the clocks leave out comes when they have moved on", () => {
  const early = { from: "02:30", to: "04:00", timeZone: "Europe/Berlin" };
  const night = at("2026-03-29T00:00:00Z");
  assert.equal(nextOpening(early, night).toISOString(), "2026-03-29T01:00:00.000Z");
  // All of it left out: the next night.
  const short = { ...early, to: "02:45" };
  assert.equal(nextOpening(short, night).toISOString(), "2026-03-30T00:30:00.000Z");
});

const two = (value: number) => String(value).padStart(2, "0");
const clock = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map(([hour, minute]) => `${two(hour)}:${two(minute)}`);
const hours = fc.record({
  from: clock,
  to: clock,
  timeZone: fc.constantFrom(
    "UTC",
    "Europe/Berlin",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Auckland",
  ),
}).filter(({ from, to }) => from !== to);
const year = { min: Date.parse("2026-01-01"), max: Date.parse("2026-12-25") };

Deno.test("property: before the next change nothing changes, at it everything does", () => {
  fc.assert(
    fc.property(hours, fc.integer(year), (hours, time) => {
      const now = new Date(time);
      const open = isOpen(hours, now);
      const next = open ? nextClosing(hours, now) : nextOpening(hours, now);
      assert(next > now);
      assert.equal(isOpen(hours, next), !open);
      assert.equal(isOpen(hours, new Date(next.getTime() - 1)), open);
      for (let instant = time; instant < next.getTime(); instant += 7 * MINUTE) {
        assert.equal(isOpen(hours, new Date(instant)), open);
      }
    }),
    { numRuns: 150 },
  );
});

Deno.test("property: outside the nights of change a day is open for as long as the clock says", () => {
  const minutes = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
  fc.assert(
    fc.property(hours, ({ from, to, timeZone }) => {
      const start = Date.parse("2026-06-10T00:00:00Z");
      let open = 0;
      for (let minute = 0; minute < 1440; minute++) {
        if (isOpen({ from, to, timeZone }, new Date(start + minute * MINUTE))) open++;
      }
      assert.equal(open, (minutes(to) - minutes(from) + 1440) % 1440);
    }),
    { numRuns: 30 },
  );
});

Deno.test("time zones are known by name", () => {
  assert.equal(isTimeZone("Europe/Berlin"), true);
  for (const name of ["Europe/Atlantis", "", "\n"]) assert.equal(isTimeZone(name), false);
});
