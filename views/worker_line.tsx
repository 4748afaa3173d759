import type { UnifiedProgress } from "../jobs/progress.ts";
import { duration } from "./format.ts";
import { isLive } from "./words.ts";

/** Who does the work and when it was last heard of: a bar that stands still must say why. */
export function WorkerLine({ progress, now }: { progress: UnifiedProgress; now: Date }) {
  const { worker, overallStatus, hold } = progress;
  const seen = worker.lastSeenAt === null
    ? "none has ever been seen"
    : `last seen ${duration((now.getTime() - Date.parse(worker.lastSeenAt)) / 1000)} ago`;
  if (worker.alive && worker.stalled) {
    return (
      <p class="worker trouble">
        The worker ({worker.device}, {seen}) is alive, but has been at the same work for{" "}
        {duration(worker.stillSeconds ?? 0)}; it will be replaced.
      </p>
    );
  }
  if (worker.alive && worker.deviceReason) {
    return (
      <details class="worker details">
        <summary>Worker on {worker.device}, {seen}</summary>
        <p>Why on that: {worker.deviceReason}</p>
      </details>
    );
  }
  if (worker.alive) return <p class="worker">Worker on {worker.device}, {seen}</p>;
  return (
    <p class={isLive(overallStatus) || hold ? "worker trouble" : "worker"}>
      No worker is running ({seen}). Safelight starts one by itself; on another machine:{" "}
      <code>deno task worker</code>
    </p>
  );
}
