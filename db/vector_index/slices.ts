/** Longer in one go, and a search that has come in meanwhile would notice. */
const SPAN_MS = 10;

/** Lets what waits in this thread have its turn. */
export const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** What returns a promise when it is time to pause, else nothing: `const wait = breath(); if (wait) await wait;`. */
export function createBreath(): () => Promise<void> | null {
  let end = performance.now() + SPAN_MS;
  return () => {
    if (performance.now() < end) return null;
    return pause().then(() => void (end = performance.now() + SPAN_MS));
  };
}

/** Numbers gone through between two looks at the clock. */
const SLICE = 1000;

/** Calls `act` with every number, and lets searches in between. */
export async function eachInSlices(
  numbers: Float64Array,
  act: (number: number) => void,
): Promise<void> {
  const breath = createBreath();
  for (let from = 0; from < numbers.length; from += SLICE) {
    const end = Math.min(from + SLICE, numbers.length);
    for (let i = from; i < end; i++) act(numbers[i]);
    const wait = breath();
    if (wait) await wait;
  }
}
