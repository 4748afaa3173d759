import type { Child } from "hono/jsx";
import type { Segment } from "../jobs/timeline.ts";
import type { PhaseTimeline, Timeline } from "../jobs/read_timeline.ts";
import { eventWords } from "./event_words.ts";
import { duration, exactMoment, number, several } from "./format.ts";
import { type TimeScale, timeScale } from "./time_scale.ts";
import { PHASE_TITLES } from "./words.ts";

// Everything is placed in percent of the width and in pixels of the height, so that text keeps its
// size on a phone and no bar needs a script.

const ROW = 46;
const BAR = { top: 20, height: 16 };
const AXIS = 26;
/** Marks nearer to each other than this share of the width are drawn as one. */
const MARKS_APART = 1;

/** What a phase can be doing, as the legend calls it. */
export const STATES = {
  running: "running",
  paused: "paused",
  held: "held back",
  waiting: "waiting",
} as const;

/** The session from its start to its end: a row a phase, and rows of what happened to it. */
export function TimelinePlot({ timeline }: { timeline: Timeline }) {
  const { during, phases, marks, errors, idle } = timeline;
  if (during === null) return null;
  const scale = timeScale(during, idle);
  const drawn = phases.filter((phase) => phase.status !== "skipped");
  const rows: Child[] = drawn.map((phase) => (
    <PhaseRow phase={phase} scale={scale} now={timeline.now} />
  ));
  const workers = marks.filter(({ kind }) => kind.startsWith("worker_"));
  const recovered = marks.filter(({ kind }) => kind === "recovered");
  if (workers.length > 0) {
    rows.push(<MarkRow title="Workers" marks={workers} timeline={timeline} scale={scale} />);
  }
  if (recovered.length > 0) {
    rows.push(
      <MarkRow title="Work put back" marks={recovered} timeline={timeline} scale={scale} />,
    );
  }
  if (errors.length > 0) rows.push(<ErrorRow timeline={timeline} scale={scale} />);
  const height = rows.length * ROW;
  return (
    <svg
      class="plot"
      width="100%"
      height={height + AXIS}
      role="img"
      aria-labelledby="timeline-title timeline-desc"
    >
      <title id="timeline-title">The session over time</title>
      <desc id="timeline-desc">{description(timeline)}</desc>
      <Hatches />
      <Axis scale={scale} height={height} />
      {scale.breaks.map(({ from, to, span }) => (
        <svg x={`${from}%`} width={`${to - from}%`} y="0" height={height}>
          <title>
            Nothing to do for {duration((span.to.getTime() - span.from.getTime()) / 1000)}
          </title>
          <rect class="cut" width="100%" height={height} />
        </svg>
      ))}
      {marks.filter(({ kind }) => kind === "retried").map(({ at }) => (
        <line
          class="retry"
          x1={`${scale.place(at)}%`}
          x2={`${scale.place(at)}%`}
          y1="0"
          y2={height}
        />
      ))}
      {rows.map((row, index) => <svg y={index * ROW} height={ROW} width="100%">{row}</svg>)}
    </svg>
  );
}

/** Patterns of this page's plots, told apart without their colours. */
function Hatches() {
  return (
    <defs>
      {(["paused", "held"] as const).map((state) => (
        <pattern
          id={`hatch-${state}`}
          class={`hatch ${state}`}
          width="7"
          height="7"
          patternUnits="userSpaceOnUse"
          patternTransform={state === "paused" ? "rotate(45)" : "rotate(-45)"}
        >
          <rect width="7" height="7" />
          <line x1="0" y1="0" x2="0" y2="7" />
        </pattern>
      ))}
    </defs>
  );
}

/** Moments below a plot of `height` pixels, each with a line through it. */
export function Axis({ scale, height }: { scale: TimeScale; height: number }) {
  return (
    <g class="axis">
      {scale.ticks.map(({ place, label }, index) => (
        // Every other label makes room on a phone.
        <g class={index % 2 === 1 ? "second" : undefined}>
          <line x1={`${place}%`} x2={`${place}%`} y1="0" y2={height + 5} />
          <text
            x={`${place}%`}
            y={height + 19}
            text-anchor={place < 12 ? "start" : place > 88 ? "end" : "middle"}
          >
            {label}
          </text>
        </g>
      ))}
    </g>
  );
}

function PhaseRow({ phase, scale, now }: { phase: PhaseTimeline; scale: TimeScale; now: Date }) {
  return (
    <>
      <text y="14" class="row-title">
        {PHASE_TITLES[phase.name]}
        <tspan class="aside" dx="8">{aside(phase)}</tspan>
      </text>
      <line class="rail" x1="0" x2="100%" y1={BAR.top + 8} y2={BAR.top + 8} />
      {phase.segments.filter(({ state }) => state !== "waiting").map((segment) => (
        <SegmentBar segment={segment} scale={scale} now={now} bar={BAR} />
      ))}
    </>
  );
}

