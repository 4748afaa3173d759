/**
 * What the tests of this folder share: reference data, and measures of agreement of two labellings.
 */

const ROOT = Deno.env.get("SAFELIGHT_TEST_DATA");

/** Runs `test` with the reference folder; says so once a test where it is not there. */
export function withReference(test: (folder: string) => Promise<void>): () => Promise<void> {
  return async () => {
    if (ROOT) return await test(`${ROOT}/reference/hdbscan`);
    console.warn(
      "SAFELIGHT_TEST_DATA is not set: clustering not checked against the reference data",
    );
  };
}

export const floats32 = (path: string) => new Float32Array(bytes(path));
export const floats64 = (path: string) => new Float64Array(bytes(path));
export const integers32 = (path: string) => new Int32Array(bytes(path));

function bytes(path: string): ArrayBuffer {
  return Deno.readFileSync(path).slice().buffer;
}

/**
 * Points labelled differently once the clusters of `a` are renamed to those of `b` (one to one).
 */
export function differing(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const there = new Map<number, number>(), back = new Map<number, number>();
  let count = Math.abs(a.length - b.length);
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] >= 0 && b[i] >= 0 && !there.has(a[i]) && !back.has(b[i])) {
      there.set(a[i], b[i]);
      back.set(b[i], a[i]);
    }
    if (a[i] < 0 || b[i] < 0 ? a[i] >= 0 || b[i] >= 0 : there.get(a[i]) !== b[i]) count++;
  }
  return count;
}

interface Agreement {
  /** Adjusted Rand index. */
  ari: number;
  /** Harmonic mean of the precision and the recall of pairs, `b` being the truth. */
  pairF: number;
}

/** How well two labellings agree, each noise point (−1) counted as a cluster of its own. */
export function agreement(a: ArrayLike<number>, b: ArrayLike<number>): Agreement {
  const inBoth = new Map<string, number>(),
    inA = new Map<string, number>(),
    inB = new Map<string, number>();
  for (let i = 0; i < a.length; i++) {
    const x = a[i] < 0 ? `noise ${i}` : `${a[i]}`, y = b[i] < 0 ? `noise ${i}` : `${b[i]}`;
    for (const [counts, key] of [[inBoth, `${x} | ${y}`], [inA, x], [inB, y]] as const) {
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  const pairs = (counts: Map<string, number>) =>
    [...counts.values()].reduce((sum, count) => sum + count * (count - 1) / 2, 0);
  const both = pairs(inBoth), ofA = pairs(inA), ofB = pairs(inB);
  const byChance = ofA * ofB / (a.length * (a.length - 1) / 2);
  return {
    ari: (both - byChance) / ((ofA + ofB) / 2 - byChance),
    pairF: 2 * both / (ofA + ofB),
  };
}

/** Numbers 0 to below 1 from a seed (mulberry32). */
export function seeded(seed: number): () => number {
  return () => {
    seed = seed + 0x6d2b79f5 | 0;
    let t = Math.imul(seed ^ seed >>> 15, 1 | seed);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 2 ** 32;
  };
}

/** Scales every row to length 1, in place. */
export function normalise(vectors: Float32Array, dim: number): Float32Array {
  for (let start = 0; start < vectors.length; start += dim) {
    const row = vectors.subarray(start, start + dim);
    const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
    for (let i = 0; i < dim; i++) row[i] /= length;
  }
  return vectors;
}

/** The rows at these positions. */
export function pick(vectors: Float32Array, dim: number, rows: number[]): Float32Array {
  const picked = new Float32Array(rows.length * dim);
  rows.forEach((row, i) => picked.set(vectors.subarray(row * dim, (row + 1) * dim), i * dim));
  return picked;
}

/** 0 … count − 1 in random order. */
export function shuffled(count: number, random: () => number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** `count` people of `pictures` faces each, near each other in 32 dimensions, in turn. */
export function people(count: number, pictures: number) {
  const random = seeded(1);
  const centres = Array.from(
    { length: count },
    () => Array.from({ length: 32 }, () => random() - .5),
  );
  const persons = Array.from({ length: count * pictures }, (_, i) => i % count);
  const vectors = persons.flatMap((p) => centres[p].map((x) => x + .3 * (random() - .5)));
  return { vectors: normalise(Float32Array.from(vectors), 32), persons };
}
