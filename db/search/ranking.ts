import type { SQL } from "drizzle-orm";
import type { LibraryIndex } from "../vector_index/library_index.ts";

/** The photos nearest to a query, as far as somebody looked. */
export interface Ranking {
  /** By score, and where scores are the same by id. */
  hits: { id: number; score: number }[];
  /** There are no more, or none that can be reached. */
  complete: boolean;
  /** There are more, behind the deepest rank a graph is asked for. */
  capped: boolean;
  /** They are the very nearest. */
  exact: boolean;
  /** Photos with a vector that pass the filter. */
  candidates: number;
  /** Vectors in the index. */
  size: number;
  /** Vectors that are not in it yet, and could not be found. */
  missing: number;
}

/** How deep to look where this was not deep enough. */
export const deeper = ({ hits, exact }: Ranking): number =>
  exact ? hits.length * MORE : Math.min(hits.length * MORE, DEEPEST);

/** So deep a graph is looked through; an exact scan goes to the end. */
export const DEEPEST = 10_000;
const MORE = 8;

/**
 * The `k` nearest or more. Pages go on behind a score and an id: so where the last ones have the same
 * score, and others with it may have been left out, those are not believed but looked for again.
 */
export async function rank(
  index: LibraryIndex,
  { vector, k, among }: { vector: Float32Array; k: number; among?: SQL },
): Promise<Ranking> {
  let depth = k;
  for (;;) {
    const found = await index.search(vector, depth, among ? { among } : {});
    const { candidates, size, exact, missing } = found;
    const hits = found.hits.toSorted((a, b) => b.score - a.score || a.id - b.id);
    const ranking = { hits, candidates, size, exact, missing };
    if (hits.length < depth || depth >= candidates) {
      return { ...ranking, complete: true, capped: false };
    }
    if (!exact && depth >= DEEPEST) return { ...ranking, complete: true, capped: true };
    const last = hits[hits.length - 1].score;
    const certain = hits.filter(({ score }) => score > last);
    // Some hundred pictures may be of one colour, or one and the same in other files.
    if (certain.length >= k / 2) {
      return { ...ranking, hits: certain, complete: false, capped: false };
    }
    depth = exact ? depth * MORE : Math.min(depth * MORE, DEEPEST);
  }
}

/** Where in the ranking a page begins that follows this place. */
export function indexBehind(
  { hits }: Ranking,
  place: { score: number; id: number } | null,
): number {
  if (!place) return 0;
  let low = 0, high = hits.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const { score, id } = hits[middle];
    if (score > place.score || (score === place.score && id <= place.id)) low = middle + 1;
    else high = middle;
  }
  return low;
}
