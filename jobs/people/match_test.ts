import assert from "node:assert/strict";
import fc from "fast-check";
import { decideFaces, sideKey, type Surroundings, type Wanting } from "./match.ts";
import type { Candidate, Known } from "./score.ts";

const known = (id: number, rest: Partial<Known> = {}): [number, Known] => [
  id,
  { id, hidden: false, certain: 0.5, likely: 0.36, from: 0, to: 3, ...rest },
];
const ANNA = 1, BEA = 2, STRANGER = 3;
const PEOPLE = new Map([known(ANNA), known(BEA), known(STRANGER, { hidden: true })]);

const like = (personId: number, similarity: number, support = similarity): Candidate => ({
  personId,
  similarity,
  support,
});
const face = (id: number, candidates: Candidate[], rest: Partial<Wanting> = {}): Wanting => ({
  id,
  photoId: id,
  candidates,
  rival: -1,
  ...rest,
});
const around = (rest: Partial<Surroundings> = {}): Surroundings => ({
  rejected: new Map(),
  occupants: new Map(),
  sides: new Map(),
  peopleOfSide: new Map(),
  ...rest,
});
const decide = (faces: Wanting[], rest: Partial<Surroundings> = {}) => {
  const { made, displaced } = decideFaces(faces, PEOPLE, around(rest));
  return {
    made: made.toSorted((a, b) => a.faceId - b.faceId).map(({ faceId, personId, certain }) =>
      `${faceId} ${certain ? "is" : "is likely"} ${personId}`
    ),
    displaced,
  };
};

Deno.test("certain, likely and neither", () => {
  assert.deepEqual(
    decide([
      face(10, [like(ANNA, 0.7)]),
      face(11, [like(ANNA, 0.45)]),
      face(12, [like(ANNA, 0.3)]),
      face(13, []),
      // One prototype alone is like it: perhaps a mistake of somebody's.
      face(14, [like(ANNA, 0.7, 0.2)]),
    ]).made,
    ["10 is 1", "11 is likely 1"],
  );
});

Deno.test("a face between twins is asked about, and decided once one of them is ruled out", () => {
  const between = face(10, [like(ANNA, 0.7), like(BEA, 0.65)]);
  assert.deepEqual(decide([between]).made, ["10 is likely 1"]);
  assert.deepEqual(decide([between], { rejected: new Map([[10, new Set([BEA])]]) }).made, [
    "10 is 1",
  ]);
  // Bea is elsewhere in the photo, somebody says.
  const there = [{ faceId: 99, personId: BEA, similarity: null }];
  assert.deepEqual(decide([between], { occupants: new Map([[10, there]]) }).made, ["10 is 1"]);
  // The program says so: that may be wrong.
  const perhaps = [{ faceId: 99, personId: BEA, similarity: 0.9 }];
  assert.deepEqual(decide([between], { occupants: new Map([[10, perhaps]]) }).made, [
    "10 is likely 1",
  ]);
});

Deno.test("a face like an unnamed cluster is not somebody's without a question", () => {
  assert.deepEqual(decide([face(10, [like(ANNA, 0.6)], { rival: 0.58 })]).made, ["10 is likely 1"]);
  assert.deepEqual(decide([face(10, [like(ANNA, 0.6)], { rival: 0.4 })]).made, ["10 is 1"]);
});

Deno.test("a no holds, however alike the face is", () => {
  const rejected = new Map([[10, new Set([ANNA])]]);
  assert.deepEqual(decide([face(10, [like(ANNA, 0.99)])], { rejected }).made, []);
  assert.deepEqual(decide([face(10, [like(ANNA, 0.99), like(BEA, 0.4)])], { rejected }).made, [
    "10 is likely 2",
  ]);
});

Deno.test("what was split from somebody's face does not go to them, unless both sides did since", () => {
  const sides = new Map([[10, [{ splitId: 7, side: 0 }]]]);
  const there = new Map([[sideKey({ splitId: 7, side: 1 }), new Set([ANNA])]]);
  const one = [face(10, [like(ANNA, 0.9)])];
  assert.deepEqual(decide(one, { sides, peopleOfSide: there }).made, []);
  const both = new Map([...there, [sideKey({ splitId: 7, side: 0 }), new Set([ANNA])]]);
  assert.deepEqual(decide(one, { sides, peopleOfSide: both }).made, ["10 is 1"]);
  // Neither do two sides of a split in one go.
  const faces = [face(10, [like(ANNA, 0.9)]), face(11, [like(ANNA, 0.8)])];
  const two = new Map([...sides, [11, [{ splitId: 7, side: 1 }]]]);
  assert.deepEqual(decide(faces, { sides: two }).made, ["10 is 1"]);
});

