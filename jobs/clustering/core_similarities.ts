import type { Neighbours } from "./neighbours.ts";

/**
 * The density around each point: its cosine to the `minSamples` − 1 nearest other point, as
 * `minSamples` counts the point itself (scikit-learn's convention; counting only the others loses
 * people with three pictures). Where there are fewer points the furthest stands in; 1 is returned
 * for `minSamples` 1. Every list must hold `minSamples` − 1 entries or all other points. No density is
 * taken for more than `densityCap`.
 */
export function coreSimilarities(
  { k, similarities, unlisted }: Neighbours,
  { minSamples, densityCap = null }: { minSamples: number; densityCap?: number | null },
): Float64Array {
  const cores = new Float64Array(unlisted.length).fill(1);
  for (let p = 0; p < cores.length; p++) {
    for (let rank = 0; rank < Math.min(k, minSamples - 1); rank++) {
      const cosine = similarities[p * k + rank];
      if (cosine > -Infinity) cores[p] = cosine;
    }
    if (densityCap !== null) cores[p] = Math.min(cores[p], densityCap);
  }
  return cores;
}
