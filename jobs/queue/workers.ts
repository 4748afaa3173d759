import { sql } from "drizzle-orm";
import { hostname } from "node:os";
import type { Db } from "../../db/client.ts";
import type { ModelSet } from "../../models/types.ts";

export interface WorkerIdentity {
  /** Fresh for every process start. */
  id: string;
  device: string;
  models: ModelSet;
}

/**
 * Says that this worker lives; the first beat introduces it. The row carries what the workers' list
 * and the session page show. Called every five seconds from a thread that never runs inference.
 */
export async function beat(db: Db, worker: WorkerIdentity): Promise<void> {
  const memory = Math.round(Deno.memoryUsage().rss / 2 ** 20);
  await db.execute(sql`
    insert into workers (id, host, pid, device, clip_model, face_model, memory_mb)
    values (${worker.id}, ${hostname()}, ${Deno.pid}, ${worker.device},
      ${worker.models.clip.key}, ${worker.models.faces.key}, ${memory})
    on conflict (id) do update set beat_at = now(), memory_mb = excluded.memory_mb`);
}

/** Takes a worker that stops in good order off the list and gives back what it still holds. */
export async function resign(db: Db, id: string): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.execute(sql`
      update jobs set state = 'queued', claim_id = null, worker_id = null,
        attempt = greatest(attempt - 1, 0)
      where worker_id = ${id} and state = 'running'`);
    await tx.execute(sql`delete from workers where id = ${id}`);
  });
  await db.execute(sql`select pg_notify('safelight', '')`);
}

/**
 * Takes a worker that is known to have died off the list at once, so that its jobs need not wait
 * for the lease. `pid` is a process of this host.
 */
export async function buryWorker(db: Db, pid: number): Promise<void> {
  await db.execute(sql`delete from workers where host = ${hostname()} and pid = ${pid}`);
}

/** Forgets workers that have been silent for a day. */
export async function pruneWorkers(db: Db): Promise<void> {
  await db.execute(sql`delete from workers where beat_at < now() - interval '1 day'`);
}
