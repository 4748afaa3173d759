import { eq } from "drizzle-orm";
import { workerName } from "./queue/workers.ts";
import { type Db, isConnectionFault } from "../db/client.ts";
import { workers } from "../db/schema.ts";
import { log, logError } from "../log.ts";
import { recordEvent } from "./events.ts";
import { createLeases, LEASE_SECONDS, type Pulse } from "./queue/leases.ts";
import { rest } from "./rest.ts";

const WATCH_MS = 2000;

/**
 * A worker that stands still for longer than its patience is shown as stalled; for half as long
 * again, it is replaced. Whoever watches can see it first.
 */
const REPLACED_AT = 1.5;

/** From its start to its first beat a worker opens its models, which takes seconds. */
const START_SECONDS = 120;

/**
 * Watches a worker process through its row until `ended` fires, and kills it when it hangs: when
 * it has no row `startSeconds` after its start, time without the database not counted; when its
 * beats stand still for the lease; or when it beats but what it has in hand does not move for a
 * time that fits the work. It is killed for good, since a process that hangs does not hear
 * anything milder; what it held is fenced by its claims.
 */
export async function watchWorker(
  db: Db,
  options: { id: string; child: Deno.ChildProcess; ended: AbortSignal; startSeconds?: number },
): Promise<void> {
  const { id, child, ended, startSeconds = START_SECONDS } = options;
  const leases = createLeases();
  let last: Pulse | null = null;
  let waitingSince = performance.now();
  for (;;) {
    await rest(WATCH_MS, ended);
    if (ended.aborted) return;
    try {
      let stuck: string | null = null;
      const dead = await leases.look(async () => {
        const [row] = await db.select().from(workers).where(eq(workers.id, id));
        if (row) stuck = standsStill(row);
        // Somebody else may have taken it off the list already; the process is still ours to end.
        last = row ? { id, beats: row.beats } : last;
        return last ? [last] : [];
      });
      const late = last === null && performance.now() - waitingSince > startSeconds * 1000;
      const why = dead.length > 0
        ? `gave no sign of life for ${LEASE_SECONDS} s`
        : late
        ? `gave no first sign of life within ${startSeconds} s`
        : stuck;
      if (why === null || ended.aborted) continue;
      log("warn", "the worker hangs and is replaced", { worker: id, pid: child.pid, why });
      // The process first: it must not wait for a database.
      child.kill("SIGKILL");
      await recordEvent(db, {
        kind: "worker_stalled",
        message: `${workerName(child.pid)} ${why} and was replaced`,
      });
      return;
    } catch (error) {
      waitingSince = performance.now();
      if (!isConnectionFault(error)) logError("the worker cannot be watched", error);
    }
  }
}

function standsStill(row: typeof workers.$inferSelect): string | null {
  const { inHand, stillSeconds, patienceSeconds } = row;
  if (inHand === 0 || stillSeconds <= REPLACED_AT * patienceSeconds) return null;
  return `had ${inHand} ${inHand === 1 ? "item" : "items"} in hand and finished none for ${
    Math.round(stillSeconds)
  } s`;
}
