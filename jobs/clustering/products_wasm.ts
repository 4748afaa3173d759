import { awaitChange, chunksOf, CONTROL, type Multiply, takeChunks } from "./product_chunks.ts";
import { COLUMNS, LANES, panelBytes, productModule, ROWS } from "./product_kernel.ts";
import type { ProductBackend } from "./products.ts";
import type { ProductOrder } from "./products_thread.ts";
import { startThread } from "./threads.ts";

/**
 * A WebAssembly SIMD kernel as the product backend, for machines on which ONNX Runtime cannot be
 * loaded: it needs nothing but V8, and reaches 26 GMAC/s a core with relaxed SIMD (fused
 * multiply-add), 18 without. `threads` is the number of cores (0 = all); the calling one computes too, and waits
 * for the others at the end of each tile. Close it to end its threads.
 */
export function wasmProducts(threads = 0): ProductBackend {
  let crew: Crew | undefined;
  const cores = threads || navigator.hardwareConcurrency;
  return {
    name: "wasm",
    rowBlock: 256,
    columnBlock: 1024,
    pace: 13 * cores,
    threads: cores,
    products(rows, columns, dim) {
      if (crew?.dim !== dim) {
        crew?.close();
        crew = startCrew(dim, cores);
      }
      return crew.products(rows, columns);
    },
    close: async () => await crew?.close(),
  };
}

interface Crew {
  dim: number;
  products(rows: Float32Array, columns: Float32Array): Float32Array;
  close(): Promise<void>;
}

const PAGE = 65_536;
const FLOAT = Float32Array.BYTES_PER_ELEMENT;
/** All addresses there are: 4 GB, of which only what is used takes memory. */
const PAGES = { initial: 1, maximum: 65_536 };

function startCrew(dim: number, threads: number): Crew {
  const padded = roundedUp(dim, LANES);
  const memory = new WebAssembly.Memory({ ...PAGES, shared: true });
  const module = productModule(padded, { relaxed: hasRelaxedSimd(), pages: PAGES });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module), { env: { memory } });
  const multiply = exports.multiply as Multiply;
  const control = new Int32Array(new SharedArrayBuffer(CONTROL.length * 4));
  const orderOf = (other: number): ProductOrder => ({
    ...{ module, memory, control, dim: padded },
    panel: (other + 1) * panelBytes(padded),
  });
  const others = Array.from(
    { length: threads - 1 },
    // One that cannot start takes no chunks: the tiles are computed without it.
    (_, other) => startThread({ script: "products", order: orderOf(other) }).ended,
  );
  const vectors = placing(memory, { dim, padded, from: threads * panelBytes(padded) });
  return {
    dim,
    products(rows, columns) {
      const height = rows.length / dim, width = columns.length / dim;
      const rowCount = roundedUp(height, ROWS), columnCount = roundedUp(width, COLUMNS);
      const tileSize = rowCount * columnCount;
      const [rowsAt, columnsAt, tileAt] = vectors(rows, columns, tileSize * FLOAT);
      control[CONTROL.rows] = rowsAt;
      control[CONTROL.columns] = columnsAt;
      control[CONTROL.tile] = tileAt;
      control[CONTROL.rowCount] = rowCount;
      control[CONTROL.columnCount] = columnCount;
      const chunks = chunksOf(columnCount);
      Atomics.store(control, CONTROL.done, 0);
      Atomics.store(control, CONTROL.left, chunks);
      Atomics.add(control, CONTROL.turn, 1);
      Atomics.notify(control, CONTROL.turn);
      takeChunks(multiply, { control, dim: padded, panel: 0 });
      for (let done = 0; (done = Atomics.load(control, CONTROL.done)) < chunks;) {
        awaitChange(control, CONTROL.done, { value: done });
      }
      const tile = new Float32Array(memory.buffer, tileAt, tileSize);
      return dense(tile, { height, width, columnCount });
    },
    async close() {
      Atomics.store(control, CONTROL.closed, 1);
      Atomics.add(control, CONTROL.turn, 1);
      Atomics.notify(control, CONTROL.turn);
      await Promise.all(others);
    },
  };
}

/**
 * Answers a function that sees to it that two blocks of vectors, and room for the rest, lie in the
 * kernel's memory, and where. Each is copied there, which takes some 6 % of the time of a tile; of a
 * block in shared memory all that it is part of is, once, if it is the first such one.
 */
function placing(
  memory: WebAssembly.Memory,
  { dim, padded, from }: { dim: number; padded: number; from: number },
): (rows: Float32Array, columns: Float32Array, rest: number) => [number, number, number] {
  let known: ArrayBufferLike | undefined;
  let free = from;
  // The kernel reads whole groups: up to as many vectors behind the last one.
  const bytesFor = (vectors: number) => (vectors + COLUMNS) * padded * FLOAT;
  const isKnown = ({ buffer }: Float32Array) => {
    if (!(buffer instanceof SharedArrayBuffer) || dim !== padded) return false;
    if (!known) {
      free += roundedUp(buffer.byteLength, FLOAT) + bytesFor(0);
      grow(memory, free);
      new Uint8Array(memory.buffer, from).set(new Uint8Array(buffer));
      known = buffer;
    }
    return known === buffer;
  };
  return (rows, columns, rest) => {
    let next = 0;
    const places = [rows, columns].map((block) => {
      if (isKnown(block)) return { block: null, at: from + block.byteOffset };
      const at = next;
      next += bytesFor(block.length / dim);
      return { block, at };
    });
    grow(memory, free + next + rest);
    const [rowsAt, columnsAt] = places.map(({ block, at }) => {
      if (block) write(new Float32Array(memory.buffer, free + at), block, { dim, padded });
      return block ? free + at : at;
    });
    return [rowsAt, columnsAt, free + next];
  };
}

function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(productModule(LANES, { relaxed: true, pages: PAGES }));
}

function roundedUp(count: number, multiple: number): number {
  return Math.ceil(count / multiple) * multiple;
}

function grow(memory: WebAssembly.Memory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
}

function write(
  memory: Float32Array,
  vectors: Float32Array,
  { dim, padded }: { dim: number; padded: number },
): void {
  if (dim === padded) return memory.set(vectors);
  for (let row = 0; row * dim < vectors.length; row++) {
    memory.fill(0, row * padded, (row + 1) * padded);
    memory.set(vectors.subarray(row * dim, (row + 1) * dim), row * padded);
  }
}

/** The tile without what was computed for the sake of whole blocks. */
function dense(
  tile: Float32Array,
  { height, width, columnCount }: { height: number; width: number; columnCount: number },
): Float32Array {
  if (width < columnCount) {
    for (let row = 1; row < height; row++) {
      tile.copyWithin(row * width, row * columnCount, row * columnCount + width);
    }
  }
  return tile.subarray(0, height * width);
}
