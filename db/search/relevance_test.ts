import assert from "node:assert/strict";
import { countRelevant, describe, measureNull, upperTail } from "./relevance.ts";
import { clipGeometry, type Geometry, scores } from "./relevance_testing.ts";

const CONCEPTS = 100;

/** A library whose picture `i` is of `conceptOf(i)`, and how a text finds what is in it. */
function library(size: number, conceptOf: (i: number) => number) {
  const geometry: Geometry = clipGeometry({ concepts: CONCEPTS });
  const concepts = Array.from({ length: size }, (_, i) => conceptOf(i));
  const pictures = concepts.map((concept) => geometry.picture(concept));
  const step = Math.max(1, Math.floor(size / 2000));
  const sample = pictures.filter((_, i) => i % step === 0);
  const texts = [
    ...Array.from({ length: 90 }, (_, i) => i % CONCEPTS),
    ...Array.from({ length: 16 }, () => null),
  ];
  const background = measureNull(
    texts.map((text) => describe(scores(geometry.text(text), sample), text === null)),
  );
  return {
    /** How many are shown for a text about a concept (null: about nothing), and how many are of it. */
    find(concept: number | null, { window = 200 }: { window?: number } = {}) {
      const text = geometry.text(concept);
      const own = scores(text, sample);
      const p = background.of(own);
      const hits = Array.from(scores(text, pictures), (score, i) => ({ score, of: concepts[i] }))
        .sort((a, b) => b.score - a.score).slice(0, window);
      const shown = countRelevant(hits, { candidates: size, p, own });
      const right = hits.slice(0, shown).filter(({ of }) => of === concept).length;
      return { shown, right, best: 1 - p(hits[0].score) };
    },
  };
}

/** Finds each of these, `times` times, and adds up. */
function findAll(
  library: { find(concept: number | null): { shown: number; right: number } },
  concepts: (number | null)[],
) {
  const found = concepts.map((concept) => library.find(concept));
  return {
    any: found.filter(({ shown }) => shown > 0).length,
    shown: found.reduce((sum, { shown }) => sum + shown, 0),
    right: found.reduce((sum, { right }) => sum + right, 0),
  };
}

const nothing = (count: number) => Array.from({ length: count }, () => null);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

Deno.test("in a library of many things a text finds its own, and nonsense finds nothing", () => {
  const many = library(3000, (i) => i % 60);
  const { any, shown, right } = findAll(many, range(0, 60));
  assert.ok(any >= 55, `${any} of 60 concepts find something`);
  // Of the others most are of the same family of concepts.
  assert.ok(right >= 0.7 * shown, `${right} of ${shown} shown are right`);
  assert.ok(right >= 0.6 * 3000, `${right} of 3000 pictures are shown for what they are`);
  assert.ok(findAll(many, nothing(60)).any <= 6);
  assert.ok(findAll(many, range(60, 100)).any <= 6, "concepts that no picture is of");
});

Deno.test("a library of one thing shows it, and little else", () => {
  const dogs = library(2000, () => 7);
  const found = dogs.find(7, { window: 2000 });
  assert.ok(found.shown > 1800, `${found.shown} of 2000 are shown`);
  assert.ok(findAll(dogs, nothing(60)).any <= 6);
});

Deno.test("a rank is concluded from the sample where most of the library is meant", () => {
  const mostly = library(4000, (i) => i % 10 ? 7 : i % 60);
  // Two hundred hits alone are less than a fifth of what chance would bring among 4,000.
  assert.equal(mostly.find(7).shown, 200);
});

Deno.test("three pictures are enough to tell", () => {
  const few = library(3, (i) => i * 10);
  const { any, right } = findAll(few, [0, 10, 20, 0, 10, 20]);
  assert.ok(any >= 4 && right >= 4, `${any} found, ${right} right`);
  // One in ten passes, and of sixty no more than ten then, 97 times of a hundred.
  const { any: wrong } = findAll(few, nothing(60));
  assert.ok(wrong <= 10, `${wrong} of 60 find something`);
});

Deno.test("relevance rises with the score, from about a half to almost one", () => {
  const geometry = clipGeometry({ concepts: CONCEPTS });
  const pictures = range(0, 500).map((i) => geometry.picture(i % 60));
  const texts = range(0, 80);
  const { of } = measureNull(
    texts.map((text) => describe(scores(geometry.text(text), pictures), false)),
  );
  const own = scores(geometry.text(3), pictures);
  const p = of(own);
  const sorted = own.toSorted();
  let before = 1;
  for (const score of sorted) {
    assert.ok(p(score) <= before + 1e-6 && p(score) >= 0);
    before = p(score);
  }
  assert.ok(Math.abs(p(sorted[250]) - 0.5) < 0.2);
  assert.ok(p(sorted[499]) < 1e-3);
});

Deno.test("the tail of the normal distribution", () => {
  const known = [[0, 0.5], [1, 0.158655], [2, 0.0227501], [3, 0.00134990], [5, 2.86652e-7], [
    8,
    6.22096e-16,
  ]];
  for (const [z, expected] of known) {
    assert.ok(Math.abs(upperTail(z) / expected - 1) < 1e-3, `${z}: ${upperTail(z)}`);
    assert.ok(Math.abs(upperTail(-z) - (1 - expected)) < 1e-6);
  }
});
