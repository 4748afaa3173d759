import type { ProductBackend } from "./products.ts";
import { jsProducts } from "./products.ts";
import { onnxProducts } from "./products_onnx.ts";
import { wasmProducts } from "./products_wasm.ts";
import { openLists, type Span } from "./tile_lists.ts";

/** A sweep that several threads share. All arrays lie in shared memory. */
export interface SharedSweep {
  vectors: Float32Array;
  dim: number;
  count: number;
  k: number;
  /** See `sharedLists`. */
  memory: WebAssembly.Memory;
  control: Int32Array;
  /** One for each block of points: 1 while a thread merges into their lists. */
  locks: Int32Array;
  backend: ProductBackend["name"];
}

/** What the threads look at, in one Int32Array. */
export const CONTROL = {
  /** Strips that nobody has taken. */
  left: 0,
  /** 1: the sweep is over before its end. */
  stopped: 1,
  /** 1: a thread failed, and what it had taken is missing. */
  failed: 2,
  /** Thousands of products that are merged. */
  done: 3,
  /** Threads that have begun, and those that have ended. */
  begun: 4,
  ended: 5,
  length: 6,
} as const;

/**
 * Columns that a thread takes at a time, with all rows above: copied once, as ONNX Runtime refuses
 * shared memory. On one core 512 rows measured 5 % above 256.
 */
export const TILE = { rows: 512, columns: 1024 };
/** Points whose lists are locked together. */
export const BLOCK = 512;

/** A backend that uses the calling thread's core only. */
export async function singleProducts(name: ProductBackend["name"]): Promise<ProductBackend> {
  return name === "onnx" ? await onnxProducts(1) : name === "wasm" ? wasmProducts(1) : jsProducts();
}

/** Takes strips of columns, the longest first, until there are none; `step` looks before each tile. */
export async function takeStrips(
  sweep: SharedSweep,
  { products, thread, step }: { products: ProductBackend; thread: number; step(): void },
): Promise<void> {
  const { vectors, dim, count, k, memory, control } = sweep;
  const lists = openLists(memory, count, { k, ...TILE, thread });
  const tile = new Float32Array(TILE.rows * TILE.columns);
  const copyOf = ({ first, end }: Span, into: Float32Array) => {
    into.set(vectors.subarray(first * dim, end * dim));
    return into.subarray(0, (end - first) * dim);
  };
  const rowVectors = new Float32Array(TILE.rows * dim);
  const columnVectors = new Float32Array(TILE.columns * dim);
  for (;;) {
    const strip = Atomics.sub(control, CONTROL.left, 1) - 1;
    if (strip < 0) return;
    const all = { first: strip * TILE.columns, end: Math.min(count, (strip + 1) * TILE.columns) };
    const right = copyOf(all, columnVectors);
    for (let first = 0; first < all.end; first += TILE.rows) {
      step();
      if (Atomics.load(control, CONTROL.stopped) === 1) return;
      const rows = { first, end: Math.min(first + TILE.rows, all.end) };
      const columns = { first: Math.max(all.first, first), end: all.end };
      const left = copyOf(rows, rowVectors);
      const own = right.subarray((columns.first - all.first) * dim);
      const size = (rows.end - rows.first) * (columns.end - columns.first);
      const result = await products.products(left, own, dim, tile);
      lists.tile.set(result.subarray(0, size));
      locked(sweep.locks, [rows, columns], () => lists.mergeUpper(rows, columns));
      Atomics.add(control, CONTROL.done, Math.round(size / 1000));
    }
  }
}

/** Does `work` while no other thread may merge into the lists of these points. */
function locked(locks: Int32Array, spans: Span[], work: () => void): void {
  const blocks = new Set<number>();
  for (const { first, end } of spans) {
    for (let block = Math.floor(first / BLOCK); block * BLOCK < end; block++) blocks.add(block);
  }
  // In one order for everybody, so that nobody waits in a circle.
  const inOrder = [...blocks].sort((a, b) => a - b);
  for (const block of inOrder) {
    while (Atomics.compareExchange(locks, block, 0, 1) === 1) Atomics.wait(locks, block, 1);
  }
  work();
  for (const block of inOrder) {
    Atomics.store(locks, block, 0);
    Atomics.notify(locks, block);
  }
}
