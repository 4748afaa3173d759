import type { PhaseTimeline, Timeline } from "../jobs/read_timeline.ts";
import { eventActor, eventWords } from "./event_words.ts";
import { duration, exactMoment, number } from "./format.ts";
import { Layout } from "./layout.tsx";
import { Status } from "./parts.tsx";
import { ThroughputPlot } from "./throughput_plot.tsx";
import { timeScale } from "./time_scale.ts";
import { MarkShape, TimelinePlot } from "./timeline_plot.tsx";
import { isLive, isOver, PHASE_TITLES } from "./words.ts";

export interface TimelineView {
  timeline: Timeline;
  /** The page of events that is shown; undefined for the newest. */
  cursor?: number;
}

/** One session over time; without JavaScript it loads itself again while something moves. */
export function TimelinePage(view: TimelineView) {
  const { session } = view.timeline;
  return (
    <Layout title={`Timeline · ${session.name}`} place="sessions" refresh={isLive(session.status)}>
      <p class="crumbs">
        <a href="/sessions">Sessions</a> / <a href={`/sessions/${session.id}`}>{session.name}</a>
      </p>
      <h1>Timeline</h1>
      <TimelineSection {...view} />
    </Layout>
  );
}

/** All of it changes while the session lives: a section that replaces itself until it is over. */
export function TimelineSection({ timeline, cursor }: TimelineView) {
  const { session, during } = timeline;
  const here = `/sessions/${session.id}/timeline`;
  const polling = isOver(session.status) ? {} : {
    "hx-get": `${here}/section${cursor === undefined ? "" : `?cursor=${cursor}`}`,
    "hx-trigger": "every 5s",
    "hx-swap": "outerMorph",
    "hx-sync": "this:drop",
    "hx-config": "timeout:10s",
  };
  return (
    <section id={`timeline-${session.id}`} class="timeline" aria-label="Timeline" {...polling}>
      <p class="stale-note">
        No answer from Safelight; trying again. This is the last known state.
      </p>
      <p class="facts">
        <Status status={session.status} />
        {during === null
          ? <span>not started yet</span>
          : <span>{duration((during.to.getTime() - during.from.getTime()) / 1000)} in all</span>}
        {session.round > 1 && <span>round {session.round}</span>}
      </p>
      {during !== null && (
        <>
          <TimelinePlot timeline={timeline} />
          <Legend timeline={timeline} />
          {timeline.truncated && (
            <p class="note">So much has happened that only the newest of it is drawn.</p>
          )}
          <h2>Expected and took</h2>
          <Times timeline={timeline} />
          <Throughputs timeline={timeline} />
        </>
      )}
      <h2>Events</h2>
      <Events timeline={timeline} here={here} cursor={cursor} />
    </section>
  );
}

const LEGEND = [
  ["worker_started", "worker started"],
  ["worker_stopped", "worker stopped"],
  ["worker_died", "worker died"],
  ["worker_stalled", "worker stalled"],
  ["recovered", "a dead worker's work put back"],
] as const;

/** What is in the plot, and nothing else. */
function Legend({ timeline: { phases, marks, idle, during } }: { timeline: Timeline }) {
  const states = new Set(phases.flatMap(({ segments }) => segments.map(({ state }) => state)));
  return (
    <ul class="legend">
      {states.has("running") && <Swatch kind="running" label="running" />}
      {states.has("paused") && <Swatch kind="paused" label="paused" />}
      {states.has("held") && <Swatch kind="held" label="held back by Safelight" />}
      {marks.some(({ kind }) => kind === "retried") && <Swatch kind="retry" label="retry" />}
      {timeScale(during!, idle).breaks.length > 0 && (
        <Swatch kind="cut" label="nothing to do between rounds" />
      )}
      {LEGEND.filter(([kind]) => marks.some((mark) => mark.kind === kind)).map(([kind, label]) => (
        <li>
          <svg class="swatch" viewBox="-8 -8 16 16" width="16" height="16" aria-hidden="true">
            <MarkShape kind={kind} />
          </svg>
          {label}
        </li>
      ))}
    </ul>
  );
}

function Swatch({ kind, label }: { kind: string; label: string }) {
  const hatched = kind === "paused" || kind === "held";
  return (
    <li>
      <svg class="swatch" width="22" height="14" aria-hidden="true">
        {kind === "retry" ? <line class="retry" x1="11" x2="11" y1="0" y2="14" /> : (
          <rect
            class={kind === "cut" ? "cut" : `segment ${kind}`}
            x="1"
            y="1"
            width="20"
            height="12"
            fill={hatched ? `url(#hatch-${kind})` : undefined}
          />
        )}
      </svg>
      {label}
    </li>
  );
}

