/** A vector found: the photo's id and the cosine of the angle to the query, −1…1. */
export interface Hit {
  id: number;
  score: number;
}

/** What a search came to. */
export interface Found {
  /** Best first; fewer than asked for where there are fewer. */
  hits: Hit[];
  /** Vectors that could be found: all, or those of `among` that are here. */
  candidates: number;
  /** They are the very nearest, and none was missed. */
  exact: boolean;
}

export interface FindOptions {
  /** Only these ids count, in any order; ids that are not here are no fault. */
  among?: Float64Array;
}

/** Unit vectors of one model under the ids of their photos; all kinds here keep to this. */
export interface VectorIndex {
  readonly size: number;
  has(id: number): boolean;
  /** True if this very vector is under the id. */
  holds(id: number, vector: Float32Array): boolean;
  /** All ids, in no order. */
  ids(): Float64Array;
  /** Adds a vector, or puts it in the place of the one under this id. Throws a RangeError as `checkVector`. */
  add(id: number, vector: Float32Array): void;
  /** Nothing happens if there is none. */
  remove(id: number): void;
  /** The `k` nearest (fewer where there are fewer), best first. Throws a RangeError as `checkVector`. */
  search(vector: Float32Array, k: number, options?: FindOptions): Hit[];
  /** `search`, and what to know about its answer. */
  find(vector: Float32Array, k: number, options?: FindOptions): Found;
}

/**
 * Throws a RangeError unless the vector has `dimension` finite values: a NaN in an index would spoil
 * the order of every later search.
 */
export function checkVector(vector: Float32Array, dimension: number): void {
  if (vector.length !== dimension) {
    throw new RangeError(`A vector has ${vector.length} values; this index holds ${dimension}`);
  }
  if (!vector.every(Number.isFinite)) {
    throw new RangeError("A vector has a value that is no finite number");
  }
}

/** Throws a RangeError unless `k` is a whole number from 1. */
export function checkCount(k: number): void {
  if (!Number.isSafeInteger(k) || k < 1) {
    throw new RangeError(`Cannot look for ${k} neighbours: it must be a whole number from 1`);
  }
}

/** Throws a RangeError unless `id` is a whole number that a double holds exactly. */
export function checkId(id: number): void {
  if (!Number.isSafeInteger(id)) throw new RangeError(`${id} is no id of a photo`);
}

/** True if every number is the same. */
export function sameVector(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}
