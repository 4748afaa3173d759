import assert from "node:assert/strict";
import fc from "fast-check";
import { adaptThresholds } from "./thresholds.ts";

const PACK = { certain: 0.5, likely: 0.36 };
const near = (actual: number, expected: number) => assert(Math.abs(actual - expected) < 1e-9);

Deno.test("somebody whom nobody resembles has the thresholds of the pack", () => {
  assert.deepEqual(adaptThresholds(PACK, { others: -1, rejected: [] }), PACK);
  assert.deepEqual(adaptThresholds(PACK, { others: 0.3, rejected: [0.1, 0.2] }), PACK);
});

Deno.test("a twin, and a face that was rejected, raise what is certain", () => {
  near(adaptThresholds(PACK, { others: 0.62, rejected: [] }).certain, 0.67);
  near(adaptThresholds(PACK, { others: -1, rejected: [0.58, 0.2] }).certain, 0.63);
  near(adaptThresholds(PACK, { others: 0.7, rejected: [0.58] }).certain, 0.75);
  assert.equal(adaptThresholds(PACK, { others: 0.7, rejected: [0.58] }).likely, PACK.likely);
});

Deno.test("after three noes fewer are asked about", () => {
  assert.equal(adaptThresholds(PACK, { others: -1, rejected: [0.45, 0.42] }).likely, 0.36);
  assert.equal(adaptThresholds(PACK, { others: -1, rejected: [0.39, 0.45, 0.42] }).likely, 0.39);
  assert.equal(
    adaptThresholds(PACK, { others: -1, rejected: [0.39, 0.45, 0.42, 0.41, 0.1] }).likely,
    0.41,
  );
});

Deno.test("no evidence makes anybody's thresholds laxer", () => {
  const cosine = fc.double({ min: -1, max: 1, noNaN: true });
  const evidence = fc.record({ others: cosine, rejected: fc.array(cosine, { maxLength: 8 }) });
  fc.assert(fc.property(evidence, cosine, ({ others, rejected }, more) => {
    const before = adaptThresholds(PACK, { others, rejected });
    assert(before.certain >= PACK.certain && before.likely >= PACK.likely);
    assert(before.likely <= before.certain);
    assert(before.certain > others && rejected.every((one) => before.certain > one));
    const after = adaptThresholds(PACK, { others, rejected: [...rejected, more] });
    assert(after.certain >= before.certain && after.likely >= before.likely);
  }));
});