Deno.test("of two faces of a photo the likelier is the person's", () => {
  const photo = { photoId: 5 };
  assert.deepEqual(
    decide([face(10, [like(ANNA, 0.6)], photo), face(11, [like(ANNA, 0.8)], photo)]).made,
    ["11 is 1"],
  );
  // Hardly likelier: they are twins, one of them perhaps unknown.
  assert.deepEqual(
    decide([face(10, [like(ANNA, 0.76)], photo), face(11, [like(ANNA, 0.8)], photo)]).made,
    ["11 is likely 1"],
  );
  assert.deepEqual(
    decide([
      face(10, [like(ANNA, 0.6), like(BEA, 0.4)], photo),
      face(11, [like(ANNA, 0.8)], photo),
    ]).made,
    ["10 is likely 2", "11 is 1"],
  );
});

Deno.test("who is in the photo already stays there, unless the program put a less likely face there", () => {
  const one = [face(10, [like(ANNA, 0.8)])];
  const occupied = (similarity: number | null) => ({
    occupants: new Map([[10, [{ faceId: 99, personId: ANNA, similarity }]]]),
  });
  assert.deepEqual(decide(one, occupied(null)), { made: [], displaced: [] });
  assert.deepEqual(decide(one, occupied(0.85)), { made: [], displaced: [] });
  assert.deepEqual(decide(one, occupied(0.7)), { made: ["10 is 1"], displaced: [99] });
  // A question displaces nobody.
  const likely = [face(10, [like(ANNA, 0.45)])];
  assert.deepEqual(decide(likely, occupied(0.4)), { made: [], displaced: [] });
});

Deno.test("strangers are recognised and never asked about, and are rivals as anybody", () => {
  assert.deepEqual(
    decide([
      face(10, [like(STRANGER, 0.7)]),
      face(11, [like(STRANGER, 0.45)]),
      face(12, [like(STRANGER, 0.62), like(ANNA, 0.6)]),
    ]).made,
    ["10 is 3", "12 is likely 1"],
  );
});

const cosine = fc.integer({ min: 0, max: 100 }).map((x) => x / 100);
const wanting = fc.array(
  fc.record({
    photoId: fc.integer({ min: 1, max: 4 }),
    rival: cosine,
    likenesses: fc.array(fc.tuple(cosine, cosine), { minLength: 3, maxLength: 3 }),
    split: fc.option(fc.record({ splitId: fc.constantFrom(1, 2), side: fc.constantFrom(0, 1) })),
    no: fc.option(fc.constantFrom(ANNA, BEA, STRANGER)),
  }),
  { maxLength: 12 },
).map((all) =>
  all.map(({ likenesses, split, no, ...rest }, i) => ({
    split,
    no,
    ...face(
      i + 1,
      likenesses.map(([a, b], p) => like(p + 1, Math.max(a, b), Math.min(a, b)))
        .sort((a, b) => b.similarity - a.similarity || a.personId - b.personId),
      rest,
    ),
  }))
);

Deno.test("no decision breaks a rule, and their order does not matter", () => {
  fc.assert(fc.property(wanting, fc.nat(), (faces, turn) => {
    const surroundings = around({
      rejected: new Map(faces.flatMap(({ id, no }) => no === null ? [] : [[id, new Set([no])]])),
      sides: new Map(faces.flatMap(({ id, split }) => split === null ? [] : [[id, [split]]])),
    });
    const { made } = decideFaces(faces, PEOPLE, surroundings);
    const of = new Map(faces.map((one) => [one.id, one]));
    assert.equal(new Set(made.map(({ faceId }) => faceId)).size, made.length);
    for (const one of made) {
      const { no, photoId, split, candidates } = of.get(one.faceId)!;
      const { certain, likely, hidden } = PEOPLE.get(one.personId)!;
      const { similarity, support } = candidates.find((c) => c.personId === one.personId)!;
      assert.notEqual(no, one.personId);
      assert(support >= likely && (!one.certain || similarity >= certain));
      assert(one.certain || !hidden);
      for (const other of made) {
        if (other.faceId === one.faceId || other.personId !== one.personId) continue;
        const there = of.get(other.faceId)!;
        assert.notEqual(there.photoId, photoId, "twice in a photo");
        if (!one.certain || !other.certain || split?.splitId !== there.split?.splitId) continue;
        assert(split === null || split.side === there.split!.side, "on both sides of a split");
      }
    }
    const at = faces.length === 0 ? 0 : turn % faces.length;
    const turned = [...faces.slice(at), ...faces.slice(0, at)].reverse();
    assert.deepEqual(new Set(decideFaces(turned, PEOPLE, surroundings).made), new Set(made));
  }));
});
