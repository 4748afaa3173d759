/** Anything with a readable flag: an AbortSignal, or a getter over shared memory in a thread. */
export interface CancelFlag {
  readonly aborted: boolean;
}

/**
 * Called by a stage as it goes, with the part of its work that is done (0 to 1): throws an
 * AbortError when the run was cancelled, otherwise reports progress.
 */
export type Step = (fraction: number) => void;

export interface StepOptions {
  onProgress?(done: number, total: number): void;
  signal?: CancelFlag;
}

/** A Step without progress: throws an AbortError when the run was cancelled. */
export function looking(signal?: CancelFlag): () => void {
  return () => {
    if (signal?.aborted) throw new DOMException("The clustering was cancelled", "AbortError");
  };
}

/** What a stage costs: products, which all cores share, and the time of one core besides. */
export interface Cost {
  products: number;
  microseconds: number;
}

export interface RunStepsOptions<Name extends string> extends StepOptions {
  /** Products a microsecond, as they are on a quiet machine. */
  rate: number;
  /** The stage of which nearly all is products: their rate is measured there. */
  measured: Name;
}

/** One unit of progress. */
const PRODUCTS = 1000;
/** Time of the measured stage before its rate is believed. */
const MEASURED_MS = 100;
/** Between two steps: whatever is longer, the machine slept or was stopped. */
const LONGEST_STEP_MS = 1000;

/**
 * Makes one Step for each stage of a run, in the order they run. The total is known from the start:
 * the products of all stages, or what takes as long, in thousands. `onProgress` hears 0 first, then
 * only rising values; the last stage's last step makes it the total. So that the fraction told is
 * that of the time, the rest is weighed against the products by the rate that these turn out to
 * have: on a machine that is busy otherwise they take twice their time, as they use all cores, and
 * the rest does not.
 */
export function runSteps<Name extends string>(
  costs: Record<Name, Cost>,
  { rate, measured, onProgress, signal }: RunStepsOptions<Name>,
): Record<Name, Step> {
  const names = Object.keys(costs) as Name[];
  const work = (name: Name, at: number) => costs[name].products + costs[name].microseconds * at;
  const workOf = (some: Name[], at: number) => some.reduce((sum, name) => sum + work(name, at), 0);
  const total = Math.ceil(workOf(names, rate) / PRODUCTS);
  const look = looking(signal);
  let reported = -1;
  const report = (done: number) => {
    look();
    if (done <= reported) return;
    reported = done;
    onProgress?.(done, total);
  };
  report(0);
  const watch = stopwatch();
  let now = rate;
  const steps = {} as Record<Name, Step>;
  names.forEach((name, at) => {
    const before = names.slice(0, at);
    steps[name] = (fraction) => {
      const part = fraction > 0 ? Math.min(1, fraction) : 0; // 0 of 0 is NaN
      if (name === measured) now = watch(part * costs[name].products) ?? now;
      const done = workOf(before, now) + part * work(name, now);
      const all = workOf(names, now);
      report(at === names.length - 1 && part === 1 ? total : Math.floor(done / all * total));
    };
  });
  return steps;
}

/** Products a microsecond so far, once enough of them were seen; called with what is done. */
function stopwatch(): (products: number) => number | undefined {
  let from = 0, last = NaN, spent = 0;
  return (products) => {
    const time = performance.now();
    if (products > 0 && time - last < LONGEST_STEP_MS) spent += time - last;
    if (from === 0) from = products; // the first tile: code is compiled, threads start
    if (products > 0) last = time;
    return spent > MEASURED_MS ? (products - from) / (spent * 1000) : undefined;
  };
}
