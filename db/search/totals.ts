import { sql } from "drizzle-orm";
import { code, type Db } from "../client.ts";
import { countPassing } from "./browse.ts";
import { createRecent } from "./recent.ts";
import type { PhotoFilter } from "./types.ts";

/** So long a number is given again, nobody sees that they became a few more; less if it was cheap. */
const FRESH_MS = 10_000;
/** Counting is to be a hundredth of the time at most. */
const COST = 100;
/** A search waits no longer for a number beside it. */
const PATIENCE_MS = 300;

const QUERY_CANCELED = "57014";

/** How many photos pass filters. */
export interface Totals {
  /** Counted, or known from the last ten seconds at most. */
  count(filter: PhotoFilter): Promise<number | null>;
  /** What was counted for somebody a moment ago; null if nothing. */
  known(filter: PhotoFilter): Promise<number | null>;
}

/**
 * Counts the photos that pass a filter and are there; null where they are more than countPassing
 * counts, or counting takes more than 0.3 s, after which the database ends it. It grows with the
 * library where few photos pass and no index leads to them: with the number of faces, the orientation,
 * or a camera or format that most photos have beside a part that few pass.
 */
export function createTotals(db: Db, { patienceMs = PATIENCE_MS } = {}): Totals {
  const counted = createRecent<Promise<number | null>>({ most: 50, ms: FRESH_MS });

  async function look(filter: PhotoFilter): Promise<number | null> {
    try {
      return await db.transaction(async (tx) => {
        await tx.execute(sql`select set_config('statement_timeout', ${String(patienceMs)}, true)`);
        const { count, more } = await countPassing(tx, filter);
        return more ? null : count;
      });
    } catch (error) {
      if (code(error) === QUERY_CANCELED) return null;
      throw error;
    }
  }

  return {
    count(filter) {
      const key = JSON.stringify(filter);
      const known = counted.get(key);
      if (known) return known;
      const begun = performance.now();
      const looking = look(filter);
      counted.set(key, looking);
      looking.then(
        () => counted.set(key, looking, { ms: COST * (performance.now() - begun) }),
        () => counted.delete(key),
      );
      return looking;
    },
    known: (filter) => counted.get(JSON.stringify(filter)) ?? Promise.resolve(null),
  };
}
