/** Batches that commit about twice a second keep what the page shows fresh. */
const TARGET_SECONDS = 0.5;
const LARGEST = 64;
/** A batch may be this much larger than the one before. */
const GROWTH = 1.25;

export interface BatchSize {
  current(): number;
  /** Learns from a batch of `items` that took `seconds`. */
  record(items: number, seconds: number): void;
}

/**
 * How many items to take at once so that a batch takes half a second: starts small, shrinks at
 * once and grows slowly. A run of cheap items (copies, broken files) says nothing of those behind
 * it: sizes that doubled went to 64 there, and the next real photos showed nothing for 2.5 s.
 */
export function adaptiveBatchSize(start = 4): BatchSize {
  let size = start;
  return {
    current: () => Math.max(1, Math.floor(size)),
    record(items, seconds) {
      const wanted = items / Math.max(seconds, 1e-3) * TARGET_SECONDS;
      size = Math.max(1, Math.min(LARGEST, wanted, size * GROWTH));
    },
  };
}
