import assert from "node:assert/strict";
import { ageSpan, certainty, likeness, personName, yearOf } from "./people_words.ts";

Deno.test("likeness is told in words and per cent, whatever the cosine", () => {
  assert.equal(likeness(0.81), "very much alike, 81\u00A0%");
  assert.equal(likeness(0.6), "much alike, 60\u00A0%");
  assert.equal(likeness(0.5), "alike, 50\u00A0%");
  assert.equal(likeness(-0.2), "somewhat alike, 0\u00A0%");
  assert.equal(likeness(1.0000001), "very much alike, 100\u00A0%");
});

Deno.test("who says that a face is somebody's", () => {
  assert.equal(certainty({ confirmed: true, similarity: 0.9 }), "confirmed");
  assert.equal(certainty({ confirmed: false, similarity: null }), "automatic");
  assert.match(certainty({ confirmed: false, similarity: 0.63 }), /^automatic: much alike, 63/);
});

Deno.test("the span of years between the first and the last picture", () => {
  const day = (year: string) => `${year}-07-21T18:04:09`;
  assert.equal(ageSpan(day("2009"), day("2024")), "2009 – 2024, 15 years of pictures");
  assert.equal(ageSpan(day("2018"), day("2019")), "2018 – 2019, 1 year of pictures");
  assert.equal(ageSpan(day("2019"), day("2019")), "2019");
  assert.equal(ageSpan(null, null), null);
  assert.equal(ageSpan("0000-00-00T00:00:00", day("2019")), null);
  assert.equal(yearOf("yesterday"), null);
});

Deno.test("somebody without a name is told from a cluster", () => {
  assert.equal(personName({ id: 3, name: null }), "Joined group 3");
  assert.equal(personName({ id: 3, name: "Anna" }), "Anna");
});
