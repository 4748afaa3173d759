import assert from "node:assert/strict";
import type hnswlib from "hnswlib-node";
import { findCompiler, loadHnswlib } from "./addon.ts";
import type { FindOptions, VectorIndex } from "./index.ts";

/** Vectors for tests: the same ones every time. */
export interface Clustered {
  vectors: Float32Array[];
  /** More vectors from the same clusters. */
  queries: Float32Array[];
}

/** Unit vectors in clusters of about 50, as pictures of the same things lie. */
export function clusteredVectors(
  count: number,
  dimension: number,
  options: { queries: number; seed?: number },
): Clustered {
  const random = generator(options.seed ?? 1);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const centres = Array.from(
    { length: Math.ceil(count / 50) },
    () => unit(Float32Array.from({ length: dimension }, normal)),
  );
  const one = () => {
    const centre = centres[Math.floor(random() * centres.length)];
    return unit(centre.map((value) => value + 0.8 * normal() / Math.sqrt(dimension)));
  };
  return {
    vectors: Array.from({ length: count }, one),
    queries: Array.from({ length: options.queries }, one),
  };
}

export function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

/** mulberry32. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 4294967296;
  };
}

/** The real addon; a machine that cannot build it is told so, one that could have is at fault. */
export async function withHnswlib(
  test: (library: typeof hnswlib) => void | Promise<void>,
): Promise<void> {
  const library = loadHnswlib();
  if (library) return await test(library);
  assert.equal(await findCompiler(), null, 'hnswlib is not built: run "deno task build"');
  console.warn("There is no C++ compiler, so hnswlib is not built: it was not tested");
}

/** The share of the true `k` nearest that the index finds. */
export function recall(
  index: VectorIndex,
  exact: VectorIndex,
  queries: Float32Array[],
  { k = 10, ...options }: FindOptions & { k?: number } = {},
): number {
  const shares = queries.map((query) => {
    const truth = new Set(exact.search(query, k, options).map((hit) => hit.id));
    return index.search(query, k, options).filter((hit) => truth.has(hit.id)).length / truth.size;
  });
  return shares.reduce((sum, share) => sum + share, 0) / queries.length;
}
