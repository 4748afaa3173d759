import { normalise, seeded } from "../jobs/clustering/test_support.ts";

const DIM = 512;
/** Part of the faces that belong to nobody else's. */
const STRANGERS = .2;

/**
 * Vectors as face models make them, from a seed: two faces of a person at a cosine of .60 ± .09, of
 * two people at .043 ± .08 in some 150 effective dimensions, a fifth strangers seen once, and people
 * of 3 to a twentieth of all pictures, most of them of few (∝ size^−1.7). In random order. Such data
 * proves speed and correctness and does not rank ways of clustering.
 */
export function embeddings(count: number, seed: number): {
  vectors: Float32Array;
  /** Per face: whose it is, −1 for a stranger. */
  people: Int32Array;
} {
  const random = seeded(seed), normal = gaussian(random);
  const population = populationOf(normal);
  const vectors = new Float32Array(count * DIM), people = new Int32Array(count).fill(-1);
  const places = shuffled(count, random);
  let placed = 0;
  peopleSizes(Math.round(count * (1 - STRANGERS)), random).forEach((size, person) => {
    const centre = population.one();
    const coherence = clamped(.775 + .03 * normal(), .68, .86);
    for (let face = 0; face < size; face++) {
      const near = clamped(coherence + .067 * normal(), .45, .94);
      const other = population.look();
      const away = Math.sqrt(1 - near * near);
      const place = places[placed++];
      people[place] = person;
      for (let i = 0; i < DIM; i++) vectors[place * DIM + i] = near * centre[i] + away * other[i];
    }
  });
  while (placed < count) vectors.set(population.one(), places[placed++] * DIM);
  return { vectors: normalise(vectors, DIM), people };
}

/** Faces of anybody, and the ways in which one person's differ; both of length 1. */
function populationOf(normal: () => number) {
  const variances = Float64Array.from({ length: DIM }, (_, i) => (i + 1) ** -.74);
  const all = variances.reduce((sum, variance) => sum + variance, 0);
  const deviations = variances.map((variance) => Math.sqrt(variance / all));
  // What all faces have in common.
  const mean = unit(() => normal()).map((x) => x * Math.sqrt(.065));
  return {
    one: () => unit((i) => mean[i] + Math.sqrt(.935) * deviations[i] * normal()),
    look: () => unit((i) => (.6 * deviations[i] + .4 / Math.sqrt(DIM)) * normal()),
  };
}

function unit(element: (i: number) => number): Float32Array {
  return normalise(Float32Array.from({ length: DIM }, (_, i) => element(i)), DIM);
}

function peopleSizes(faces: number, random: () => number): number[] {
  const largest = Math.max(30, Math.floor(faces / 16));
  const weights = Array.from({ length: largest - 2 }, (_, i) => (i + 3) ** -1.7);
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const sizes: number[] = [];
  for (let left = faces; left > 0;) {
    let at = random() * all, size = 3;
    while (size < largest && (at -= weights[size - 3]) > 0) size++;
    size = left - size < 3 ? left : size;
    sizes.push(size);
    left -= size;
  }
  return sizes;
}

/** Two at a time by Box and Muller's method. */
function gaussian(random: () => number): () => number {
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - random())), angle = 2 * Math.PI * random();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

function shuffled(count: number, random: () => number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

function clamped(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
