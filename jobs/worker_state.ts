import { LEASE_SECONDS } from "./queue/leases.ts";

export const WORKER_STATES = ["working", "idle", "stalled", "silent"] as const;
export type WorkerState = typeof WORKER_STATES[number];

/**
 * How a worker is, by its last beat: silent if that is older than the lease, stalled if work in
 * hand has stood still for longer than fits it.
 */
export function workerState(worker: {
  silentSeconds: number;
  inHand: number;
  stillSeconds: number;
  patienceSeconds: number;
}): WorkerState {
  if (worker.silentSeconds > LEASE_SECONDS) return "silent";
  if (worker.inHand === 0) return "idle";
  return worker.stillSeconds > worker.patienceSeconds ? "stalled" : "working";
}
