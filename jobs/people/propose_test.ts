import assert from "node:assert/strict";
import fc from "fast-check";
import { type FaceStates, type Judge, type Party, propose } from "./propose.ts";

const ANN = 1, BOB = 2, STRANGER = 9;

/**
 * Faces written as "label whose", such as "0 Ann!" (confirmed), "0 Ann?" (assigned by the program),
 * "0" (nobody's), "0 gone", "- Ann!" (in no group).
 */
function given(faces: string[]) {
  const ids: Record<string, number> = { Ann: ANN, Bob: BOB, Stranger: STRANGER };
  const parts = faces.map((face) => /^(-|\d+) ?([A-Za-z]*)([!?]?)$/.exec(face)!);
  const states: FaceStates = {
    people: Float64Array.from(parts, ([, , whose]) => ids[whose] ?? 0),
    confirmed: Uint8Array.from(parts, ([, , , mark]) => mark === "!" ? 1 : 0),
    gone: Uint8Array.from(parts, ([, , whose]) => whose === "gone" ? 1 : 0),
  };
  return {
    labels: Int32Array.from(parts, ([, label]) => label === "-" ? -1 : +label),
    faces: states,
  };
}

/** Similarities of all faces to anybody, by place; .5 where none is given. */
function judge(similarities: Record<number, number> = {}): Judge {
  const parties = new Map<number, Party>([
    [ANN, { hidden: false, certain: .7, likely: .5 }],
    [BOB, { hidden: false, certain: .7, likely: .5 }],
    [STRANGER, { hidden: true, certain: .7, likely: .5 }],
  ]);
  return {
    party: (id) => parties.get(id) ?? null,
    similarities: (faces) => Promise.resolve(faces.map((face) => similarities[face] ?? .5)),
  };
}

const at_once = () => Promise.resolve();
const outcome = (faces: string[], similarities?: Record<number, number>) =>
  propose(given(faces), judge(similarities), at_once);

Deno.test("groups of nobody's faces are groups; what is gone is in none", async () => {
  const { groups, candidates, recognised } = await outcome([
    "0",
    "1",
    "0",
    "1 gone",
    "-",
    "0",
    "1",
    "2",
    "2 gone",
  ]);
  assert.deepEqual(groups, [[0, 2, 5], [1, 6]]);
  assert.deepEqual([candidates, recognised], [[], []]);
});

Deno.test("with somebody's confirmed faces: asked to join them, and a group until then", async () => {
  const { groups, candidates } = await outcome(["0 Ann!", "0", "0", "0 Ann?"], { 1: .6, 2: .3 });
  assert.deepEqual(groups, [[1, 2]]);
  assert.deepEqual(candidates, [
    { kind: "joined", personId: ANN, toPersonId: null, faces: [1, 2], similarities: [.6, .3] },
  ]);
});

Deno.test("a single face is left to the matching", async () => {
  const { groups, candidates } = await outcome(["0 Ann!", "0 Ann!", "0"]);
  assert.deepEqual([groups, candidates], [[], []]);
});

Deno.test("what the program gave Ann and is among Bob's confirmed faces: moved to Bob?", async () => {
  const { groups, candidates } = await outcome(["0 Bob!", "0 Ann?", "0 Bob?", "1 Ann!", "1 Ann!"]);
  assert.deepEqual(groups, []);
  assert.deepEqual(candidates, [
    { kind: "moved", personId: ANN, toPersonId: BOB, faces: [1], similarities: [.5] },
  ]);
});

Deno.test("what the program gave Ann, among nobody's faces", async (t) => {
  const faces = ["0 Ann?", "0", "0", "0", "1 Ann!", "1"];
  await t.step("not hers after all, where they are unlike her", async () => {
    const { groups, candidates } = await outcome(faces, { 1: .1, 2: .2, 3: .3 });
    assert.deepEqual(groups, [[1, 2, 3]]);
    assert.deepEqual(candidates, [
      { kind: "split", personId: ANN, toPersonId: null, faces: [0], similarities: [.5] },
    ]);
  });
  await t.step("hers too, where they are like her", async () => {
    const { candidates } = await outcome(faces);
    assert.deepEqual(candidates.map(({ kind, faces }) => [kind, faces]), [["joined", [1, 2, 3]]]);
  });
  await t.step("nothing, where her confirmed faces are in no group", async () => {
    const nowhere = faces.map((face) => face.replace("1", "-"));
    assert.deepEqual((await outcome(nowhere, { 1: .1, 2: .2, 3: .3 })).candidates, []);
  });
  await t.step("nothing, beside one other face", async () => {
    const few = ["0 Ann?", "0 Ann?", "0", "1 Ann!", "1 Ann!"];
    assert.deepEqual((await outcome(few, { 2: .1 })).candidates, []);
  });
});

Deno.test("strangers take who is certain, and nobody is asked about them", async () => {
  const { groups, candidates, recognised } = await outcome(
    ["0 Stranger!", "0", "0", "0", "0 Ann?", "1 Stranger?", "1", "1"],
    { 1: .9, 2: .69, 3: .69, 6: .1, 7: .1 },
  );
  assert.deepEqual(recognised, [{ face: 1, personId: STRANGER, similarity: .9 }]);
  assert.deepEqual(groups, [[2, 3], [6, 7]]);
  assert.deepEqual(candidates.map(({ kind, personId, faces }) => [kind, personId, faces]), [
    ["split", ANN, [4]],
  ]);
});

Deno.test("two people in one group, named while it was made: nothing is said", async () => {
  const { groups, candidates } = await outcome(["0 Ann!", "0 Bob!", "0", "0", "0 Ann?"]);
  assert.deepEqual(groups, [[2, 3]]);
  assert.deepEqual(candidates, []);
});

const whose = fc.constantFrom(
  "",
  "",
  "",
  " Ann!",
  " Ann?",
  " Bob!",
  " Bob?",
  " Stranger!",
  " gone",
);
const face = fc.tuple(fc.constantFrom("-", "0", "1", "2", "3"), whose).map(([a, b]) => a + b);

Deno.test("confirmed faces are in no group, no question and no answer; each other face in one", async () => {
  await fc.assert(fc.asyncProperty(fc.array(face, { maxLength: 40 }), async (faces) => {
    const { groups, candidates, recognised } = await outcome(faces);
    const { faces: states } = given(faces);
    const placed = [...groups.flat(), ...recognised.map(({ face }) => face)];
    assert.equal(new Set(placed).size, placed.length);
    for (const face of placed) assert.equal(states.people[face] + states.gone[face], 0);
    const asked = candidates.flatMap(({ faces }) => faces);
    for (const face of asked) assert.equal(states.confirmed[face] + states.gone[face], 0);
    assert.equal(new Set(asked).size, asked.length, "nobody is asked twice about a face");
    for (const { personId, toPersonId } of candidates) {
      assert.notEqual(personId, toPersonId);
      assert.ok(personId !== STRANGER || toPersonId !== null);
    }
  }));
});
