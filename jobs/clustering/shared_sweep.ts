import type { Lists } from "./neighbours.ts";
import type { Points } from "./points.ts";
import type { ProductBackend } from "./products.ts";
import type { Step } from "./steps.ts";
import {
  BLOCK,
  CONTROL,
  type SharedSweep,
  singleProducts,
  takeStrips,
  TILE,
} from "./sweep_strips.ts";
import type { SweepOrder } from "./sweep_thread.ts";
import { startThread } from "./threads.ts";
import { openLists, sharedLists } from "./tile_lists.ts";

/** Below this, threads would take longer to start than they save. */
const LEAST = 16_384;

/** Whether a sweep may, and is worth to be, shared by threads. */
export function isSharable({ vectors, count }: Points, { threads }: ProductBackend): boolean {
  return threads > 1 && count >= LEAST && vectors.buffer instanceof SharedArrayBuffer;
}

/**
 * The candidate lists of all points, with each core computing tiles and merging them itself: a
 * backend of several threads would leave all but one of them idle while that one merges. The
 * calling thread does its part. Answers null where another thread failed: then its part is missing.
 */
export async function sharedSweep(
  { vectors, dim, count }: Points,
  k: number,
  { products: { name, threads }, step }: { products: ProductBackend; step: Step },
): Promise<Lists | null> {
  const control = new Int32Array(new SharedArrayBuffer(CONTROL.length * 4));
  const locks = new Int32Array(new SharedArrayBuffer(Math.ceil(count / BLOCK) * 4));
  const memory = sharedLists(count, { k, ...TILE, threads });
  const sweep: SharedSweep = { vectors, dim, count, k, memory, control, locks, backend: name };
  const total = productsOf(count) / 1000;
  const look = () => step(Math.min(1, Atomics.load(control, CONTROL.done) / total));
  control[CONTROL.left] = Math.ceil(count / TILE.columns);
  const others = Array.from({ length: threads - 1 }, (_, i) => helped(sweep, i + 1));
  try {
    const products = await singleProducts(name);
    await awaitBeginning(control, { threads: others.length, look });
    await takeStrips(sweep, { products, thread: 0, step: look }).finally(() => products.close());
    await awaitBegun(control, look);
    await Promise.all(others);
  } catch (error) {
    // Who cancels need not wait for threads that have not begun: those end as soon as they do.
    Atomics.store(control, CONTROL.stopped, 1);
    await awaitBegun(control, () => {});
    // What has begun is not counted by one that failed, and none may be ended inside a call.
    if (Atomics.load(control, CONTROL.failed) === 1) await Promise.all(others);
    throw error;
  }
  if (Atomics.load(control, CONTROL.failed) === 1) return null;
  return openLists(memory, count, { k, ...TILE, thread: 0 });
}

/** On a quiet machine threads begin within 40 ms. */
const LONGEST_START_MS = 250;

/** Lets the threads begin: the thread that starts them hears of them by this one's event loop. */
async function awaitBeginning(
  control: Int32Array,
  { threads, look }: { threads: number; look: () => void },
): Promise<void> {
  const until = performance.now() + LONGEST_START_MS;
  const at = (index: number) => Atomics.load(control, index);
  while (at(CONTROL.failed) === 0 && at(CONTROL.begun) < threads && performance.now() < until) {
    look();
    await sleep(1);
  }
}

/** Products in all tiles. */
export function productsOf(count: number): number {
  let sum = 0;
  for (let left = 0; left < count; left += TILE.columns) {
    const end = Math.min(count, left + TILE.columns);
    for (let first = 0; first < end; first += TILE.rows) {
      sum += (Math.min(first + TILE.rows, end) - first) * (end - Math.max(left, first));
    }
  }
  return sum;
}

/** Waits until the threads that have begun have ended. */
async function awaitBegun(control: Int32Array, look: () => void): Promise<void> {
  const at = (index: number) => Atomics.load(control, index);
  while (at(CONTROL.failed) === 0 && at(CONTROL.ended) < at(CONTROL.begun)) {
    look();
    await sleep(1);
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function helped(sweep: SharedSweep, thread: number): Promise<void> {
  const { ended } = startThread({ script: "sweep", order: { sweep, thread } satisfies SweepOrder });
  // Whether it had taken a strip by then is not known.
  if (!await ended) Atomics.store(sweep.control, CONTROL.failed, 1);
}
