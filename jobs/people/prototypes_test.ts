import assert from "node:assert/strict";
import fc from "fast-check";
import { seeded } from "../clustering/test_support.ts";
import { choosePrototypes, type ConfirmedFace, cosine, MOST_PROTOTYPES } from "./prototypes.ts";

/** A unit vector in the plane at this angle. */
const at = (degrees: number) => {
  const radians = degrees * Math.PI / 180;
  return Float32Array.of(Math.cos(radians), Math.sin(radians));
};
const face = (id: number, vector: Float32Array, quality = 0.8): ConfirmedFace => ({
  id,
  quality,
  vector,
});

Deno.test("a child that grew up keeps prototypes all along its age", () => {
  const faces = Array.from({ length: 181 }, (_, i) => face(i + 1, at(i)));
  const chosen = choosePrototypes(faces);
  assert(chosen.length >= 3 && chosen.length <= MOST_PROTOTYPES);
  for (const { vector } of faces) {
    const nearest = Math.max(...chosen.map((id) => cosine(vector, faces[id - 1].vector)));
    assert(nearest >= Math.cos(26 * Math.PI / 180), "every age is near to some prototype");
  }
});

Deno.test("two looks of which one is rare are both there, near copies only once", () => {
  const common = Array.from({ length: 50 }, (_, i) => face(i + 1, at(i / 10)));
  const rare = [face(100, at(80)), face(101, at(81))];
  const chosen = choosePrototypes([...common, ...rare]);
  assert.equal(chosen.length, 2);
  assert(chosen[0] <= 50 && chosen[1] >= 100);
});

Deno.test("a blurred face stands for somebody only while there is nothing better", () => {
  assert.deepEqual(choosePrototypes([face(1, at(0), 0.1), face(2, at(60), 0.2)]), [1, 2]);
  assert.deepEqual(choosePrototypes([face(1, at(0), 0.1), face(2, at(60), 0.5)]), [2]);
  // Of two that would do, the better one.
  assert.deepEqual(choosePrototypes([face(1, at(0), 0.4), face(2, at(0), 0.9)]), [2]);
});

Deno.test("faces that cannot be compared stand for nobody", () => {
  const broken = [Float32Array.of(0, 0), Float32Array.of(NaN, 1), new Float32Array(0)];
  assert.deepEqual(choosePrototypes(broken.map((vector, i) => face(i + 1, vector))), []);
  assert.deepEqual(
    choosePrototypes([...broken.map((vector, i) => face(i + 1, vector)), face(9, at(3))]),
    [9],
  );
  assert.deepEqual(choosePrototypes([]), []);
});

Deno.test("prototypes are some of the faces, and do not depend on their order", () => {
  const random = seeded(5);
  const unit = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 4, maxLength: 4 })
    .filter((xs) => xs.some((x) => x !== 0)).map((xs) => {
      const length = Math.hypot(...xs);
      return Float32Array.from(xs, (x) => x / length);
    });
  const faces = fc.array(fc.record({ vector: unit, quality: fc.integer({ min: 0, max: 10 }) }), {
    minLength: 1,
    maxLength: 60,
  }).map((all) => all.map(({ vector, quality }, i) => face(i + 1, vector, quality / 10)));
  fc.assert(fc.property(faces, (all) => {
    const chosen = choosePrototypes(all);
    assert(chosen.length >= 1 && chosen.length <= MOST_PROTOTYPES);
    assert.equal(new Set(chosen).size, chosen.length);
    assert(chosen.every((id) => all.some((one) => one.id === id)));
    const shuffled = all.map((one) => ({ one, key: random() })).sort((a, b) => a.key - b.key);
    assert.deepEqual(choosePrototypes(shuffled.map(({ one }) => one)), chosen);
  }));
});
