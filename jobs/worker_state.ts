import { LEASE_SECONDS } from "./queue/leases.ts";

export const WORKER_STATES = ["working", "idle", "stalled", "silent"] as const;
export type WorkerState = typeof WORKER_STATES[number];

/** What a worker last said of itself, and how long ago. */
export interface WorkerSigns {
  silentSeconds: number;
  inHand: number;
  stillSeconds: number;
  patienceSeconds: number;
}

/**
 * How a worker is, by its last beat: silent if that is older than the lease, stalled if work in
 * hand has stood still for longer than fits it.
 */
export function workerState(worker: WorkerSigns): WorkerState {
  if (worker.silentSeconds > LEASE_SECONDS) return "silent";
  if (worker.inHand === 0) return "idle";
  return worker.stillSeconds > worker.patienceSeconds ? "stalled" : "working";
}

/** All workers together, as far as a session's progress tells of them. */
export interface Workforce {
  /** True if one at least was heard of within the lease. */
  alive: boolean;
  /** Of the worker that is told of: the one heard of last, or the one that stands still longest. */
  lastSeenAt: Date;
  device: string;
  deviceReason?: string | null;
  /** What it is at before anything moves; null while one with work in hand moves. */
  activity?: string | null;
  /** How long it stands still, where all that have work in hand are stalled; otherwise null. */
  stillSeconds: number | null;
}

type Told = "device" | "deviceReason" | "activity";

/**
 * Sums up workers in any order; null for none. Work stands still only if every worker that has some
 * in hand is stalled: one that moves carries the session on.
 */
export function workforce(
  workers: readonly (WorkerSigns & Pick<Workforce, "lastSeenAt" | Told>)[],
): Workforce | null {
  const [newest] = workers.toSorted((a, b) => a.silentSeconds - b.silentSeconds);
  if (!newest) return null;
  const busy = workers.filter((worker) => ["working", "stalled"].includes(workerState(worker)));
  const [stillest] = busy.toSorted((a, b) => b.stillSeconds - a.stillSeconds);
  const stalled = busy.length > 0 && busy.every((worker) => workerState(worker) === "stalled");
  const { lastSeenAt, device, deviceReason } = stalled ? stillest : newest;
  return {
    alive: workerState(newest) !== "silent",
    lastSeenAt,
    device,
    deviceReason,
    activity: busy.every((worker) => worker.activity) ? busy[0]?.activity ?? null : null,
    stillSeconds: stalled ? stillest.stillSeconds : null,
  };
}
