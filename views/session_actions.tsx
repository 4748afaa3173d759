import type { SessionStatus } from "../db/schema.ts";
import { Action } from "./parts.tsx";
import { isLive } from "./words.ts";

/**
 * What can be done in this state. Every button keeps its place in the document and is hidden where
 * it makes no sense, so that the focus survives a change of state around it.
 */
export function SessionActions({ id, status, retryable }: {
  id: number;
  status: SessionStatus;
  retryable: boolean;
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
      <Action to={`${at}/resume`} title="Resume" kind="primary" hidden={status !== "paused"} />
      <Action to={`${at}/pause`} title="Pause" hidden={!isLive(status)} />
      <Action
        to={`${at}/cancel`}
        title="Cancel"
        hidden={status !== "paused" && !isLive(status)}
      />
      <Action to={`${at}/retry`} title="Retry failed" hidden={!retryable} />
      <a class="button danger" href={`${at}/delete`}>Delete…</a>
    </div>
  );
}
