import assert from "node:assert/strict";
import { seeded } from "../clustering/test_support.ts";
import { type Known, scoreFaces } from "./score.ts";
import { cosine } from "./prototypes.ts";

const DIMENSION = 6;

function randomVectors(count: number, random: () => number): Float32Array {
  const vectors = new Float32Array(count * DIMENSION);
  for (let row = 0; row < count; row++) {
    const one = Array.from({ length: DIMENSION }, () => random() - 0.5);
    const length = Math.hypot(...one);
    vectors.set(one.map((x) => x / length), row * DIMENSION);
  }
  return vectors;
}

const rowOf = (vectors: Float32Array, row: number) =>
  vectors.subarray(row * DIMENSION, (row + 1) * DIMENSION);

Deno.test("every face is compared with every prototype, whatever the sizes", async () => {
  const random = seeded(3);
  const people: Known[] = [];
  let rows = 0;
  // More prototypes than one block of columns takes.
  for (let id = 1; rows < 1500; id++) {
    const to = rows + 1 + Math.floor(random() * 8);
    people.push({ id, hidden: false, certain: 0.5, likely: 0.3, from: rows, to });
    rows = to;
  }
  const covers = randomVectors(1100, random);
  const gallery = {
    dimension: DIMENSION,
    people,
    vectors: randomVectors(rows, random),
    // One block of more rows than are multiplied at once, and a small one.
    rivals: [covers.subarray(0, 30 * DIMENSION), covers.subarray(30 * DIMENSION)],
  };
  const faces = randomVectors(130, random);
  let turns = 0;
  const floor = 0.9;
  const turn = () => Promise.resolve(void turns++);
  const likenesses = await scoreFaces(gallery, faces, { floor, turn });
  assert.equal(likenesses.length, 130);
  assert(turns >= 3, "others have a turn in between");
  likenesses.forEach(({ candidates, rival }, face) => {
    const expected = people.map(({ id, from, to }) => {
      const cosines = Array.from(
        { length: to - from },
        (_, i) => cosine(rowOf(faces, face), rowOf(gallery.vectors, from + i)),
      ).sort((a, b) => b - a);
      const nearest = cosines.slice(0, 3);
      return {
        personId: id,
        similarity: cosines[0],
        support: nearest.reduce((sum, one) => sum + one, 0) / nearest.length,
      };
    }).filter(({ similarity }) => similarity >= floor)
      .sort((a, b) => b.similarity - a.similarity).slice(0, 8);
    assert.deepEqual(
      candidates.map(({ personId }) => personId),
      expected.map(({ personId }) => personId),
    );
    candidates.forEach(({ similarity, support }, i) => {
      assert(Math.abs(similarity - expected[i].similarity) < 1e-5);
      assert(Math.abs(support - expected[i].support) < 1e-5);
    });
    const likest = Math.max(
      ...Array.from(
        { length: 1100 },
        (_, i) => cosine(rowOf(faces, face), rowOf(covers, i)),
      ),
    );
    assert(Math.abs(rival - likest) < 1e-5);
  });
});

Deno.test("a face without a usable vector is like nobody, and spoils no other", async () => {
  const vectors = Float32Array.of(1, 0, 0, 0, 0, 0);
  const gallery = {
    dimension: DIMENSION,
    people: [{ id: 1, hidden: false, certain: 0.5, likely: 0.3, from: 0, to: 1 }],
    vectors,
    rivals: [vectors],
  };
  const faces = Float32Array.of(NaN, 0, 0, 0, 0, 0, ...vectors, 0, 0, 0, 0, 0, 0);
  const turn = () => Promise.resolve();
  const [broken, whole, empty] = await scoreFaces(gallery, faces, { floor: 0.2, turn });
  assert.deepEqual(broken, { candidates: [], rival: -1 });
  assert.deepEqual(whole, { candidates: [{ personId: 1, similarity: 1, support: 1 }], rival: 1 });
  assert.deepEqual(empty.candidates, []);
});

Deno.test("where nobody is known, nobody is like anybody", async () => {
  const gallery = {
    dimension: DIMENSION,
    people: [],
    vectors: new Float32Array(0),
    rivals: [],
  };
  const turn = () => Promise.resolve();
  const faces = randomVectors(2, seeded(1));
  assert.deepEqual(
    await scoreFaces(gallery, faces, { floor: 0, turn }),
    Array(2).fill({ candidates: [], rival: -1 }),
  );
  assert.deepEqual(await scoreFaces(gallery, new Float32Array(0), { floor: 0, turn }), []);
});
