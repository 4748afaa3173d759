/** How decoding and inference of pictures share the cores. */
export interface Balance {
  /** Pictures to unpack at a time. */
  readonly decoders: number;
  /** Threads of the graph of pictures. */
  readonly threads: number;
  /** A batch is unpacked, and `before` others wait for inference or are at it. */
  ready(before: number): void;
  /** Unpacking one picture took `seconds`. */
  decoded(seconds: number): void;
  /** The graph took `seconds` for so many pictures. */
  inferred(pictures: number, seconds: number): void;
}

/** Threads of one run wait for each other: ViT-B/32 took 8 % more core time with two than with one. */
const COST_OF_THREADS = 1.08;
/**
 * Graphs are opened anew for other threads, which takes up to a second, and on a busy machine what a
 * picture takes is known to a few hundredths only: for this gain, and seldom.
 */
const GAIN = 1.1;
const BATCHES_BETWEEN = 8;
/** The share of the past in what one picture takes. */
const MEMORY = 0.8;

/**
 * Shares `cores` by measurement. Threads: as many as promise the most pictures a second, from the
 * core-seconds that unpacking and inference take; where unpacking takes about as long as inference,
 * that is fewer than there are cores. Decoders: by what inference does meanwhile. Where it stands
 * idle or would soon (nothing waits for it but the batch that is ready), one more; where another is
 * in stock, and decoding would stand still in a moment, one less. Decoders that race ahead and stop
 * leave stretches to inference alone, and those that wait until it starves stretches to decoding. On
 * a GPU the answer is every core.
 */
export function findBalance(cores: number): Balance {
  let decoders = cores;
  let threads = Math.ceil(cores / 2);
  let decoding: number | null = null;
  let inference: number | null = null;
  let batches = 0;

  const learned = (past: number | null, seconds: number) =>
    past === null ? seconds : MEMORY * past + (1 - MEMORY) * seconds;

  return {
    get decoders() {
      return decoders;
    },
    get threads() {
      return threads;
    },
    ready(before) {
      decoders = before > 1 ? Math.max(1, decoders - 1) : Math.min(cores, decoders + 1);
    },
    decoded(seconds) {
      decoding = learned(decoding, seconds);
    },
    inferred(pictures, seconds) {
      // The first batch waits for the model to be loaded, and the one after a change of threads too.
      if (pictures === 0 || ++batches === 1) return;
      const cost = threads > 1 ? COST_OF_THREADS : 1;
      inference = learned(inference, seconds * threads / pictures / cost);
      if (decoding === null || batches < BATCHES_BETWEEN) return;
      const load = { cores, inference, decoding };
      const best = bestThreads(load);
      if (pace(best, load) < GAIN * pace(threads, load)) return;
      threads = best;
      batches = 0;
      inference = null;
    },
  };
}

interface Load {
  cores: number;
  /** Core-seconds a picture, of the graph with one thread and of unpacking. */
  inference: number;
  decoding: number;
}

const bestThreads = (load: Load) =>
  Array.from({ length: load.cores }, (_, index) => index + 1)
    .reduce((best, threads) => pace(threads, load) > pace(best, load) ? threads : best);

/** Pictures a second: what the threads manage, or, if that is less, all cores together. */
function pace(threads: number, { cores, inference, decoding }: Load): number {
  const cost = inference * (threads > 1 ? COST_OF_THREADS : 1);
  return Math.min(threads / cost, cores / (cost + decoding));
}
