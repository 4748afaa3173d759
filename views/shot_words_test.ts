import assert from "node:assert/strict";
import { coordinates, ratingWords, takenTime } from "./shot_words.ts";

Deno.test("times have their zone where it is known", () => {
  const time = "2019-07-21T18:04:09";
  assert.equal(takenTime(time, null), "21 July 2019, 18:04");
  assert.equal(takenTime(time, 120), "21 July 2019, 18:04 (UTC+02:00)");
  assert.equal(takenTime(time, -570), "21 July 2019, 18:04 (UTC−09:30)");
  assert.equal(takenTime(time, 0), "21 July 2019, 18:04 (UTC+00:00)");
});

Deno.test("places and ratings are words", () => {
  assert.equal(coordinates(47.3769, 8.5417), "47.37690° N, 8.54170° E");
  assert.equal(coordinates(-33.9, -0.00001), "33.90000° S, 0.00001° W");
  assert.equal(ratingWords(-1), "rejected");
  assert.equal(ratingWords(1), "1 star of 5");
  assert.equal(ratingWords(4), "4 stars of 5");
});
