import type hnswlib from "hnswlib-node";
import { checkCount, checkId, checkVector, type VectorIndex } from "./index.ts";

// 50,000 × 512: built in 28 to 44 s; recall@10 .96 with ef 100. With ef 200 a query takes 0.9 ms.
const LINKS = 16;
const EF_CONSTRUCTION = 200;
const EF_SEARCH = 200;
const FIRST_CAPACITY = 1024;

/**
 * An index over hnswlib's graph: approximate, and its time hardly grows with the library. Adding
 * takes about half a millisecond, so it belongs into a thread of its own. Removed vectors are only
 * marked and keep their memory until the index is built again, at the next start at the latest.
 * `expected`: how many vectors will come; more are no fault.
 */
export function createHnswIndex(
  { HierarchicalNSW }: typeof hnswlib,
  dimension: number,
  expected = 0,
): VectorIndex {
  // Photos' ids may exceed the 32 bits the addon passes on, so it gets numbers of our own.
  const idOf: number[] = [];
  const labelOf = new Map<number, number>();
  let capacity = Math.max(FIRST_CAPACITY, expected);
  const graph = new HierarchicalNSW("ip", dimension);
  graph.initIndex({ maxElements: capacity, m: LINKS, efConstruction: EF_CONSTRUCTION });

  const remove = (id: number) => {
    const label = labelOf.get(id);
    if (label === undefined) return;
    graph.markDelete(label);
    labelOf.delete(id);
  };

  return {
    get size() {
      return labelOf.size;
    },
    has: (id) => labelOf.has(id),
    add(id, vector) {
      checkId(id);
      checkVector(vector, dimension);
      remove(id);
      if (idOf.length === capacity) {
        // Resizing copies; half more each time keeps that rare and the slack small.
        capacity = Math.ceil(capacity * 1.5);
        graph.resizeIndex(capacity);
      }
      const label = idOf.length;
      // Array.from: the addon takes arrays alone.
      graph.addPoint(Array.from(vector), label);
      idOf.push(id);
      labelOf.set(id, label);
    },
    remove,
    search(vector, k) {
      checkVector(vector, dimension);
      checkCount(k);
      const count = Math.min(k, labelOf.size);
      if (count === 0) return [];
      graph.setEf(Math.max(EF_SEARCH, 2 * count));
      const { neighbors, distances } = graph.searchKnn(Array.from(vector), count);
      return neighbors.map((label, i) => ({ id: idOf[label], score: 1 - distances[i] }));
    },
  };
}
