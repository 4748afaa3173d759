import { type SQL, sql } from "drizzle-orm";

/** How far back a rate looks: long enough to smooth batches, short enough to follow a change. */
export const RATE_WINDOW_SECONDS = 20;

/**
 * Assignments that fold `items`, finished in this commit, into a phase's rate: an exponentially
 * weighted average over time for irregular intervals, with the weight gathered so far beside it, so
 * that rate / rate_mass is unbiased from the first commit on. Time since the last commit or since
 * the phase (re)started, by the database's clock: a pause does not count. A commit of nothing is no
 * movement and changes nothing.
 */
export function rateUpdate(items: number): SQL {
  if (items === 0) return sql`rate = rate`;
  const since = sql`greatest(extract(epoch from clock_timestamp() -
    greatest(last_commit_at, running_since)), 0.001)`;
  const keep = sql`exp(-(${since}) / ${sql.raw(String(RATE_WINDOW_SECONDS))})`;
  return sql`rate = rate * ${keep} + (1 - ${keep}) * ${items}::float8 / (${since}),
    rate_mass = rate_mass * ${keep} + (1 - ${keep}),
    last_commit_at = clock_timestamp()`;
}
