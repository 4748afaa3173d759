import assert from "node:assert/strict";
import fc from "fast-check";
import { clipGeometry } from "./relevance_testing.ts";
import { readPicture, writePicture } from "./picture_vector.ts";
import { SearchFault } from "./types.ts";

const MODEL = "clip@0123456789ab";
const foreign = (error: unknown) =>
  error instanceof SearchFault && error.code === "foreign_picture" &&
  /choose it again/.test(error.message);

Deno.test("a vector fits into an address and comes back as good as it was", () => {
  const geometry = clipGeometry({ concepts: 5 });
  for (let i = 0; i < 5; i++) {
    const vector = geometry.picture(i);
    const text = writePicture(vector, MODEL);
    assert.match(text, /^[\w-]+$/);
    assert.equal(text.length, Math.ceil((6 + vector.length) * 4 / 3));
    const read = readPicture(text, { key: MODEL, dimension: vector.length });
    const product = (a: Float32Array, b: Float32Array) =>
      a.reduce((sum, x, i) => sum + x * b[i], 0);
    assert.ok(product(read, vector) > 0.999, `${product(read, vector)}`);
    assert.ok(Math.abs(product(read, read) - 1) < 1e-5);
  }
  assert.equal(writePicture(new Float32Array(512).fill(0.044), MODEL).length, 691);
});

Deno.test("a picture of another model, or of none, is refused", () => {
  const text = writePicture(new Float32Array([0.6, 0, -0.8]), MODEL);
  const read = (text: string, key = MODEL, dimension = 3) =>
    assert.throws(() => readPicture(text, { key, dimension }), foreign);
  read(text, "clip@ba9876543210");
  read(text, MODEL, 4);
  read(text.slice(0, -2));
  read(writePicture(new Float32Array(3), MODEL));
  fc.assert(fc.property(fc.string(), (other) => read(other)));
});
