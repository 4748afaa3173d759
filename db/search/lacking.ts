import { log } from "../../log.ts";
import type { Db } from "../client.ts";
import { lacksVectors } from "../serving_queries.ts";

/** Looking through 100,000 photos takes some 50 ms: too long for every search. */
const MINUTE_MS = 60_000;

/**
 * Tells whether photos lack a vector of a model, as it was a minute ago or at the search before: who
 * asks waits only the first time, and what is older is looked at again beside. Looking ends at the
 * first photo that lacks one, so it takes longest where none does, and then grows with the library.
 */
export function createLacking(db: Db, { freshMs = MINUTE_MS } = {}) {
  const known = new Map<string, { answer: Promise<boolean>; at: number }>();

  return function lacks(model: string): Promise<boolean> {
    const before = known.get(model);
    const now = performance.now();
    if (before && now - before.at < freshMs) return before.answer;
    const answer = lacksVectors(db, model);
    if (!before) {
      known.set(model, { answer, at: now });
      answer.catch(() => known.delete(model));
      return answer;
    }
    // Nobody else looks meanwhile.
    before.at = now;
    answer.then(() => known.set(model, { answer, at: performance.now() }), (error) => {
      log("warn", "cannot tell whether photos lack vectors", { error: String(error) });
    });
    return before.answer;
  };
}
