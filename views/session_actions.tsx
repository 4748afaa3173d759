import type { Hold, SessionStatus } from "../db/schema.ts";
import { Action } from "./parts.tsx";
import { isLive, isOver } from "./words.ts";

/**
 * What can be done in this state. Every button keeps its place in the document and is hidden where
 * it makes no sense, so that the focus survives a change of state around it.
 */
export function SessionActions({ id, status, retryable, hold, missesFiles }: {
  id: number;
  status: SessionStatus;
  retryable: boolean;
  hold: Hold | null;
  missesFiles: boolean;
}) {
  const at = `/sessions/${id}`;
  return (
    <div class="actions">
      <Action
        to={`${at}/start`}
        title={status === "failed" ? "Start again" : "Start"}
        kind="primary"
        hidden={status !== "pending" && status !== "failed"}
      />
      <Action
        to={`${at}/resume`}
        title={hold === null ? "Resume" : hold === "outside_hours" ? "Run now" : "Try again now"}
        kind="primary"
        hidden={status !== "paused"}
      />
      <a class="button" href={`${at}/accept-missing`} hidden={!missesFiles}>
        They are really gone…
      </a>
      <Action to={`${at}/pause`} title="Pause" hidden={!isLive(status) && hold === null} />
      <Action
        to={`${at}/cancel`}
        title="Cancel"
        hidden={status !== "paused" && !isLive(status)}
      />
      <Action to={`${at}/retry`} title="Retry failed" hidden={!retryable} />
      <a class="button" href={`/runs/faces?session=${id}`} hidden={!isOver(status)}>
        Find faces again…
      </a>
      <a class="button" href={`/runs/clustering?session=${id}`} hidden={!isOver(status)}>
        Group faces again…
      </a>
      <a class="button danger" href={`${at}/delete`}>Delete…</a>
    </div>
  );
}
