import type hnswlib from "hnswlib-node";
import { createExactIndex, type ExactIndex } from "./exact.ts";
import { createHnswIndex, type GraphIndex } from "./hnsw.ts";
import type { FindOptions, Found, VectorIndex } from "./index.ts";
import { createRowScorer } from "./row_scorer.ts";

/**
 * Up to here an exact scan takes 9 ms at 512 dimensions, which nobody notices beside the text encoder;
 * the graph would take half a minute to build.
 */
export const EXACT_LIMIT = 50_000;

export interface GrowingIndex extends VectorIndex {
  readonly kind: "exact" | "growing" | "hnsw";
  /** The part that is a graph, if there is one yet, and the part that is none. */
  readonly graph: GraphIndex | null;
  readonly rest: ExactIndex;
  /** True if the graph is there, or wanted, and lacks more than changes of the last moments. */
  readonly building: boolean;
  /**
   * Builds on the graph for about `milliseconds`; true while there is more to do. Every vector is
   * found meanwhile, by the graph or exactly. Does nothing while the graph is being written.
   */
  build(milliseconds: number): boolean;
  /** Closes what it reads from; it is of no use then. */
  close(): void;
}

export interface GrowingOptions {
  /** Above so many vectors a graph is built, and more candidates are no longer compared one by one. */
  exactLimit?: number;
  /** A graph to begin with. */
  graph?: GraphIndex;
  /** As `GraphOptions`. */
  scratch?: string | null;
}

/** Vectors that wait for their place in the graph without anybody noticing. */
const FEW = 1000;

/**
 * Exact while it is small or hnswlib is absent (null); from more than `exactLimit` vectors on a graph
 * is built in portions out of the exact index, which shrinks with it: of 100,000 × 512 both together
 * would hold 430 MB. Also later every vector is added to the exact one first: placing it in the
 * graph takes half a millisecond, of an import many seconds.
 */
export function createGrowingIndex(
  library: typeof hnswlib | null,
  dimension: number,
  { exactLimit = EXACT_LIMIT, graph: given, scratch }: GrowingOptions = {},
): GrowingIndex {
  const scorer = createRowScorer(dimension);
  const rest = createExactIndex(dimension, scorer);
  let graph: GraphIndex | null = given ?? null;
  const wanted = () => library !== null && (graph !== null || rest.size > exactLimit);
  const size = () => rest.size + (graph?.size ?? 0);

  function find(vector: Float32Array, k: number, options: FindOptions = {}): Found {
    const near = rest.find(vector, k, options);
    if (!graph) return near;
    const exactUpTo = Math.max(0, exactLimit - near.candidates);
    const far = graph.find(vector, k, { ...options, exactUpTo });
    return {
      hits: [...near.hits, ...far.hits].sort((a, b) => b.score - a.score).slice(0, k),
      candidates: near.candidates + far.candidates,
      exact: far.exact,
    };
  }

  return {
    get size() {
      return size();
    },
    get kind() {
      return graph ? rest.size > 0 ? "growing" : "hnsw" : "exact";
    },
    get graph() {
      return graph;
    },
    rest,
    get building() {
      return wanted() && rest.size > FEW;
    },
    has: (id) => rest.has(id) || (graph?.has(id) ?? false),
    holds: (id, vector) => rest.holds(id, vector) || (graph?.holds(id, vector) ?? false),
    ids() {
      const ids = new Float64Array(size());
      ids.set(rest.ids());
      if (graph) ids.set(graph.ids(), rest.size);
      return ids;
    },
    add(id, vector) {
      rest.add(id, vector);
      graph?.remove(id);
    },
    remove(id) {
      rest.remove(id);
      graph?.remove(id);
    },
    search: (vector, k, options) => find(vector, k, options).hits,
    find,
    build(milliseconds) {
      if (!library || !wanted() || graph?.writing) return false;
      graph ??= createHnswIndex(library, dimension, { expected: rest.size, scorer, scratch });
      const end = performance.now() + milliseconds;
      for (let id = rest.last(); id !== undefined; id = rest.last()) {
        if (performance.now() >= end) return true;
        graph.add(id, rest.vector(id)!);
        rest.remove(id);
      }
      return false;
    },
    close: () => graph?.close(),
  };
}
