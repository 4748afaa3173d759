import type { Db } from "../client.ts";
import { type FilterChoices, filterChoices } from "./filter_choices.ts";

/** Up to 20,000 photos and 100,000 faces are looked at, which is too much for every page that is opened. */
const FRESH_MS = 15_000;

const kept = new WeakMap<Db, { choices: Promise<FilterChoices>; until: number }>();

/**
 * What there is to choose from, as it was at most 15 s ago (`freshMs`), and asked for once by however many
 * pages at once. What failed is asked for again.
 */
export function recentChoices(
  db: Db,
  { freshMs = FRESH_MS }: { freshMs?: number } = {},
): Promise<FilterChoices> {
  const before = kept.get(db);
  if (before && performance.now() < before.until) return before.choices;
  const choices = filterChoices(db);
  const now = { choices, until: performance.now() + freshMs };
  kept.set(db, now);
  choices.catch(() => {
    if (kept.get(db) === now) kept.delete(db);
  });
  return choices;
}
