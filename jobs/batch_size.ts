/** Batches that commit about twice a second keep what the page shows fresh. */
const TARGET_SECONDS = 0.5;
const LARGEST = 64;

export interface BatchSize {
  current(): number;
  /** Learns from a batch of `items` that took `seconds`. */
  record(items: number, seconds: number): void;
}

/**
 * How many items to take at once so that a batch takes half a second: starts small, at most doubles
 * from one batch to the next, and follows the machine.
 */
export function adaptiveBatchSize(start = 4): BatchSize {
  let size = start;
  return {
    current: () => size,
    record(items, seconds) {
      const wanted = items / Math.max(seconds, 1e-3) * TARGET_SECONDS;
      size = Math.max(1, Math.min(LARGEST, Math.round(wanted), size * 2));
    },
  };
}
