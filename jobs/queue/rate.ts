import { type SQL, sql } from "drizzle-orm";
import type { PhaseName } from "../../db/schema.ts";

/** How far back a rate looks: long enough to smooth batches, short enough to follow a change. */
export const RATE_WINDOW_SECONDS = 20;

/** When this process last committed to a phase, by its monotonic clock. */
const commits = new Map<string, number>();

/**
 * Assignments that fold `items`, finished in this commit, into a phase's rate and running time: an
 * exponentially weighted average over time for irregular intervals, with the weight gathered so far
 * beside it, so that rate / rate_mass is unbiased from the first commit on. The interval is the
 * time since anybody's last commit or since the phase (re)started by the database's clock, so that
 * a pause does not count; but no longer than this process's own monotonic clock has measured since
 * its own last commit, or its start, and that itself if the database's clock went backwards: a clock
 * that is set neither stops nor jumps a rate. A commit of nothing is no movement and changes nothing.
 */
export function rateUpdate(
  items: number,
  phase: { sessionId: number; name: PhaseName },
): SQL {
  if (items === 0) return sql`rate = rate`;
  const own = secondsSinceOwnCommit(`${phase.sessionId} ${phase.name}`);
  const told = sql`extract(epoch from clock_timestamp() -
    greatest(last_commit_at, running_since, started_at))::float8`;
  const since = sql`greatest(case when ${told} > 0 then least(${told}, ${own}::float8)
    else ${own}::float8 end, 0.001)`;
  const keep = sql`exp(-(${since}) / ${sql.raw(String(RATE_WINDOW_SECONDS))})`;
  return sql`rate = rate * ${keep} + (1 - ${keep}) * ${items}::float8 / (${since}),
    rate_mass = rate_mass * ${keep} + (1 - ${keep}),
    active_seconds = active_seconds + ${since},
    last_commit_at = clock_timestamp()`;
}

function secondsSinceOwnCommit(key: string): number {
  const now = performance.now();
  // Before its first commit it may have worked since its start, which is 0 by this clock.
  const before = commits.get(key) ?? 0;
  commits.set(key, now);
  return (now - before) / 1000;
}
