import type { PhaseProgress } from "../jobs/progress.ts";
import { Action } from "./parts.tsx";
import { PHASE_TITLES } from "./words.ts";

/**
 * What can be done to one phase alone, while it has work before it; the one whose turn it is is
 * paused with the session. Buttons that make no sense at the moment are hidden, not gone, so that
 * the focus stays where it was.
 */
export function PhaseActions({ sessionId, phase, started, current }: {
  sessionId: number;
  phase: PhaseProgress;
  started: boolean;
  current: boolean;
}) {
  const { name, status } = phase;
  const at = `/sessions/${sessionId}/phases/${name}`;
  const waits = status === "pending";
  const closed = !started || !(waits || status === "running" || status === "paused");
  const cancel = current ? "Stop this phase" : "Leave out";
  return (
    <div class="phase-actions" role="group" aria-label={PHASE_TITLES[name]} hidden={closed}>
      <Action to={`${at}/pause`} title="Hold back" hidden={closed || current || !waits} />
      <Action to={`${at}/resume`} title="Let go on" hidden={closed || current || waits} />
      <Action to={`${at}/cancel`} title={cancel} hidden={closed} />
    </div>
  );
}
