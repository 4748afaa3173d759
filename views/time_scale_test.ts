import fc from "fast-check";
import assert from "node:assert/strict";
import { niceCeiling, timeScale } from "./time_scale.ts";

const start = new Date(2030, 4, 15, 14, 3, 12);
const after = (seconds: number) => new Date(start.getTime() + seconds * 1000);
const over = (seconds: number) => timeScale({ from: start, to: after(seconds) });
const labels = (seconds: number) => over(seconds).ticks.map(({ label }) => label);

Deno.test("ticks are at round times, with what is needed to tell them apart", () => {
  assert.deepEqual(labels(10), [
    "14:03:12",
    "14:03:14",
    "14:03:16",
    "14:03:18",
    "14:03:20",
    "14:03:22",
  ]);
  assert.deepEqual(labels(240), ["14:04", "14:05", "14:06", "14:07"]);
  assert.deepEqual(labels(5 * 3600), ["15:00", "16:00", "17:00", "18:00", "19:00"]);
  assert.deepEqual(labels(24 * 3600), [
    "Wed 18:00",
    "Thu 00:00",
    "Thu 06:00",
    "Thu 12:00",
  ]);
  assert.deepEqual(labels(10 * 86_400), ["16 May", "18 May", "20 May", "22 May", "24 May"]);
});

Deno.test("a long idle time is cut short, a pause of the same length is not", () => {
  const week = { from: after(600), to: after(600 + 7 * 86_400) };
  const span = { from: start, to: after(1200 + 7 * 86_400) };
  const cut = timeScale(span, [week]);
  assert.deepEqual(cut.breaks.map(({ from, to }) => [from, to].map(Math.round)), [[48, 52]]);
  assert.equal(Math.round(cut.place(after(300))), 24);
  assert.equal(cut.place(span.to), 100);
  assert.ok(cut.ticks.some(({ place }) => place < 48) && cut.ticks.some(({ place }) => place > 52));
  assert.ok(timeScale(span).place(after(300)) < 0.1);
});

Deno.test("places keep the order of time, and ticks their distance", () => {
  const second = fc.integer({ min: 0, max: 2_000_000 });
  fc.assert(fc.property(
    second,
    fc.uniqueArray(second, { maxLength: 8 }),
    fc.array(second, { minLength: 2 }),
    (length, edges, moments) => {
      const sorted = edges.filter((edge) => edge < length).sort((a, b) => a - b);
      const idle = sorted.flatMap((from, index) =>
        index % 2 === 0 && index + 1 < sorted.length
          ? [{ from: after(from), to: after(sorted[index + 1]) }]
          : []
      );
      const scale = timeScale({ from: start, to: after(length) }, idle);
      const places = moments.sort((a, b) => a - b).map((moment) => scale.place(after(moment)));
      places.forEach((place, index) => {
        assert.ok(place >= 0 && place <= 100, `${place}`);
        assert.ok(index === 0 || place >= places[index - 1] - 1e-6);
      });
      scale.ticks.forEach(({ place }, index) => {
        assert.ok(index === 0 || place - scale.ticks[index - 1].place >= 12);
      });
      assert.ok(scale.ticks.length <= 9);
    },
  ));
});

Deno.test("axes end at 1, 2 or 5", () => {
  assert.deepEqual([0, 0.3, 1, 7, 12, 480, 1999, 2000, 5001].map(niceCeiling), [
    1,
    0.5,
    1,
    10,
    20,
    500,
    2000,
    2000,
    10_000,
  ]);
});
