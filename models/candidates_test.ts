import assert from "node:assert/strict";
import fc from "fast-check";
import { type Candidate, overlap, suppress } from "./candidates.ts";

const face = (box: Candidate["box"], score: number): Candidate => ({ box, score, landmarks: [] });

Deno.test("of faces that overlap too much the best is kept", () => {
  const best = face([0, 0, 10, 10], 0.9);
  const same = face([1, 0, 10, 10], 0.8);
  const near = face([6, 0, 10, 10], 0.7);
  assert.deepEqual(suppress([near, same, best], 0.4), [best, near]);
  assert.deepEqual(suppress([near, same, best], 0.2), [best]);
  assert.deepEqual(suppress([near, same, best], 0.9), [best, same, near]);
});

Deno.test("what suppression keeps does not overlap, and what it drops does", () => {
  const side = fc.integer({ min: 1, max: 60 });
  const some = fc.tuple(side, side, side, side, fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([x, y, w, h, score]) => face([x, y, w, h], score));
  const most = fc.constantFrom(0.3, 0.4);
  fc.assert(fc.property(fc.array(some, { maxLength: 20 }), most, (faces, most) => {
    const kept = suppress(faces, most);
    for (const [i, one] of kept.entries()) {
      assert.ok(kept.every((other, j) => i === j || overlap(one.box, other.box) <= most));
    }
    for (const dropped of faces.filter((one) => !kept.includes(one))) {
      const beaten = kept.some((one) =>
        one.score >= dropped.score && overlap(one.box, dropped.box) > most
      );
      assert.ok(beaten);
    }
  }));
});

Deno.test("overlap is 1 for a box with itself, 0 beside it, symmetric", () => {
  assert.equal(overlap([0, 0, 4, 4], [0, 0, 4, 4]), 1);
  assert.equal(overlap([0, 0, 4, 4], [4, 0, 4, 4]), 0);
  assert.equal(overlap([0, 0, 4, 4], [2, 0, 4, 4]), overlap([2, 0, 4, 4], [0, 0, 4, 4]));
  assert.equal(overlap([0, 0, 4, 4], [2, 0, 4, 4]), 8 / 24);
});
