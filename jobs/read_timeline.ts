import type { Db, Tx } from "../db/client.ts";
import {
  PHASE_NAMES,
  type PhaseName,
  type PhaseStatus,
  type SessionKind,
  type SessionStatus,
} from "../db/schema.ts";
import {
  countErrors,
  type ErrorCount,
  newestEvents,
  readRun,
  readSamples,
  type SessionEvent,
} from "../db/timeline_queries.ts";
import { counted, ratePerSecond } from "./phase_row.ts";
import { isTerminal } from "./status.ts";
import { type Sample, type Throughput, throughput } from "./throughput.ts";
import { idleSpans, phaseSegments, type Segment, type Span } from "./timeline.ts";

export interface PhaseTimeline {
  name: PhaseName;
  status: PhaseStatus;
  segments: Segment[];
  throughput: Throughput[];
  total: number | null;
  startedAt: Date | null;
  /** By this machine's history, when the phase was opened; null without one. */
  expectedSeconds: number | null;
  /** Running time of all rounds so far, without pauses. */
  tookSeconds: number;
  /** The same with pauses, by the clock; null before it begins. */
  wallSeconds: number | null;
  ratePerMinute: number | null;
}

export interface Timeline {
  session: {
    id: number;
    name: string;
    kind: SessionKind;
    status: SessionStatus;
    round: number;
  };
  now: Date;
  /** When the session was started until it ended, or now; null before it is started. */
  during: Span | null;
  phases: PhaseTimeline[];
  /** Times between rounds, in which no phase was open. */
  idle: Span[];
  /** Retries, rescued work, and workers coming and going, oldest first. */
  marks: SessionEvent[];
  errors: ErrorCount[];
  /** True where there was more than is read: the oldest marks, pauses and errors are missing. */
  truncated: boolean;
  events: { rows: SessionEvent[]; nextCursor: number | null };
}

const MOST_EVENTS = 1000;
const EVENTS_LISTED = 200;
const ERROR_STRETCHES = 100;

const MARKS = [
  "retried",
  "recovered",
  "worker_started",
  "worker_stopped",
  "worker_died",
  "worker_stalled",
];

/**
 * A session over time: phases with their pauses, throughput, marks, errors, and a page of its
 * events; null if there is no such session. A constant number of statements, each of bounded reach.
 * `cursor` is the `nextCursor` of the page of events before.
 */
export async function readTimeline(
  db: Db | Tx,
  { id, cursor }: { id: number; cursor?: number },
): Promise<Timeline | null> {
  const run = await readRun(db, id);
  if (run === null) return null;
  const { session, phases, now } = run;
  const during = timeOf(run);
  const [newest, page, samples, errors] = await Promise.all([
    newestEvents(db, { sessionId: id, during, limit: MOST_EVENTS }),
    newestEvents(db, { sessionId: id, during, before: cursor, limit: EVENTS_LISTED + 1 }),
    readSamples(db, id),
    during && countErrors(db, { sessionId: id, during, many: ERROR_STRETCHES }),
  ]);
  // The order in which things happened is that of their ids, whatever the clock said.
  const happened = [...newest.own, ...newest.workers].sort((a, b) => a.id - b.id);
  const segments = during && phaseSegments({ phases, events: happened, ...during });
  const samplesOf = Map.groupBy(samples, (sample) => sample.phase);
  const listed = [...page.own, ...page.workers]
    .sort((a, b) => b.at.getTime() - a.at.getTime() || b.id - a.id);
  const rows = listed.slice(0, EVENTS_LISTED);
  return {
    session: {
      id,
      name: session.name,
      kind: session.kind,
      status: session.status,
      round: session.round,
    },
    now,
    during,
    phases: PHASE_NAMES.map((name) => {
      const phase = phases.find((phase) => phase.name === name)!;
      const drawn = segments?.[name] ?? [];
      return phaseTimeline(phase, { segments: drawn, samples: samplesOf.get(name) ?? [], now });
    }),
    idle: idleSpans(Object.values(segments ?? {})),
    marks: happened.filter(({ kind, at }) =>
      MARKS.includes(kind) && during && at >= during.from && at <= during.to
    ),
    errors: errors?.counts ?? [],
    truncated: newest.own.length === MOST_EVENTS || newest.workers.length === MOST_EVENTS ||
      errors?.complete === false,
    events: { rows, nextCursor: listed.length > rows.length ? rows.at(-1)!.id : null },
  };
}

type Run = NonNullable<Awaited<ReturnType<typeof readRun>>>;

/** A second at least: a clock that was set back must not leave less than nothing to draw. */
function timeOf({ session, phases, now }: Run): Span | null {
  if (session.startedAt === null) return null;
  const from = session.startedAt.getTime();
  const over = phases.every((phase) => isTerminal(phase.status));
  const ends = phases.map((phase) => phase.completedAt?.getTime() ?? from);
  const to = over ? Math.max(session.completedAt?.getTime() ?? from, ...ends) : now.getTime();
  return { from: session.startedAt, to: new Date(Math.max(to, from + 1000)) };
}

function phaseTimeline(
  phase: Run["phases"][number],
  { segments, samples, now }: { segments: Segment[]; samples: Sample[]; now: Date },
): PhaseTimeline {
  const perSecond = ratePerSecond(phase, now);
  return {
    name: phase.name,
    status: phase.status,
    segments,
    throughput: throughput(segments, [...samples, ...latest(phase, segments)]),
    total: phase.total,
    startedAt: phase.startedAt,
    expectedSeconds: phase.expectedSeconds,
    tookSeconds: phase.activeSeconds,
    wallSeconds: segments.length === 0 ? null : wallSeconds(segments),
    ratePerMinute: perSecond === null ? null : perSecond * 60,
  };
}

const wallSeconds = (segments: Segment[]) =>
  segments.filter(({ state }) => state !== "waiting")
    .reduce((sum, { from, to }) => sum + (to.getTime() - from.getTime()) / 1000, 0);

/** The ledger as it stands; the last commits of a phase come within a second and leave no sample. */
function latest(phase: Run["phases"][number], segments: Segment[]): Sample[] {
  const end = segments.at(-1)?.to;
  if (!end) return [];
  // Cancelling counts thousands of items in one statement; that is no speed.
  const done = phase.name === "discovery" ? phase.done : counted(phase) - phase.cancelled;
  return [{ at: end, counted: done }];
}
