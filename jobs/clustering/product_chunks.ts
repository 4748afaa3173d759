/** How the threads of the WebAssembly backend share a tile: chunks of columns, taken one by one. */

/** What all threads look at, in one Int32Array over shared memory. */
export const CONTROL = {
  /** Raised when there is something new: a tile, or the end. */
  turn: 0,
  /** 1: no more tiles. */
  closed: 1,
  /**
   * Chunks of this tile that nobody has taken, below zero when all are. Whoever takes one knows by
   * the number alone that it is there: a thread that slept through a tile cannot mix up two.
   */
  left: 2,
  /** Chunks of this tile that are done. */
  done: 3,
  /** Addresses and counts, as `multiply` takes them; the tile's lines are `columnCount` floats. */
  rows: 4,
  columns: 5,
  tile: 6,
  rowCount: 7,
  columnCount: 8,
  length: 9,
} as const;

/** Columns of a chunk: 64 kB for 512 elements, which stay near the core while all rows pass by. */
const CHUNK = 32;

/** The kernel's function: see product_kernel.ts. */
export type Multiply = (
  rows: number,
  columns: number,
  panel: number,
  tile: number,
  rowCount: number,
  columnCount: number,
  stride: number,
) => void;

export function chunksOf(columnCount: number): number {
  return Math.ceil(columnCount / CHUNK);
}

/** Computes chunks of the present tile until all are taken; `panel` is this thread's own. */
export function takeChunks(
  multiply: Multiply,
  { control, dim, panel }: { control: Int32Array; dim: number; panel: number },
): void {
  for (;;) {
    const chunk = Atomics.sub(control, CONTROL.left, 1) - 1;
    if (chunk < 0) return;
    const columnCount = control[CONTROL.columnCount], first = chunk * CHUNK;
    multiply(
      control[CONTROL.rows],
      control[CONTROL.columns] + first * dim * Float32Array.BYTES_PER_ELEMENT,
      panel,
      control[CONTROL.tile] + first * Float32Array.BYTES_PER_ELEMENT,
      control[CONTROL.rowCount],
      Math.min(CHUNK, columnCount - first),
      columnCount,
    );
    Atomics.add(control, CONTROL.done, 1);
    Atomics.notify(control, CONTROL.done);
  }
}

/**
 * Looks a little while whether the entry is no longer `value`, then sleeps until it may be: waking
 * a thread up takes as long as the pause between two tiles usually lasts.
 */
export function awaitChange(
  control: Int32Array,
  index: number,
  { value, timeoutMs = Infinity }: { value: number; timeoutMs?: number },
): void {
  for (let look = 0; look < LOOKS; look++) if (Atomics.load(control, index) !== value) return;
  Atomics.wait(control, index, value, timeoutMs);
}

/** Some 100 µs. */
const LOOKS = 20_000;
