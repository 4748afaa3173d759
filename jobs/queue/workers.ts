import { sql } from "drizzle-orm";
import { hostname } from "node:os";
import type { Db } from "../../db/client.ts";
import type { WorkerCounters } from "../../db/schema.ts";
import type { ModelSet } from "../../models/types.ts";
import { recordEvent } from "../events.ts";

/** Upper bounds in seconds of the histogram of batches (see WorkerCounters). */
export const BATCH_BOUNDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export interface WorkerIdentity {
  /** Fresh for every process start. */
  id: string;
  device: string;
  /** For a person: why it works on that. */
  deviceReason?: string;
  models: ModelSet;
}

/** What a worker says of itself with each beat. */
export interface Vitals {
  inHand: number;
  stillSeconds: number;
  patienceSeconds: number;
  /** Items a second. */
  rate: number;
  counters: WorkerCounters;
  /** For a person: what it is at before anything moves, such as "loading ViT-B/32 on webgpu". */
  activity?: string | null;
}

/** What a supervised worker calls its connections, so that others see whether it has any. */
export const connectionName = (workerId: string) => `worker ${workerId}`;

/** A process of this host, as a person would look for it. */
export const workerName = (pid = Deno.pid) => `${hostname()}, process ${pid}`;

/**
 * Says that this worker lives; the first beat introduces it, and so does the first one after it
 * was taken for dead. The beats are counted: who sees the count stand still needs no clock. The
 * row carries what the workers' list and the session page show. Called every five seconds from a
 * thread that never runs inference.
 */
export function beat(db: Db, worker: WorkerIdentity, vitals: Vitals): Promise<void> {
  const memory = Math.round(Deno.memoryUsage().rss / 2 ** 20);
  const { clip, faces } = worker.models;
  return db.transaction(async (tx) => {
    const [{ introduced }] = await tx.execute<{ introduced: boolean }>(sql`
      insert into workers as w (id, host, pid, device, device_reason, clip_model, face_model,
        memory_mb, in_hand, still_seconds, patience_seconds, rate, counters, activity)
      values (${worker.id}, ${hostname()}, ${Deno.pid}, ${worker.device},
        ${worker.deviceReason ?? null}, ${clip.key}, ${faces.key}, ${memory}, ${vitals.inHand},
        ${vitals.stillSeconds}, ${vitals.patienceSeconds}, ${vitals.rate},
        ${JSON.stringify(vitals.counters)}::jsonb, ${vitals.activity ?? null})
      on conflict (id) do update set beats = w.beats + 1, beat_at = now(),
        device = excluded.device, device_reason = excluded.device_reason,
        activity = excluded.activity, memory_mb = excluded.memory_mb, in_hand = excluded.in_hand,
        still_seconds = excluded.still_seconds, patience_seconds = excluded.patience_seconds,
        rate = excluded.rate, counters = excluded.counters
      returning (xmax = 0) as introduced`);
    if (!introduced) return;
    const device = worker.device.replace(` on ${hostname()}`, "");
    await recordEvent(tx, {
      kind: "worker_started",
      message: `${workerName()}, ${device}, ${clip.key} and ${faces.key}`,
    });
  });
}

/**
 * Takes a worker that stops because it should off the list, and gives back what it still holds: no
 * item is to blame. `name` is what people call it, if it is not this process. Does nothing for a
 * worker that is not on the list.
 */
export async function resign(db: Db, id: string, name = workerName()): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.execute(sql`
      update jobs set state = 'queued', claim_id = null, worker_id = null,
        attempt = greatest(attempt - 1, 0)
      where worker_id = ${id} and state = 'running'`);
    const gone = await tx.execute(sql`delete from workers where id = ${id} returning 1`);
    if (gone.length > 0) await recordEvent(tx, { kind: "worker_stopped", message: name });
  });
  await db.execute(sql`select pg_notify('safelight', '')`);
}
