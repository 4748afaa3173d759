import type hnswlib from "hnswlib-node";
import { createExactIndex } from "./exact.ts";
import { createHnswIndex } from "./hnsw.ts";
import type { VectorIndex } from "./index.ts";

/**
 * Up to here an exact scan takes 3 ms at 64 dimensions and 22 ms at 512, which nobody notices beside
 * the text encoder; the graph would take half a minute to build.
 */
export const EXACT_LIMIT = 50_000;

export interface GrowingIndex extends VectorIndex {
  readonly kind: "exact" | "growing" | "hnsw";
  /**
   * Builds on the graph for about `milliseconds`; true while there is more to do. Every vector is
   * found meanwhile, by the graph or exactly.
   */
  build(milliseconds: number): boolean;
}

/**
 * Exact while it is small or hnswlib is absent (null); from more than `exactLimit` vectors on a graph
 * is built in portions out of the exact index, which shrinks with it: of 100,000 × 512 both together
 * would hold 430 MB.
 */
export function createGrowingIndex(
  library: typeof hnswlib | null,
  dimension: number,
  exactLimit = EXACT_LIMIT,
): GrowingIndex {
  const exact = createExactIndex(dimension);
  let graph: VectorIndex | null = null;
  const kind = () => graph ? exact.size > 0 ? "growing" : "hnsw" : "exact";

  return {
    get size() {
      return exact.size + (graph?.size ?? 0);
    },
    get kind() {
      return kind();
    },
    has: (id) => exact.has(id) || (graph?.has(id) ?? false),
    add(id, vector) {
      if (kind() === "hnsw") return graph!.add(id, vector);
      exact.add(id, vector);
      graph?.remove(id);
    },
    remove(id) {
      exact.remove(id);
      graph?.remove(id);
    },
    search(vector, k) {
      const hits = exact.search(vector, k);
      if (!graph) return hits;
      return [...hits, ...graph.search(vector, k)].sort((a, b) => b.score - a.score).slice(0, k);
    },
    build(milliseconds) {
      if (!library || (!graph && exact.size <= exactLimit)) return false;
      graph ??= createHnswIndex(library, dimension, exact.size);
      const end = performance.now() + milliseconds;
      for (let id = exact.last(); id !== undefined; id = exact.last()) {
        if (performance.now() >= end) return true;
        graph.add(id, exact.vector(id)!);
        exact.remove(id);
      }
      return false;
    },
  };
}
