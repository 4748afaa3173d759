import type { PhaseName, WorkerCounters } from "../db/schema.ts";
import { RATE_WINDOW_SECONDS } from "./queue/rate.ts";
import { BATCH_BOUNDS } from "./queue/workers.ts";

/** How items of a batch ended. */
export interface Counts {
  done: number;
  skipped: number;
  failed: number;
}

/** What a worker has done since it started. */
export interface Counting {
  finished(phase: PhaseName, counts: Counts): void;
  batch(phase: PhaseName, seconds: number): void;
  rescued(items: number): void;
  /** Items a second, lately: 0 when nothing was finished for a while. */
  rate(): number;
  counters: WorkerCounters;
}

/**
 * Counts in memory, for the worker's row. The rate is the exponentially weighted average that the
 * phases keep (see rateUpdate), by this process's own monotonic clock `now`, in seconds.
 */
export function createCounting(now: () => number = () => performance.now() / 1000): Counting {
  const counters: WorkerCounters = { items: {}, batches: {}, rescued: 0 };
  let [rate, mass, since] = [0, 0, now()];

  function decay(items: number): number {
    const seconds = Math.max(now() - since, 0.001);
    const keep = Math.exp(-seconds / RATE_WINDOW_SECONDS);
    return rate * keep + (1 - keep) * items / seconds;
  }

  return {
    counters,
    finished(phase, counts) {
      const items = counts.done + counts.skipped + counts.failed;
      for (const [outcome, count] of Object.entries(counts)) {
        if (count === 0) continue;
        const name = `${phase} ${outcome}`;
        counters.items[name] = (counters.items[name] ?? 0) + count;
      }
      if (items === 0) return;
      const keep = Math.exp(-Math.max(now() - since, 0.001) / RATE_WINDOW_SECONDS);
      rate = decay(items);
      mass = mass * keep + (1 - keep);
      since = now();
    },
    batch(phase, seconds) {
      const batches = counters.batches[phase] ??= {
        count: 0,
        seconds: 0,
        within: BATCH_BOUNDS.map(() => 0),
      };
      batches.count++;
      batches.seconds += seconds;
      BATCH_BOUNDS.forEach((bound, index) => {
        if (seconds <= bound) batches.within[index]++;
      });
    },
    rescued(items) {
      counters.rescued += items;
    },
    rate: () => mass === 0 ? 0 : decay(0) / mass,
  };
}