/** A stretch of one state as a bar, with its times, reason and actor for whoever points at it. */
export function SegmentBar({ segment, scale, now, bar }: {
  segment: Segment;
  scale: TimeScale;
  now: Date;
  bar: { top: number; height: number };
}) {
  const { state, from, to, by, reason } = segment;
  const left = scale.place(from);
  const stopped = state === "paused" || state === "held";
  const who = by && by !== "Safelight" ? ` by ${by}` : "";
  return (
    <rect
      class={`segment ${state}`}
      x={`${left}%`}
      y={bar.top}
      width={`${Math.max(0.3, scale.place(to) - left)}%`}
      height={bar.height}
      fill={stopped ? `url(#hatch-${state})` : undefined}
    >
      <title>
        {`${STATES[state]}${who}, ${exactMoment(from, now)} – ${exactMoment(to, now)}` +
          (reason ? `: ${reason}` : "")}
      </title>
    </rect>
  );
}

function aside({ segments, startedAt, tookSeconds }: PhaseTimeline): string {
  if (segments.length === 0) return startedAt === null ? "not begun" : "";
  const pauses = segments.filter(({ state }) => state === "paused").length;
  const holds = segments.filter(({ state }) => state === "held").length;
  return [
    ...(tookSeconds > 0 ? [duration(tookSeconds)] : []),
    ...(pauses > 0 ? [several(pauses, "pause")] : []),
    ...(holds > 0 ? [several(holds, "hold")] : []),
  ].join(", ");
}

const SHAPES: Record<string, string> = {
  worker_started: "M-6 5 L0 -6 L6 5 Z",
  worker_stopped: "M-6 -5 L0 6 L6 -5 Z",
  worker_died: "M-5 -5 L5 5 M5 -5 L-5 5",
  worker_stalled: "M-5 -5 H5 V5 H-5 Z",
  recovered: "M0 -6 L6 0 L0 6 L-6 0 Z",
};

/** The shape of a mark alone, for the plot and for its legend. */
export const MarkShape = ({ kind }: { kind: string }) => (
  <path class={`mark ${kind}`} d={SHAPES[kind]} />
);

function MarkRow({ title, marks, timeline, scale }: {
  title: string;
  marks: Timeline["marks"];
  timeline: Timeline;
  scale: TimeScale;
}) {
  const groups = Map.groupBy(
    marks,
    ({ kind, at }) => `${kind} ${Math.round(scale.place(at) / MARKS_APART)}`,
  );
  return (
    <>
      <text y="14" class="row-title">
        {title}
        <tspan class="aside" dx="8">{several(marks.length, "event")}</tspan>
      </text>
      <line class="rail" x1="0" x2="100%" y1={BAR.top + 8} y2={BAR.top + 8} />
      {[...groups.values()].map((group) => (
        // Kept off the edges, where half a shape would be cut away.
        <svg
          class="at"
          x={`${Math.min(98.5, Math.max(1.5, scale.place(group[0].at)))}%`}
          y={BAR.top + 8}
        >
          <title>
            {`${eventWords(group[0])}, ${exactMoment(group[0].at, timeline.now)}` +
              (group.length > 1 ? ` and ${number(group.length - 1)} more` : "")}
          </title>
          <MarkShape kind={group[0].kind} />
        </svg>
      ))}
    </>
  );
}

function ErrorRow({ timeline, scale }: { timeline: Timeline; scale: TimeScale }) {
  const { errors, now } = timeline;
  const all = (one: Timeline["errors"][number]) => one.permanent + one.transient + one.death;
  const most = Math.max(...errors.map(all));
  const sum = errors.reduce((sum, one) => sum + all(one), 0);
  return (
    <>
      <text y="14" class="row-title">
        Errors
        <tspan class="aside" dx="8">{several(sum, "try", "tries")} went wrong</tspan>
      </text>
      <line class="rail" x1="0" x2="100%" y1={ROW - 4} y2={ROW - 4} />
      {errors.map((one) => {
        const height = Math.max(3, all(one) / most * (ROW - 4 - BAR.top));
        const left = scale.place(one.from);
        return (
          <rect
            class="error"
            x={`${left}%`}
            y={ROW - 4 - height}
            width={`${Math.max(0.6, scale.place(one.to) - left)}%`}
            height={height}
          >
            <title>
              {`${several(all(one), "failed try", "failed tries")} from ` +
                `${exactMoment(one.from, now)}: ${errorWords(one)}`}
            </title>
          </rect>
        );
      })}
    </>
  );
}

function errorWords(one: { permanent: number; transient: number; death: number }): string {
  return [
    ...(one.permanent > 0 ? [`${number(one.permanent)} for good`] : []),
    ...(one.transient > 0 ? [`${number(one.transient)} tried again`] : []),
    ...(one.death > 0 ? [`${number(one.death)} with the worker's death`] : []),
  ].join(", ");
}

function description({ phases, now, during }: Timeline): string {
  const told = phases.filter(({ segments }) => segments.length > 0).map(
    ({ name, segments, tookSeconds }) => {
      const [first, last] = [segments[0], segments.at(-1)!];
      const stops = segments.filter(({ state }) => state === "paused" || state === "held").length;
      return `${PHASE_TITLES[name]} from ${exactMoment(first.from, now)} to ` +
        `${exactMoment(last.to, now)}, running ${duration(tookSeconds)}` +
        (stops > 0 ? ` with ${several(stops, "interruption")}` : "");
    },
  );
  return `From ${exactMoment(during!.from, now)} to ${exactMoment(during!.to, now)}. ` +
    told.map((one) => `${one}.`).join(" ");
}
