/** What was computed lately, by its key. */
export interface Recent<Value> {
  get(key: string): Value | null;
  /** `ms`: kept for so long, if that is shorter. */
  set(key: string, value: Value, options?: { ms?: number }): void;
  delete(key: string): void;
}

/** Keeps the last `most` values, each for `ms` at most. */
export function createRecent<Value>(
  { most, ms: longest }: { most: number; ms: number },
): Recent<Value> {
  const kept = new Map<string, { value: Value; until: number }>();
  return {
    delete: (key) => void kept.delete(key),
    get(key) {
      const found = kept.get(key);
      if (!found || performance.now() >= found.until) {
        kept.delete(key);
        return null;
      }
      // To the end of the order in which they are dropped.
      kept.delete(key);
      kept.set(key, found);
      return found.value;
    },
    set(key, value, { ms = longest } = {}) {
      kept.delete(key);
      kept.set(key, { value, until: performance.now() + Math.min(ms, longest) });
      for (const oldest of kept.keys()) {
        if (kept.size <= most) break;
        kept.delete(oldest);
      }
    },
  };
}