function Times({ timeline }: { timeline: Timeline }) {
  const { phases, session } = timeline;
  const rounds = session.round > 1;
  return (
    <>
      <table class="times">
        <thead>
          <tr>
            <th scope="col">Phase</th>
            <th scope="col">Expected</th>
            <th scope="col">Took</th>
            <th scope="col">Rate</th>
          </tr>
        </thead>
        <tbody>
          {phases.map((phase) => <TimesRow phase={phase} />)}
        </tbody>
      </table>
      {rounds && (
        <p class="note">
          This session is in round{" "}
          {session.round}. What it took is the sum of all rounds; what was expected is for the items
          of a phase when it was opened.
        </p>
      )}
    </>
  );
}

function TimesRow({ phase }: { phase: PhaseTimeline }) {
  const { name, status, expectedSeconds, tookSeconds, wallSeconds, ratePerMinute } = phase;
  if (status === "skipped") {
    return (
      <tr>
        <th scope="row">{PHASE_TITLES[name]}</th>
        <td colspan={3} class="none">Not part of this session</td>
      </tr>
    );
  }
  const begun = phase.startedAt !== null;
  const stood = wallSeconds !== null && wallSeconds - tookSeconds > Math.max(5, tookSeconds / 10);
  return (
    <tr>
      <th scope="row">{PHASE_TITLES[name]}</th>
      <td>
        {expectedSeconds !== null
          ? duration(expectedSeconds)
          : name === "discovery" || !begun
          ? <span class="none">–</span>
          : <span class="none">no history yet</span>}
      </td>
      <td>
        {begun ? duration(tookSeconds) : <span class="none">–</span>}
        {begun && status === "running" && <small>so far</small>}
        {difference(phase) && <small>{difference(phase)}</small>}
        {stood && <small>{duration(wallSeconds)} on the clock</small>}
      </td>
      <td>
        {ratePerMinute === null || name === "clustering" ? <span class="none">–</span> : (
          <>
            {number(Math.round(ratePerMinute))} <small>a minute</small>
          </>
        )}
      </td>
    </tr>
  );
}

/** How far off the expectation was, once the phase has ended. */
function difference({ status, expectedSeconds, tookSeconds }: PhaseTimeline): string | null {
  if (status !== "completed" || expectedSeconds === null || expectedSeconds <= 0) return null;
  const percent = Math.round(100 * (tookSeconds / expectedSeconds - 1));
  if (percent === 0) return "as expected";
  return `${number(Math.abs(percent))}\u00A0% ${percent > 0 ? "longer" : "shorter"}`;
}

/** Less than this says no more than the rate in the table. */
const FEWEST_POINTS = 3;

function Throughputs({ timeline }: { timeline: Timeline }) {
  const drawn = timeline.phases.filter(({ throughput }) =>
    throughput.length >= FEWEST_POINTS && throughput.some(({ perMinute }) => perMinute > 0)
  );
  if (drawn.length === 0) return null;
  return (
    <>
      <h2>Throughput</h2>
      <div class="throughputs">
        {drawn.map((phase) => <ThroughputPlot phase={phase} now={timeline.now} />)}
      </div>
    </>
  );
}

function Events({ timeline: { events, now }, here, cursor }: {
  timeline: Timeline;
  here: string;
  cursor?: number;
}) {
  if (events.rows.length === 0) return <p>Nothing was noted {cursor ? "before" : "yet"}.</p>;
  return (
    <>
      <ol class="happened exact">
        {events.rows.map((event) => (
          <li>
            <time datetime={event.at.toISOString()}>{exactMoment(event.at, now)}</time>
            <div>
              <p>
                <b>{eventWords(event)}</b>
                {eventActor(event) && ` by ${eventActor(event)}`}
              </p>
              {event.message && <p class="muted">{event.message}</p>}
            </div>
          </li>
        ))}
      </ol>
      <p class="actions">
        {cursor !== undefined && <a class="button" href={here}>Newest</a>}
        {events.nextCursor !== null && (
          <a class="button" href={`${here}?cursor=${events.nextCursor}`}>Older</a>
        )}
      </p>
    </>
  );
}
