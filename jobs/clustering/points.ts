/** `count` unit vectors of `dim` elements, row-major in one array. */
export interface Points {
  vectors: Float32Array;
  dim: number;
  count: number;
}

/** How far a vector's length may be from 1 before it is refused rather than scaled. */
const LENGTH_TOLERANCE = 1e-3;
/** Length error of a vector that was normalised in float32: anything above is scaled again. */
const FLOAT32_ROUNDING = 1e-6;

/**
 * Checks `vectors` and wraps them: every element finite, every row of length 1 within 1e-3. Rows
 * further from length 1 than float32 rounding (vectors kept in half precision) are scaled in a
 * copy; the caller's array is never written. Throws a RangeError that names the row. `look` is
 * called every few milliseconds.
 */
export function unitPoints(vectors: Float32Array, dim: number, look?: () => void): Points {
  if (!Number.isInteger(dim) || dim < 1) {
    throw new RangeError(`dim is ${dim}; it must be a positive whole number`);
  }
  if (vectors.length % dim !== 0) {
    throw new RangeError(
      `vectors holds ${vectors.length} numbers, which is not a multiple of dim ${dim}; pass n × dim`,
    );
  }
  const count = vectors.length / dim;
  let scaled: Float32Array | undefined;
  for (let row = 0; row < count; row++) {
    if (row % 4096 === 0) look?.();
    const length = rowLength(vectors, { dim, row });
    if (Math.abs(length - 1) <= FLOAT32_ROUNDING) continue;
    scaled ??= copied(vectors, look);
    for (let i = row * dim; i < (row + 1) * dim; i++) scaled[i] = vectors[i] / length;
  }
  return { vectors: scaled ?? vectors, dim, count };
}

function copied(vectors: Float32Array, look?: () => void): Float32Array {
  const copy = new Float32Array(vectors.length), portion = 2 ** 20;
  for (let at = 0; at < copy.length; at += portion) {
    look?.();
    copy.set(vectors.subarray(at, at + portion), at);
  }
  return copy;
}

function rowLength(vectors: Float32Array, { dim, row }: { dim: number; row: number }): number {
  const start = row * dim, end = start + dim, inFours = end - dim % 4;
  // Four sums side by side: one after the other, each addition waits for the last.
  let w = 0, x = 0, y = 0, z = 0;
  for (let i = start; i < inFours; i += 4) {
    w += vectors[i] * vectors[i];
    x += vectors[i + 1] * vectors[i + 1];
    y += vectors[i + 2] * vectors[i + 2];
    z += vectors[i + 3] * vectors[i + 3];
  }
  for (let i = inFours; i < end; i++) w += vectors[i] * vectors[i];
  const sum = w + x + (y + z);
  if (!Number.isFinite(sum)) {
    throw new RangeError(`vector ${row} holds NaN or an infinite number; leave that face out`);
  }
  const length = Math.sqrt(sum);
  if (Math.abs(length - 1) > LENGTH_TOLERANCE) {
    throw new RangeError(
      length === 0
        ? `vector ${row} is all zeros and has no direction; leave that face out`
        : `vector ${row} has length ${length.toPrecision(4)}; scale it to length 1 first`,
    );
  }
  return length;
}

/**
 * Cosine of points p and q in float64, as 1 − |p − q|²/2: unlike a sum of products, which float32
 * lengths put off by 1e-7, this is exactly 1 for equal vectors, and their distance exactly 0.
 */
export function similarity({ vectors, dim }: Points, p: number, q: number): number {
  let sum = 0;
  for (let i = p * dim, j = q * dim, end = i + dim; i < end; i++, j++) {
    const difference = vectors[i] - vectors[j];
    sum += difference * difference;
  }
  return 1 - sum / 2;
}

/** Euclidean distance of two unit vectors of this cosine: 0 to 2. */
export function distance(similarity: number): number {
  return Math.sqrt(Math.max(0, 2 - 2 * similarity));
}

/** The given rows as points of their own, in that order (a copy). */
export function subset({ vectors, dim }: Points, rows: ArrayLike<number>): Points {
  const copy = new Float32Array(rows.length * dim);
  for (let r = 0; r < rows.length; r++) {
    copy.set(vectors.subarray(rows[r] * dim, (rows[r] + 1) * dim), r * dim);
  }
  return { vectors: copy, dim, count: rows.length };
}
