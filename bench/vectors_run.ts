import { createRequire } from "node:module";
import { loadHnswlib } from "../db/vector_index/addon.ts";
import { createGrowingIndex } from "../db/vector_index/growing.ts";
import { readHnswIndex } from "../db/vector_index/hnsw.ts";
import { coreSeconds, memory } from "./process.ts";
import { quantile } from "./support.ts";

/** One index over the vectors of a file, in a process of its own: order as JSON, figures likewise. */
export interface Wish {
  what: "safelight" | "exact" | "hnswlib" | "usearch";
  /** Vectors of `dimension` float32, the queries after them. */
  file: string;
  dimension: number;
  count: number;
  queries: number;
  k: number;
  /** Parts of all, 0…1, of which ids are chosen that alone may be found; 1: all. */
  shares: number[];
  /** A graph of these vectors that hnswlib wrote: read instead of built; null: none. */
  graph: string | null;
}

export interface Figures {
  /** CPU seconds, and seconds. */
  buildCores: number;
  buildSeconds: number;
  /** Memory that the index took, in MB. */
  mb: number;
  /** For each of the shares. */
  searches: { p50: number; p95: number; found: number[][] }[];
}

/** The ids of a share: by a hash, the same in every process. */
export function chosen(count: number, share: number): Float64Array {
  const bound = share * 2 ** 32;
  const ids: number[] = [];
  for (let id = 1; id <= count; id++) {
    if (Math.imul(id ^ id >>> 16, 0x45d9f3b) >>> 0 < bound) ids.push(id);
  }
  return Float64Array.from(ids);
}

/** Vectors of a file, a thousand at a time; ids begin with 1. */
export function* rowsOf(
  { file, dimension }: { file: string; dimension: number },
  { from, count }: { from: number; count: number },
): Generator<{ id: number; vector: Float32Array }> {
  const AT_ONCE = 1000;
  using handle = Deno.openSync(file);
  handle.seekSync(from * dimension * 4, Deno.SeekMode.Start);
  for (let start = 0; start < count; start += AT_ONCE) {
    const block = new Float32Array(Math.min(AT_ONCE, count - start) * dimension);
    const bytes = new Uint8Array(block.buffer);
    for (let at = 0; at < bytes.length;) at += handle.readSync(bytes.subarray(at)) ?? 0;
    for (let row = 0; row * dimension < block.length; row++) {
      yield {
        id: from + start + row + 1,
        vector: block.subarray(row * dimension, (row + 1) * dimension),
      };
    }
  }
}

interface Subject {
  add(id: number, vector: Float32Array): void;
  /** What is left to do after the last. */
  finish(): void;
  /** Null where the subject cannot search among chosen ids. */
  search(vector: Float32Array, k: number, among: Float64Array | null): number[] | null;
}

// A dependency of the measurements alone.
const require = createRequire(new URL("./peer/deno.json", import.meta.url));

async function open({ what, dimension, count, graph }: Wish): Promise<Subject> {
  if (what === "usearch") return usearch(dimension);
  const library = loadHnswlib();
  if (!library) throw new Error('hnswlib is not built: run "deno task build"');
  if (what === "hnswlib") {
    const graph = new library.HierarchicalNSW("ip", dimension);
    graph.initIndex({ maxElements: count, m: 16, efConstruction: 200 });
    return {
      add: (id, vector) => graph.addPoint(Array.from(vector), id),
      finish: () => graph.setEf(200),
      search: (vector, k, among) => among ? null : graph.searchKnn(Array.from(vector), k).neighbors,
    };
  }
  const read = what === "safelight" && graph !== null
    ? await readHnswIndex(library, dimension, {
      path: graph,
      ids: Float64Array.from({ length: count }, (_, row) => row + 1),
    })
    : undefined;
  const index = createGrowingIndex(what === "exact" ? null : library, dimension, { graph: read });
  return {
    add(id, vector) {
      if (!read) index.add(id, vector);
    },
    finish() {
      while (index.build(1000));
    },
    search: (vector, k, among) =>
      index.search(vector, k, among ? { among } : {}).map(({ id }) => id),
  };
}

function usearch(dimension: number): Subject {
  const { Index } = require("usearch");
  const index = new Index({
    metric: "ip",
    dimensions: dimension,
    quantization: "f32",
    connectivity: 16,
    expansion_add: 200,
    expansion_search: 200,
  });
  return {
    add: (id, vector) => index.add(BigInt(id), vector, 1),
    finish() {},
    search: (vector, k, among) =>
      among ? null : Array.from(index.search(vector, k, 1).keys as BigUint64Array, Number),
  };
}

async function measure(wish: Wish): Promise<Figures> {
  const { count, queries, k, shares } = wish;
  const before = memory(Deno.pid).resident;
  const subject = await open(wish);
  const start = performance.now();
  const buildCores = await coreSeconds(() => {
    for (const { id, vector } of rowsOf(wish, { from: 0, count })) subject.add(id, vector);
    subject.finish();
    return Promise.resolve();
  });
  const buildSeconds = (performance.now() - start) / 1000;
  // deno-lint-ignore no-explicit-any
  (globalThis as any).gc?.();
  const mb = memory(Deno.pid).resident - before;
  const asked = [...rowsOf(wish, { from: count, count: queries })].map(({ vector }) => vector);
  const searches: Figures["searches"] = [];
  for (const share of shares) {
    const among = share < 1 ? chosen(count, share) : null;
    const took: number[] = [], found: number[][] = [];
    for (const vector of asked) {
      const begun = performance.now();
      const ids = subject.search(vector, k, among);
      took.push(performance.now() - begun);
      if (ids) found.push(ids);
    }
    searches.push({ p50: quantile(took, .5), p95: quantile(took, .95), found });
  }
  return { buildCores, buildSeconds, mb, searches };
}

if (import.meta.main) console.log(JSON.stringify(await measure(JSON.parse(Deno.args[0]))));
