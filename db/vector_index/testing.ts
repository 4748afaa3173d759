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
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 4294967296;
  };
}
