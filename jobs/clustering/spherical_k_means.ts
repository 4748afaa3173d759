import { type Points, subset } from "./points.ts";
import type { ProductBackend } from "./products.ts";
import type { Step } from "./steps.ts";

export interface KMeansOptions {
  products: ProductBackend;
  step: Step;
}

/** Centres need not settle: after these, another round finds hardly a neighbour more. */
const ROUNDS = 4;
/** Points looked at per centre: enough for their means, whatever the size of the library. */
const SAMPLE = 32;

/** What `sphericalKMeans` takes: products, and sums over points, each like a similarity or two. */
export function kMeansWork(
  count: number,
  centres: number,
): { products: number; singles: number } {
  const sample = Math.min(count, SAMPLE * centres);
  return { products: ROUNDS * sample * centres, singles: 1.5 * ROUNDS * sample + .3 * count };
}

/**
 * `centres` unit vectors around which the points gather, row-major: k-means by cosine on a sample.
 * Sample and first centres are chosen by the points' content and taken in its order, so that the
 * order of points does not matter. A centre that nobody is nearest to moves to the point that fits
 * its own centre worst.
 */
export async function sphericalKMeans(
  points: Points,
  centres: number,
  { products, step }: KMeansOptions,
): Promise<Float32Array> {
  const { dim } = points;
  const sample = subset(points, byContent(points, SAMPLE * centres, step));
  const means = sample.vectors.slice(0, centres * dim);
  for (let round = 0; round < ROUNDS; round++) {
    const { nearest, cosines } = await nearestCentres(sample, means, {
      products,
      step: (part) => step((round + part) / ROUNDS),
    });
    const sums = new Float64Array(centres * dim), sizes = new Int32Array(centres);
    for (let p = 0; p < sample.count; p++) {
      const from = p * dim, to = nearest[p] * dim;
      sizes[nearest[p]]++;
      for (let i = 0; i < dim; i++) sums[to + i] += sample.vectors[from + i];
    }
    for (let c = 0; c < centres; c++) {
      if (sizes[c] === 0) {
        const p = cosines.reduce((worst, cosine, at) => cosine < cosines[worst] ? at : worst, 0);
        cosines[p] = Infinity;
        means.set(sample.vectors.subarray(p * dim, (p + 1) * dim), c * dim);
      } else normalised(sums.subarray(c * dim, (c + 1) * dim), means.subarray(c * dim));
    }
  }
  step(1);
  return means;
}

async function nearestCentres(
  { vectors, dim, count }: Points,
  centres: Float32Array,
  { products, step }: KMeansOptions,
): Promise<{ nearest: Int32Array; cosines: Float32Array }> {
  const nearest = new Int32Array(count), cosines = new Float32Array(count).fill(-Infinity);
  const { rowBlock, columnBlock } = products;
  for (let top = 0; top < count; top += rowBlock) {
    const bottom = Math.min(count, top + rowBlock);
    const rows = vectors.subarray(top * dim, bottom * dim);
    for (let left = 0; left * dim < centres.length; left += columnBlock) {
      step(top / count);
      const columns = centres.subarray(left * dim, (left + columnBlock) * dim);
      const width = columns.length / dim;
      const tile = await products.products(rows, columns, dim);
      for (let p = top; p < bottom; p++) {
        const line = (p - top) * width;
        for (let c = 0; c < width; c++) {
          if (tile[line + c] <= cosines[p]) continue;
          cosines[p] = tile[line + c];
          nearest[p] = left + c;
        }
      }
    }
  }
  return { nearest, cosines };
}

function normalised(sum: Float64Array, into: Float32Array): void {
  let squares = 0;
  for (const x of sum) squares += x * x;
  const length = Math.sqrt(squares);
  // Opposite points can sum up to nothing: the centre stays where it was.
  if (length > 0) sum.forEach((x, i) => into[i] = x / length);
}

/** Elements of a vector that tell it from others. */
const HASHED = 64;

/** The rows with the smallest hashes of their content, at most `most` of them, smallest first. */
function byContent({ vectors, dim, count }: Points, most: number, step: Step): number[] {
  const words = new Int32Array(vectors.buffer, vectors.byteOffset, count * dim);
  const hashes = new Float64Array(count);
  const every = Math.ceil(dim / HASHED);
  for (let row = 0; row < count; row++) {
    if (row % 4096 === 0) step(0);
    let low = 0x811c9dc5, high = 0x9e3779b9; // FNV-1a's start, and the golden ratio
    for (let i = row * dim; i < (row + 1) * dim; i += every) {
      low = Math.imul(low ^ words[i], 0x01000193);
      high = Math.imul(high ^ words[i] ^ high >>> 15, 0x85ebca6b);
    }
    hashes[row] = (high >>> 11) * 2 ** 32 + (low >>> 0);
  }
  // Hashes are spread evenly, so a threshold a little above what is needed saves sorting most of
  // them, unless many points are equal.
  const limit = 2 ** 53 * (most / count) * 1.1;
  const all = Array.from({ length: count }, (_, row) => row);
  const likely = all.filter((row) => hashes[row] <= limit);
  return (likely.length < most ? all : likely)
    .sort((a, b) => hashes[a] - hashes[b]).slice(0, most);
}
