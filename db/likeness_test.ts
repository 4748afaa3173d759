import assert from "node:assert/strict";
import fc from "fast-check";
import {
  differences,
  likeness,
  LIKENESSES,
  type Look,
  type Share,
  spareBytes,
} from "./likeness.ts";

const PHOTO: Look = {
  id: 1,
  byteSize: 3_000_000,
  width: 4032,
  height: 3024,
  format: "jpeg",
  takenAt: "2019-07-21T18:04:09",
  takenOffsetMinutes: null,
  camera: "Leica M6",
};
const other = (change: Partial<Look>): Look => ({ ...PHOTO, id: 2, ...change });

const takenAts = ["2019-07-21T18:04:09", "2019-07-21T16:04:09", "2020-01-01T00:00:00", "0000:00"];
const looks: fc.Arbitrary<Look> = fc.record({
  id: fc.integer({ min: 1, max: 4 }),
  byteSize: fc.integer({ min: 1, max: 3 }),
  width: fc.integer({ min: 1, max: 3 }),
  height: fc.integer({ min: 1, max: 3 }),
  format: fc.constantFrom("jpeg", "png"),
  takenAt: fc.option(fc.constantFrom(...takenAts)),
  takenOffsetMinutes: fc.option(fc.constantFrom(0, 120)),
  camera: fc.option(fc.constantFrom("A", "B")),
});

Deno.test("what photos of one look are to each other", () => {
  const kind = (change: Partial<Look>) => likeness(PHOTO, other(change));
  assert.equal(likeness(PHOTO, PHOTO), "exact");
  assert.equal(kind({ width: 1600, height: 1200 }), "reencode");
  assert.equal(kind({ format: "png" }), "reencode");
  assert.equal(kind({ takenAt: null, camera: null }), "reencode");
  assert.equal(kind({ takenAt: "2019-07-21T18:04:10" }), "near");
  assert.equal(kind({ camera: "Leica M7" }), "near");
  // One moment, written in two zones; and two moments that the zones would hide.
  const zoned = { ...PHOTO, takenOffsetMinutes: 120 };
  const inUtc = other({ takenAt: "2019-07-21T16:04:09", takenOffsetMinutes: 0 });
  assert.equal(likeness(zoned, inUtc), "reencode");
  assert.deepEqual(differences(zoned, inUtc), []);
  assert.equal(likeness(PHOTO, inUtc), "near");
});

Deno.test("likeness says the same from both sides, and follows from what both know", () => {
  fc.assert(fc.property(looks, looks, (one, two) => {
    const kind = likeness(one, two);
    assert.equal(kind, likeness(two, one));
    assert.equal(kind === "exact", one.id === two.id);
    assert.equal(likeness(one, { ...one, id: one.id + 1 }), "reencode");
    const told = differences(one, two);
    assert.deepEqual(told, differences(two, one));
    if (kind === "near") {
      assert.ok(told.includes("takenAt") || told.includes("camera"));
      assert.ok([one, two].every((look) => look.takenAt !== null || look.camera !== null));
    }
    // What one of the two does not know cannot make it near.
    if (one.id === two.id) return;
    const unknown = { ...two, takenAt: null, camera: null };
    assert.equal(likeness(one, unknown), "reencode");
  }));
});

Deno.test("bytes beyond one file of each picture", () => {
  const shares: fc.Arbitrary<Share[]> = fc.array(fc.record({
    likeness: fc.constantFrom(...LIKENESSES),
    sizes: fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 4 }),
  }));
  fc.assert(fc.property(shares, (given) => {
    const spare = spareBytes(given);
    const sum = given.flatMap(({ sizes }) => sizes).reduce((all, size) => all + size, 0);
    const most = Math.max(0, ...given.flatMap(({ sizes }) => sizes));
    assert.ok(spare >= 0 && spare <= sum - most, `${spare} of ${sum}`);
    assert.equal(spareBytes(given.toReversed()), spare);
    // A picture of its own costs nothing more by being there once.
    assert.equal(spareBytes([...given, { likeness: "near", sizes: [77] }]), spare);
    const [one] = given;
    if (one?.sizes.length > 0) {
      const again = { ...one, sizes: [...one.sizes, one.sizes[0]] };
      assert.equal(spareBytes([again, ...given.slice(1)]), spare + one.sizes[0]);
    }
  }));
  assert.equal(
    spareBytes([{ likeness: "exact", sizes: [9, 9] }, { likeness: "reencode", sizes: [4] }]),
    13,
  );
});
