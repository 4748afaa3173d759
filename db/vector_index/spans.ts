import { pause } from "./slices.ts";

/** Pages are served by the same thread: nobody notices a span of this length. */
const SPAN_MS = 5;

/**
 * `items.map(work)` in spans of some 5 ms, between which the thread does what else there is to do. No
 * single piece of `work` is cut.
 */
export async function mapInSpans<Item, Result>(
  items: Item[],
  work: (item: Item) => Result,
): Promise<Result[]> {
  const results: Result[] = [];
  let until = performance.now() + SPAN_MS;
  for (const item of items) {
    if (performance.now() >= until) {
      await pause();
      until = performance.now() + SPAN_MS;
    }
    results.push(work(item));
  }
  return results;
}
