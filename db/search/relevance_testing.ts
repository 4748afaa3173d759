import { generator, unit } from "../vector_index/testing.ts";
/**
 * A model of CLIP's geometry, the same every time: texts lie in one narrow cone and pictures in
 * another, a text and a picture that have nothing in common have a cosine of .1 to .25, one of the
 * same concept .1 more (Liang et al. 2022, "Mind the gap"). Concepts of a family are alike, some
 * texts go with everything a little, and some pictures do.
 */
export interface Geometry {
  text(concept: number | null): Float32Array;
  picture(concept: number | null): Float32Array;
}

export const DIMENSION = 256;
/** Everything that differs does so in so few directions, as in the real ones. */
const INNER = 96;
const FAMILY = 5;

export function clipGeometry(
  { concepts, seed = 1 }: { concepts: number; seed?: number },
): Geometry {
  const random = generator(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const direction = (dimensions = INNER) =>
    unit(Float32Array.from({ length: DIMENSION }, (_, i) => i < dimensions ? normal() : 0));
  // The two cones, .33 apart as cosines go, both off the directions that differ.
  const pictures = axis(DIMENSION - 1);
  const texts = unit(sum([[0.33, pictures], [0.94, axis(DIMENSION - 2)]]));
  const families = Array.from({ length: Math.ceil(concepts / FAMILY) }, () => direction());
  const own = Array.from(
    { length: concepts },
    (_, i) => unit(sum([[0.5, families[Math.floor(i / FAMILY)]], [0.87, direction()]])),
  );
  const nothing = direction();

  return {
    text(concept) {
      const about: [number, Float32Array] = concept === null
        ? [0.3, nothing]
        : [0.42, own[concept]];
      return unit(sum([[0.78 + 0.04 * normal(), texts], about, [0.4, direction()]]));
    },
    picture(concept) {
      const about: [number, Float32Array] = concept === null ? [0, nothing] : [0.34, own[concept]];
      const hub = Math.max(0, 0.03 * normal());
      return unit(sum([[0.72, pictures], about, [0.55, direction()], [hub, texts]]));
    },
  };
}

const axis = (at: number) => Float32Array.from({ length: DIMENSION }, (_, i) => i === at ? 1 : 0);

// Plain loops: a test makes thousands of these.
function sum(parts: [number, Float32Array][]): Float32Array {
  const all = new Float32Array(DIMENSION);
  for (const [weight, vector] of parts) {
    for (let i = 0; i < DIMENSION; i++) all[i] += weight * vector[i];
  }
  return all;
}

/** The product of a text with each of the pictures. */
export function scores(query: Float32Array, pictures: Float32Array[]): Float32Array {
  return Float32Array.from(pictures, (picture) => {
    let score = 0;
    for (let i = 0; i < DIMENSION; i++) score += query[i] * picture[i];
    return score;
  });
}
