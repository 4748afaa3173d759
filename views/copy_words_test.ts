import assert from "node:assert/strict";
import { differences, likeness, type Look } from "../db/likeness.ts";
import { differenceWords, lookWords, placeWords } from "./copy_words.ts";

const FIRST: Look = {
  id: 1,
  byteSize: 3_100_000,
  width: 4032,
  height: 3024,
  format: "jpeg",
  takenAt: "2019-07-21T18:04:09",
  takenOffsetMinutes: null,
  camera: "Leica M6",
};

function told(change: Partial<Look>, first = FIRST): string[] {
  const other = { ...FIRST, id: 2, ...change };
  const compared = { likeness: likeness(first, other), differs: differences(first, other) };
  return differenceWords({ ...first, likeness: "exact", differs: [] }, { ...other, ...compared });
}

Deno.test("what differs, in words", () => {
  assert.equal(lookWords(FIRST), "4032 × 3024 JPEG, 3.1 MB");
  assert.deepEqual(told({ width: 1600, height: 1200, byteSize: 412_000 }), [
    "smaller: 1600 × 1200",
    "fewer bytes: 412 kB",
  ]);
  assert.deepEqual(told({ width: 5000, height: 3750 }), ["larger: 5000 × 3750"]);
  assert.deepEqual(told({ width: 4000, height: 3050 }), ["another shape: 4000 × 3050"]);
  assert.deepEqual(told({ format: "png", takenAt: null, camera: null }), [
    "PNG instead of JPEG",
    "without a date",
    "without a camera",
  ]);
  assert.deepEqual(told({}, { ...FIRST, takenAt: null, camera: null }), [
    "with a date: 21 July 2019, 18:04",
    "with a camera: Leica M6",
  ]);
  assert.deepEqual(told({ takenAt: "2019-07-21T18:04:11" }), ["taken 2 s later"]);
  assert.deepEqual(told({ takenAt: "2019-07-21T18:03:59", camera: "X" }), [
    "taken 21 July 2019, 18:03",
    "taken with X",
  ]);
  assert.deepEqual(told({ byteSize: 3_100_007 }), ["more bytes: 3.1 MB, 7 bytes of difference"]);
  assert.deepEqual(told({}), ["as many bytes, but not the same"]);
  assert.deepEqual(told({ id: 1 }), []);
});

Deno.test("where another file of the same bytes is", () => {
  assert.equal(placeWords("/a/x.jpg", "/b/x.jpg"), "same bytes, in another folder");
  assert.equal(placeWords("/a/x.jpg", "/a/y.jpg"), "same bytes, under another name");
  assert.equal(
    placeWords("/a/x.jpg", "/b/y.jpg"),
    "same bytes, in another folder and under another name",
  );
});
