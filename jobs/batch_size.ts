/**
 * What the page shows is a second old at most, and pictures are cheaper together: ViT-B/32 took 0.105
 * core-seconds a picture in batches of 3, 0.096 in batches of 8.
 */
const TARGET_SECONDS = 0.6;
const LARGEST = 64;
/** A batch may be this much larger than the one before. */
const GROWTH = 1.5;

export interface BatchSize {
  current(): number;
  /** Learns from `items` that were finished `seconds` after those before them. */
  record(items: number, seconds: number): void;
}

/**
 * How many items to take at once so that a commit comes every 0.6 s, however many batches are
 * under way: starts small, shrinks quickly and grows slowly. A run of cheap items (copies, broken
 * files) says nothing of those behind it: sizes that doubled went to 64 there, and the next real
 * photos showed nothing for 2.5 s. Measured from claim to commit instead, batches of a slow
 * machine, which wait for each other, shrank to single pictures. The first batch tells nothing:
 * models were loaded meanwhile. `least` keeps all decoders busy where one picture takes long.
 */
export function adaptiveBatchSize({ start = 2, least = 1 } = {}): BatchSize {
  let size = Math.max(start, least);
  let warm = false;
  return {
    current: () => Math.round(size),
    record(items, seconds) {
      if (!warm) {
        warm = true;
        return;
      }
      const wanted = items / Math.max(seconds, 1e-3) * TARGET_SECONDS;
      // One commit may come late by chance, so half the way down.
      const next = Math.min((size + wanted) / 2, size * GROWTH);
      size = Math.min(LARGEST, Math.max(least, next));
    },
  };
}
