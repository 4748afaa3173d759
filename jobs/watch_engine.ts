import { inArray, sql } from "drizzle-orm";
import type { Db } from "../db/client.ts";
import { sessions } from "../db/schema.ts";
import { log } from "../log.ts";
import type { Engine } from "../models/engine.ts";
import { recordEvent } from "./events.ts";
import { type WorkerIdentity, workerName } from "./queue/workers.ts";

/**
 * Tells everybody what changes about a worker's engine: its row at once (`beatNow`), and when its
 * device has failed and the CPU has taken over, the log, the events and the sessions it works on.
 */
export function watchEngine(
  db: Db,
  engine: Engine,
  { worker, beatNow }: { worker: WorkerIdentity; beatNow: () => void },
): void {
  engine.watch((change) => {
    beatNow();
    if (change.what !== "device") return;
    const { from, reason } = change;
    log("warn", "the device failed; going on on the CPU", { device: from, reason });
    noteDevice(db, worker, { from, reason }).catch((error) => {
      log("warn", "the change of device could not be written down", { error: String(error) });
    });
  });
}

async function noteDevice(
  db: Db,
  worker: WorkerIdentity,
  { from, reason }: { from: string; reason: string },
): Promise<void> {
  const { device, deviceReason } = worker;
  await db.transaction(async (tx) => {
    const held = await tx.execute<{ session_id: string }>(sql`
      select distinct session_id from jobs where worker_id = ${worker.id} and state = 'running'`);
    const ids = held.map((row) => Number(row.session_id));
    await tx.update(sessions).set({ device, deviceReason }).where(inArray(sessions.id, ids));
    await recordEvent(tx, {
      kind: "device_changed",
      message: `${workerName()}, from ${from} to the CPU: ${reason}`,
    });
  });
}
