import assert from "node:assert/strict";
import { bytes, cameraTime, duration, fileName, moment, percent, several } from "./format.ts";

Deno.test("durations take two units at most", () => {
  const written = [0, 0.4, 59, 60, 90, 3599, 3600, 5400, 86_400, 183_600].map(duration);
  assert.deepEqual(written, [
    "1 s",
    "1 s",
    "59 s",
    "1 min",
    "2 min",
    "1 h 00 min",
    "1 h 00 min",
    "1 h 30 min",
    "1 d 0 h",
    "2 d 3 h",
  ]);
});

Deno.test("percentages keep their tenth, except the last", () => {
  assert.deepEqual([0, 62.5, 99.9, 100].map(percent), [
    "0.0\u00A0%",
    "62.5\u00A0%",
    "99.9\u00A0%",
    "100\u00A0%",
  ]);
});

Deno.test("a moment names the day when it is another", () => {
  const now = new Date(2030, 4, 15, 12, 0);
  assert.equal(moment(new Date(2030, 4, 15, 9, 5), now), "09:05");
  assert.match(moment(new Date(2030, 4, 14, 9, 5), now), /^Tue 09:05$/);
  assert.match(moment(new Date(2029, 4, 14, 9, 5), now), /^14 May 2029, 09:05$/);
});

Deno.test("sizes, counts and a camera's time", () => {
  assert.deepEqual([0, 999, 1000, 9_940, 4_200_000, 999_700_000].map(bytes), [
    "0 bytes",
    "999 bytes",
    "1.0 kB",
    "9.9 kB",
    "4.2 MB",
    "1.0 GB",
  ]);
  assert.deepEqual([several(1, "file"), several(2000, "file")], ["1 file", "2,000 files"]);
  assert.equal(cameraTime("2019-07-21T18:04:09"), "21 July 2019, 18:04");
  assert.equal(cameraTime("0000:00:00"), "0000:00:00");
});

Deno.test("a file's name is the last part of its path", () => {
  assert.equal(fileName("/photos/2019/a b.jpg"), "a b.jpg");
  assert.equal(fileName("a.jpg"), "a.jpg");
  assert.equal(fileName("/photos/"), "");
});
