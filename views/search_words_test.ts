import assert from "node:assert/strict";
import { chanceWords, facesWords, foundWords, ratingChoice, strength } from "./search_words.ts";

const none = { model: "m", total: 100, cut: false, nextCursor: null, message: null, shown: 12 };

Deno.test("the status line says how many there are, as far as that is known", () => {
  const words = (found: Partial<Parameters<typeof foundWords>[0]>) =>
    foundWords({ ...none, filtered: false, ...found });
  assert.equal(words({ total: 12 }), "12 photos, the most similar first");
  assert.equal(words({ cut: true }), "12 photos out of 100, the most similar first");
  assert.match(words({ cut: true, filtered: true }), /out of 100 with these filters/);
  assert.match(
    words({ nextCursor: "x", shown: 60 }),
    /^The 60 most similar photos of 100; further/,
  );
  assert.match(words({ nextCursor: "x", shown: 60, total: null }), /^The 60 most similar photos; /);
  assert.equal(
    words({ model: "", total: 1234, nextCursor: "x" }),
    "1,234 photos, the newest first",
  );
  assert.match(
    words({ model: "", total: null, nextCursor: "x" }),
    /^The newest 12 photos; further/,
  );
  assert.match(words({ model: "", total: 0, nextCursor: "x" }), /^The newest 12 photos; further/);
  assert.equal(words({ model: "", total: 0 }), "12 photos, the newest first");
  assert.equal(words({ shown: 1, total: 1 }), "1 photo, the most similar first");
  assert.equal(words({ shown: 0, message: "Nothing is searchable" }), "Nothing is searchable");
});

Deno.test("relevance is told as chance", () => {
  assert.match(chanceWords(0.3), /No more like it than most/);
  assert.match(chanceWords(0.99), /1 in 100 photos/);
  assert.match(chanceWords(0.9987), /1 in 770 photos/);
  assert.match(chanceWords(1), /Unlike any photo/);
  assert.deepEqual([0, 0.9, 0.99, 0.9999, 1].map(strength), [0.02, 0.25, 0.5, 1, 1]);
});

Deno.test("ranges are told in words, and what is none as it is", () => {
  assert.equal(facesWords("0"), "no faces");
  assert.equal(facesWords("1"), "1 face");
  assert.equal(facesWords("3+"), "3 faces or more");
  assert.equal(facesWords("1-3"), "1 to 3 faces");
  assert.equal(facesWords("<b>"), "<b>");
  assert.equal(ratingChoice("4+"), "4 stars or more");
  assert.equal(ratingChoice("0"), "no stars");
  assert.equal(ratingChoice("-1"), "rejected");
});
