import type hnswlib from "hnswlib-node";
import { createExactIndex, type ExactIndex } from "./exact.ts";
import { createHnswIndex } from "./hnsw.ts";
import type { VectorIndex } from "./index.ts";

/**
 * Up to here an exact scan takes 3 ms at 64 dimensions and 22 ms at 512, which nobody notices beside
 * the text encoder; the graph would take half a minute to build.
 */
export const EXACT_LIMIT = 50_000;

export interface GrowingIndex extends VectorIndex {
  readonly kind: "exact" | "hnsw";
  /**
   * Builds on the graph for about `milliseconds`; true while there is more to do. Searches stay
   * exact until it is complete.
   */
  build(milliseconds: number): boolean;
}

/**
 * Exact while it is small or hnswlib is absent (null); from more than `exactLimit` vectors on a graph
 * is built beside the exact index in portions, and takes its place when it holds every vector.
 */
export function createGrowingIndex(
  library: typeof hnswlib | null,
  dimension: number,
  exactLimit = EXACT_LIMIT,
): GrowingIndex {
  let exact: ExactIndex | null = createExactIndex(dimension);
  let graph: VectorIndex | null = null;
  let waiting: number[] = [];
  const current = (): VectorIndex => exact ?? graph!;

  return {
    get size() {
      return current().size;
    },
    get kind() {
      return exact ? "exact" : "hnsw";
    },
    has: (id) => current().has(id),
    add(id, vector) {
      current().add(id, vector);
      if (exact && graph) waiting.push(id);
    },
    remove(id) {
      exact?.remove(id);
      graph?.remove(id);
    },
    search: (vector, k) => current().search(vector, k),
    build(milliseconds) {
      if (!exact || !library || (!graph && exact.size <= exactLimit)) return false;
      if (!graph) {
        graph = createHnswIndex(library, dimension);
        waiting = [...exact.ids()];
      }
      const end = performance.now() + milliseconds;
      while (waiting.length > 0 && performance.now() < end) {
        const id = waiting.pop()!;
        const vector = exact.vector(id);
        if (vector) graph.add(id, vector);
      }
      if (waiting.length > 0) return true;
      exact = null;
      return false;
    },
  };
}
