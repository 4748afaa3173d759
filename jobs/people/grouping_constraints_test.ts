import assert from "node:assert/strict";
import { takeApart } from "./face_states.ts";
import { constraintsOf, placesOf } from "./grouping_constraints.ts";

const ANN = 100, BOB = 200;

/** Six faces with the ids 10, 20, … 60: two of Ann's, one of Bob's, three of nobody. */
const FACES = {
  turn: 1,
  loadedAt: "",
  seen: 6,
  ids: [10, 20, 30, 40, 50, 60],
  vectors: new Float32Array(0),
  photos: Int32Array.of(0, 1, 2, 2, 3, 4),
  people: Int32Array.of(0, 0, 1, -1, -1, -1),
  peopleIds: [ANN, BOB],
  unusable: [],
};

const plain = (apart: { one: Int32Array; other: Int32Array }[] | undefined) =>
  apart!.map(({ one, other }) => [[...one], [...other]]);

Deno.test("ids are found by bisection, those that take no part are left out", () => {
  assert.deepEqual([...placesOf([60, 5, 10, 35, 30, 99], FACES.ids)], [5, 0, 2]);
  assert.deepEqual([...placesOf([1], [])], []);
});

Deno.test("photos, people, rejections and splits become constraints", async () => {
  const constraints = await constraintsOf(FACES, {
    rejections: [
      { personId: ANN, faceIds: [40, 50, 77] },
      // Nobody of whom any face takes part; and a face that is somebody else's for certain.
      { personId: 300, faceIds: [40] },
      { personId: BOB, faceIds: [10] },
    ],
    splits: [{ sides: [[40, 1], [50, 60]] }, { sides: [[40], [2]] }],
  });
  assert.deepEqual(constraints.photos, FACES.photos);
  assert.deepEqual(constraints.people, FACES.people);
  assert.deepEqual(plain(constraints.apart), [[[3, 4], [0, 1]], [[3], [4, 5]]]);
});

Deno.test("who was put together again after a split stays together", async () => {
  const noes = {
    rejections: [],
    splits: [{ sides: [[10, 30], [20, 40]] as [number[], number[]] }],
  };
  assert.deepEqual(plain((await constraintsOf(FACES, noes)).apart), [[[2], [3]]]);
  const all = { rejections: [], splits: [{ sides: [[10], [20]] as [number[], number[]] }] };
  assert.deepEqual(plain((await constraintsOf(FACES, all)).apart), []);
});

Deno.test("a large library is gone over once, and others have a turn in between", async () => {
  const count = 100_000, persons = 500;
  const people = Int32Array.from({ length: count }, (_, at) => at % 2 === 0 ? at % persons : -1);
  let reads = 0, turns = 0, most = 0;
  // Counts the faces that are looked at between two turns.
  const counted = new Proxy(people, {
    get(target, key) {
      if (typeof key === "string" && /^\d+$/.test(key)) most = Math.max(most, ++reads);
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const faces = {
    ...FACES,
    seen: count,
    ids: Array.from({ length: count }, (_, at) => at + 1),
    photos: new Int32Array(count),
    people: counted,
    peopleIds: Array.from({ length: persons }, (_, person) => person + 1),
  };
  const rejections = faces.peopleIds.map((personId) => ({ personId, faceIds: [2, 4] }));
  const { apart } = await constraintsOf(faces, { rejections, splits: [] }, () => {
    turns++;
    reads = 0;
    return Promise.resolve();
  });
  // Every second of the people has faces.
  assert.equal(apart!.length, persons / 2);
  assert.ok(apart!.every(({ one, other }) => one.length === 2 && other.length === count / persons));
  assert.ok(turns >= count / 2048 && most <= 3 * 2048, `${turns} turns, ${most} faces in one`);
});

Deno.test("what was split while the grouping ran is taken apart", () => {
  const faces = {
    people: Float64Array.of(0, 0, 0, 0, ANN, ANN),
    confirmed: Uint8Array.of(0, 0, 0, 0, 1, 1),
    gone: new Uint8Array(6),
  };
  const labels = Int32Array.of(0, 0, 0, 1, 1, 1);
  const apart = (...sides: [number[], number[]][]) => [
    ...takeApart(labels, { splits: sides.map((sides) => ({ sides })), ids: FACES.ids, faces }),
  ];
  assert.deepEqual(apart(), [0, 0, 0, 1, 1, 1]);
  assert.deepEqual(apart([[10], [20, 30]]), [0, 2, 2, 1, 1, 1]);
  assert.deepEqual(apart([[10], [20, 30]], [[20], [30]]), [0, 2, 3, 1, 1, 1]);
  assert.deepEqual(apart([[10], [40]]), [0, 0, 0, 1, 1, 1], "they are apart");
  assert.deepEqual(apart([[50], [60]]), [0, 0, 0, 1, 1, 1], "somebody said they are the same");
  assert.deepEqual(apart([[50, 60], [40]]), [0, 0, 0, 2, 1, 1]);
  assert.deepEqual([...labels], [0, 0, 0, 1, 1, 1]);
});
