/** A worker whose beats stand still for this long is dead; it beats every five seconds. */
export const LEASE_SECONDS = 20;

/**
 * Looks further apart than this prove nothing: nobody knows what happened between. A worker that
 * could not beat for so long, and then waits five seconds for its next turn, is still within the
 * lease when the looks succeed again.
 */
const GAP_SECONDS = 10;

/** How often a worker has beaten, as its row tells. */
export interface Pulse {
  id: string;
  beats: number;
}

export interface Leases {
  /** Reads the pulses and returns those that have stood still for the lease; rejects as `read` does. */
  look(read: () => Promise<Pulse[]>): Promise<Pulse[]>;
}

/**
 * Tells dead workers without any clock but `now`, this process's own monotonic one in seconds. A
 * worker is dead when the same number of beats was seen for the lease by somebody who looked all
 * the time. When the looks fail, or this process itself stood still, all observations begin anew:
 * an outage of the database, a machine that slept and a clock that was set are nobody's death.
 */
export function createLeases(now: () => number = () => performance.now() / 1000): Leases {
  let answered = -Infinity;
  let seen = new Map<string, { beats: number; since: number }>();
  return {
    async look(read) {
      const asked = now();
      const pulses = await read();
      const before = now() - answered > GAP_SECONDS ? new Map() as typeof seen : seen;
      answered = now();
      seen = new Map(pulses.map(({ id, beats }) => {
        const known = before.get(id);
        return [id, known?.beats === beats ? known : { beats, since: answered }];
      }));
      // Until the question, not the answer: the row may have been read early in a slow one.
      return pulses.filter(({ id }) => asked - seen.get(id)!.since >= LEASE_SECONDS);
    },
  };
}
