/** A thread is held for no longer than this at a time; nobody who waits for it may wait for 20 ms. */
const TURN_MS = 8;

/**
 * For loops over a whole library in a thread that also beats and answers: `await pause()` every few
 * thousand rounds lets others have the thread whenever it was held for 8 ms.
 */
export function takingTurns(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < TURN_MS) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    since = performance.now();
  };
}
