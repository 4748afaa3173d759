import type { PhaseProgress } from "../jobs/progress.ts";
import { duration, number, percent } from "./format.ts";
import { Bar, Status, Time } from "./parts.tsx";
import { PhaseActions } from "./phase_actions.tsx";
import { PHASE_PURPOSE, PHASE_TITLES } from "./words.ts";

const FIGURES = ["done", "skipped", "failed", "cancelled", "pending"] as const;

/** One phase: how far it is, what became of its items, how fast and since when. */
export function PhaseRow({ sessionId, phase, started, turn, held, now }: {
  sessionId: number;
  phase: PhaseProgress;
  /** The session has begun and not ended: its phases can be held back or left out. */
  started: boolean;
  /** It is this phase's turn. */
  turn: boolean;
  /** Paused by Safelight, until things are better. */
  held: boolean;
  now: Date;
}) {
  const { name, status } = phase;
  const { percentage, current, total, failed } = phase.progress;
  const title = PHASE_TITLES[name];
  const live = status === "running";
  return (
    <li class={`phase is-${status}`}>
      <div class="head">
        <h3>{title}</h3>
        <Status status={status} held={held} />
        <span class="share">{percentage === null ? "" : percent(percentage)}</span>
      </div>
      {status === "skipped"
        ? <p class="purpose">Not part of this session</p>
        : <Bar label={`${title} progress`} percentage={percentage} live={live} />}
      {status === "pending" && <p class="purpose">{PHASE_PURPOSE[name]}</p>}
      {phase.error && <p class="fault">{phase.error}</p>}
      <p class="facts">
        {name === "discovery" && current > 0 && <span>{number(current)} pictures found</span>}
        {name === "discovery" && failed > 0 && (
          <a class="figure failed" href={failuresOf(sessionId, name)}>
            <b>{number(failed)}</b> unreadable
          </a>
        )}
        {name === "clustering" && total !== null && total > 0 && (
          <span>{number(current)} of {number(total)} units of work</span>
        )}
        {(name === "training" || name === "face_detection") && total !== null && (
          <Ledger sessionId={sessionId} phase={phase} />
        )}
        <Pace phase={phase} now={now} />
      </p>
      <PhaseActions sessionId={sessionId} phase={phase} started={started} current={turn} />
    </li>
  );
}

const failuresOf = (sessionId: number, phase: PhaseProgress["name"]) =>
  `/sessions/${sessionId}/failures?phase=${phase}`;

/** Each figure opens the files behind it, what failed with its reasons. */
function Ledger({ sessionId, phase }: { sessionId: number; phase: PhaseProgress }) {
  const { name, progress } = phase;
  return (
    <>
      {FIGURES.map((state) =>
        progress[state] > 0 && (
          <a
            class={`figure ${state}`}
            href={state === "failed"
              ? failuresOf(sessionId, name)
              : `/sessions/${sessionId}/items?phase=${name}&state=${state}`}
          >
            <b>{number(progress[state])}</b> {state}
          </a>
        )
      )}
      <span class="of">of {number(progress.total ?? 0)}</span>
    </>
  );
}

function Pace({ phase, now }: { phase: PhaseProgress; now: Date }) {
  const { ratePerMinute } = phase.progress;
  const { startedAt, completedAt } = phase;
  // Work units of clustering say nothing to a person.
  const rate = phase.name === "clustering" ? null : ratePerMinute;
  return (
    <>
      {rate !== null && <span>{number(Math.round(rate))} a minute</span>}
      {startedAt && (
        <span>
          <Time at={startedAt} now={now} />
          {completedAt && (
            <>
              {" – "}
              <Time at={completedAt} now={now} /> ({duration(
                (Date.parse(completedAt) - Date.parse(startedAt)) / 1000,
              )})
            </>
          )}
        </span>
      )}
    </>
  );
}
