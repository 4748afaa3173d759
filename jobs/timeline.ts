import { type EventKind, PHASE_NAMES, type PhaseName } from "../db/schema.ts";
import type { SessionEvent } from "../db/timeline_queries.ts";
import type { PhaseRow } from "./phase_row.ts";
import { isTerminal } from "./status.ts";

export interface Span {
  from: Date;
  to: Date;
}

/** `waiting`: nothing holds the phase back and it is not open, as between two rounds. */
type SegmentState = "running" | "paused" | "held" | "waiting";

/** A stretch of one state, why it is so where somebody or something made it so, and who that was. */
export interface Segment extends Span {
  state: SegmentState;
  reason: string | null;
  by: string | null;
}

interface Stop {
  by: string;
  reason: string | null;
}

/** What a phase is in while its events are read one after the other. */
interface Track {
  phase: PhaseRow;
  /** When the row says it was opened first, or null. */
  started: number | null;
  segments: Segment[];
  open: boolean;
  ended: boolean;
  pause: Stop | null;
  hold: Stop | null;
  /** Where the segment to come begins; null before the first. */
  since: number | null;
}

/**
 * Each phase's stretches of running, pause and hold, from its events; pure. `events` are the newest
 * ones, in the order in which they happened. The segments of a phase touch each other from its
 * beginning to its end and have a length; a clock that was set back makes time stand still until it
 * has caught up. Of a phase without events (those of an older version, or more events than are
 * read) the rows say when it began and ended. Nothing is drawn from before `from`, when the session
 * was started; `to` ends what goes on.
 */
export function phaseSegments(input: {
  phases: readonly PhaseRow[];
  events: readonly SessionEvent[];
  from: Date;
  to: Date;
}): Record<PhaseName, Segment[]> {
  const from = input.from.getTime();
  const tracks = input.phases.filter((phase) => phase.status !== "skipped").map((phase) =>
    newTrack(phase, from)
  );
  let time = from;
  for (const event of input.events.filter(({ kind }) => CHANGES.includes(kind))) {
    time = Math.max(time, event.at.getTime());
    for (const track of affected(tracks, event)) apply(track, event, time);
  }
  for (const track of tracks) finish(track, input.to.getTime());
  return Object.fromEntries(PHASE_NAMES.map((name) => [
    name,
    tracks.find((track) => track.phase.name === name)?.segments ?? [],
  ])) as Record<PhaseName, Segment[]>;
}

const newTrack = (phase: PhaseRow, from: number): Track => ({
  phase,
  started: phase.startedAt && Math.max(from, phase.startedAt.getTime()),
  segments: [],
  open: false,
  ended: false,
  pause: null,
  hold: null,
  since: null,
});

const CHANGES: readonly EventKind[] = [
  "started",
  "phase_started",
  "paused",
  "held",
  "resumed",
  "released",
  "phase_completed",
  "phase_failed",
  "cancelled",
];

/** A phase can be held back before it is opened. */
const BEGINNINGS: readonly EventKind[] = ["phase_started", "paused", "held"];

/** A change of the whole session is one of what is open in it, or was held back in it. */
function affected(tracks: Track[], event: SessionEvent): Track[] {
  if (event.phase !== null) return tracks.filter((track) => track.phase.name === event.phase);
  return tracks.filter((track) => track.open || track.pause !== null || track.hold !== null);
}

function apply(track: Track, event: SessionEvent, time: number): void {
  if (track.since === null) beginEarlier(track, event, time);
  if (track.since === null && !BEGINNINGS.includes(event.kind)) return;
  close(track, time);
  switch (event.kind) {
    case "phase_started":
      Object.assign(track, { open: true, ended: false, pause: null, hold: null });
      break;
    case "paused":
      track.pause = { by: event.by, reason: event.message };
      break;
    case "held":
      track.hold = { by: event.by, reason: event.message };
      break;
    // Start lets a paused session go on as well.
    case "started":
    case "resumed":
      Object.assign(track, { pause: null, hold: null });
      break;
    case "released":
      track.hold = null;
      break;
    default:
      Object.assign(track, { open: false, ended: true, pause: null, hold: null });
  }
  track.since = Math.max(track.since ?? time, time);
}

/** The events read do not reach back to the phase's beginning: the row knows it. */
function beginEarlier(track: Track, event: SessionEvent, time: number): void {
  const { started } = track;
  if (started === null || started >= time || event.kind === "phase_started") return;
  track.since = started;
  track.open = true;
  const stop = { by: event.by, reason: null };
  if (event.kind === "resumed") track.pause = stop;
  if (event.kind === "released") track.hold = stop;
}

function close(track: Track, time: number): void {
  if (track.since === null || time <= track.since) return;
  const stop = track.pause ?? track.hold;
  track.segments.push({
    from: new Date(track.since),
    to: new Date(time),
    state: track.pause ? "paused" : track.hold ? "held" : track.open ? "running" : "waiting",
    reason: stop?.reason ?? null,
    by: stop?.by ?? null,
  });
  track.since = time;
}

/** Draws on to where the row says that the phase ended, or to the end of all. */
function finish(track: Track, end: number): void {
  const { phase, segments } = track;
  if (track.since === null) {
    track.since = track.started;
    track.open = true;
  }
  if (!track.ended || track.pause || track.hold) {
    close(track, isTerminal(phase.status) ? phase.completedAt?.getTime() ?? end : end);
  }
  while (segments.at(-1)?.state === "waiting") segments.pop();
}

/** Times in which no phase was open, held back or paused, between the first and the last segment. */
export function idleSpans(phases: Iterable<readonly Segment[]>): Span[] {
  const busy = [...phases].flat().filter((segment) => segment.state !== "waiting")
    .sort((a, b) => a.from.getTime() - b.from.getTime());
  const idle: Span[] = [];
  let reached = busy[0]?.to;
  for (const { from, to } of busy) {
    if (from > reached) idle.push({ from: reached, to: from });
    if (to > reached) reached = to;
  }
  return idle;
}
