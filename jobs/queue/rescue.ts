import { sql } from "drizzle-orm";
import { hostname } from "node:os";
import type { Db } from "../../db/client.ts";
import { isRunning } from "../../db/running.ts";
import { createLeases, type Pulse } from "./leases.ts";
import { putBack, type Rescue } from "./put_back.ts";

export interface Rescuer {
  /** Looks at all workers once and puts back what the dead ones held; to be called every few seconds. */
  runOnce(): Promise<Rescue>;
}

/** Somebody who watches the beats of all workers (see createLeases) and acts on their deaths. */
export function createRescuer(db: Db, now?: () => number): Rescuer {
  const leases = createLeases(now);
  return {
    runOnce: async () =>
      await putBack(db, await leases.look(() => readPulses(db)), { leaseExpired: true }),
  };
}

async function readPulses(db: Db): Promise<Pulse[]> {
  const rows = await db.execute<{ id: string; beats: string }>(sql`select id, beats from workers`);
  return rows.map((row) => ({ id: row.id, beats: Number(row.beats) }));
}

/** Puts the work of one worker, whose process is known to have ended, back at once. */
export function recoverFrom(db: Db, workerId: string): Promise<Rescue> {
  return putBack(db, [{ id: workerId, beats: null }]);
}

/**
 * Puts back at once what workers of this host held whose processes are gone, as after a power cut
 * or a kill of everything: nobody need wait for their leases. A process id alone is not trusted,
 * since hosts may share a name: a worker that still has a connection is not gone. A number that
 * another process bears by now just waits for the lease.
 */
export async function recoverFromGone(db: Db): Promise<Rescue> {
  const rows = await db.execute<{ id: string; pid: number; beats: string }>(sql`
    select id, pid, beats from workers w where host = ${hostname()} and not exists
      (select from pg_stat_activity a
       where a.datname = current_database() and a.application_name like '%worker ' || w.id)`);
  const gone = rows.filter((row) => !isRunning(row.pid));
  return await putBack(db, gone.map((row) => ({ id: row.id, beats: Number(row.beats) })));
}
