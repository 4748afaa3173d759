/** How many pictures a graph gets at once. */
export interface BatchSizes {
  current(): number;
  /** Learns from a run of `items` that took `seconds`; of less than a full batch, nothing. */
  record(items: number, seconds: number): void;
  /** So many at once did not fit into the device's memory. */
  tooMany(items: number): void;
}

/** Runs of one size before it is judged, and one before them in which shaders are compiled. */
const TRIES = 3;
/** A larger batch must be worth its memory. */
const GAIN = 1.1;
/** Activations of a batch live at the same time: 16 faces through a ResNet-50 are 0.4 GB. */
const SPARE_BYTES = 2 ** 30;

/**
 * The batch size that pays on this machine, found while working: doubled as long as that makes a
 * picture a tenth cheaper and there is memory to spare, halved when there is not. On a CPU it stays
 * where it begins (ViT-B/32 ran at 11.7 pictures a second and core at any size from 4 to 32).
 */
export function adaptiveBatchSizes(
  { start, most, spare = spareMemory }: {
    start: number;
    most: number;
    /** Bytes of memory nobody uses. */
    spare?: () => number;
  },
): BatchSizes {
  let size = start;
  let limit = most;
  let settled = false;
  let best = { size: start, rate: 0 };
  let rates: number[] = [];

  function settle(at: number) {
    size = at;
    settled = true;
  }

  return {
    current: () => size,
    record(items, seconds) {
      if (settled || items < size) return;
      rates.push(items / Math.max(seconds, 1e-6));
      if (rates.length <= TRIES) return;
      // The best of them: whoever else uses the machine makes a run slower, never faster.
      const rate = Math.max(...rates.slice(1));
      rates = [];
      if (rate < best.rate * GAIN) return settle(best.size);
      best = { size, rate };
      if (size * 2 > limit || spare() < SPARE_BYTES) return settle(size);
      size *= 2;
    },
    tooMany(items) {
      limit = Math.max(1, Math.floor(items / 2));
      if (size > limit) settle(limit);
    },
  };
}

const spareMemory = () => Deno.systemMemoryInfo().available;
