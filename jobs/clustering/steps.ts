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

/**
 * Makes one Step for each stage of a run. `budgets` gives every stage's share in whole work units,
 * in the order they run; their sum is the total, known from the start. `onProgress` hears 0 first,
 * then only rising values; the last stage's last step makes it the total.
 */
export function runSteps<Name extends string>(
  budgets: Record<Name, number>,
  { onProgress, signal }: StepOptions,
): Record<Name, Step> {
  const names = Object.keys(budgets) as Name[];
  const total = names.reduce((sum, name) => sum + budgets[name], 0);
  let reported = -1;
  const report = (done: number) => {
    if (signal?.aborted) throw new DOMException("The clustering was cancelled", "AbortError");
    if (done <= reported) return;
    reported = done;
    onProgress?.(done, total);
  };
  report(0);
  let before = 0;
  const steps = {} as Record<Name, Step>;
  for (const name of names) {
    const start = before;
    steps[name] = (fraction) => report(start + Math.floor(Math.min(1, fraction) * budgets[name]));
    before += budgets[name];
  }
  return steps;
}
