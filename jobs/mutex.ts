/** Runs one piece of work at a time, in the order asked. */
export interface Mutex {
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Pieces of work that wait or run. */
  readonly waiting: number;
}

export function createMutex(): Mutex {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    run(work) {
      waiting++;
      const result = last.then(work).finally(() => waiting--);
      last = result.catch(() => {});
      return result;
    },
    get waiting() {
      return waiting;
    },
  };
}
