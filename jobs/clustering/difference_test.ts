import assert from "node:assert/strict";
import fc from "fast-check";
import { differenceOf } from "./difference.ts";

Deno.test("groups are the same, grown, changed, made or gone", () => {
  //              same     grown       changed     made     gone     never in one
  const before = [1, 1, /**/ 2, 2, 0, /**/ 3, 3, 3, /**/ 0, 0, /**/ 5, 5, /**/ 0];
  const after_ = [1, 1, /**/ 2, 2, 2, /**/ 3, 3, 0, /**/ 4, 4, /**/ 0, 4, /**/ 0];
  assert.deepEqual(differenceOf(before, after_), {
    same: 1,
    grown: 1,
    changed: 1,
    made: 1,
    gone: 1,
    facesMoved: 6,
  });
});

const groups = fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { maxLength: 60 });

Deno.test("every group is counted once, and turning back the same with made and gone exchanged", () => {
  fc.assert(fc.property(groups, (faces) => {
    const before = faces.map(([from]) => from), after = faces.map(([, to]) => to);
    const there = differenceOf(before, after), back = differenceOf(after, before);
    const old = new Set(before.filter((id) => id > 0)), now = new Set(after.filter((id) => id > 0));
    assert.equal(there.same + there.grown + there.changed + there.gone, old.size);
    assert.equal(there.same + there.grown + there.changed + there.made, now.size);
    assert.deepEqual([there.made, there.same], [back.gone, back.same]);
    assert.equal(there.facesMoved, faces.filter(([from, to]) => from !== to).length);
    assert.equal(there.facesMoved, back.facesMoved);
  }));
});

Deno.test("a library that stays as it is does not differ", () => {
  fc.assert(fc.property(fc.array(fc.nat(5)), (faces) => {
    const { same, ...others } = differenceOf(faces, faces);
    assert.equal(same, new Set(faces.filter((id) => id > 0)).size);
    assert.deepEqual(others, { grown: 0, changed: 0, made: 0, gone: 0, facesMoved: 0 });
  }));
});
