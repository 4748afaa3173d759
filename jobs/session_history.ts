import { type EndedSession, endedSessions, type SessionFacts } from "../db/history_queries.ts";
import type { Db, Tx } from "../db/client.ts";
import { PHASE_NAMES, type PhaseName, type PhaseStatus } from "../db/schema.ts";
import { counted } from "./phase_row.ts";

export interface PhaseRecord {
  name: PhaseName;
  status: PhaseStatus;
  /** Running time of all rounds, without pauses. */
  seconds: number;
  /** Null for clustering, whose units mean nothing, and where nothing was finished. */
  ratePerMinute: number | null;
  /** The median of earlier sessions on this device with these models; null without any. */
  usual: { ratePerMinute: number; sessions: number; differencePercent: number } | null;
}

export interface SessionRecord {
  session: SessionFacts;
  outcome: "clean" | "with_errors" | "failed" | "cancelled";
  /** Found by discovery, or looked at again by a run over what exists. */
  pictures: number;
  /** By the clock, from the start to the end; null if it was never started. */
  seconds: number | null;
  phases: PhaseRecord[];
}

/** Earlier sessions that a rate is compared with, and how far back they are looked for. */
const COMPARED = 20;
const REACH = 200;

/** A rate over fewer items says more about start-up than about the machine. */
const LEAST_ITEMS = 20;

/**
 * A page of ended sessions, the newest first, each rate beside what is usual: two statements of
 * bounded reach, however many sessions there were. `cursor` is the `nextCursor` of the page before.
 */
export async function readHistory(
  db: Db | Tx,
  { cursor, limit }: { cursor?: number; limit: number },
): Promise<{ records: SessionRecord[]; nextCursor: number | null }> {
  const found = await endedSessions(db, { before: cursor, limit: limit + REACH });
  const page = found.slice(0, limit);
  return {
    records: page.map((ended, index) => record(ended, found.slice(index + 1, index + 1 + REACH))),
    nextCursor: found.length > page.length ? page[page.length - 1].session.id : null,
  };
}

/** One session beside those that ended before it, the newest first; pure. */
export function record(
  { session, phases }: EndedSession,
  earlier: readonly EndedSession[],
): SessionRecord {
  const alike = earlier.filter((other) =>
    session.device !== null && other.session.device === session.device &&
    other.session.clipModel === session.clipModel &&
    other.session.faceModel === session.faceModel
  );
  const rows = PHASE_NAMES.map((name) => phases.find((phase) => phase.name === name)!);
  const [discovery, training, faces] = rows;
  return {
    session,
    outcome: session.status !== "completed"
      ? session.status === "failed" ? "failed" : "cancelled"
      : rows.some(({ failed }) => failed > 0)
      ? "with_errors"
      : "clean",
    pictures: session.kind === "folders"
      ? discovery.done
      : Math.max(training.total ?? 0, faces.total ?? 0),
    seconds: session.startedAt && session.completedAt &&
      Math.max(0, (session.completedAt.getTime() - session.startedAt.getTime()) / 1000),
    phases: rows.map((phase) => ({
      name: phase.name,
      status: phase.status,
      seconds: phase.activeSeconds,
      ratePerMinute: rate(phase),
      usual: usual(phase, alike),
    })),
  };
}

type Phase = EndedSession["phases"][number];

/** What was finished, over all rounds; discovery counts the pictures it found. */
const finished = (phase: Phase) =>
  phase.name === "discovery" ? phase.done : counted(phase) - phase.cancelled;

function rate(phase: Phase): number | null {
  if (phase.name === "clustering" || phase.activeSeconds <= 0) return null;
  const items = finished(phase);
  return items > 0 ? items / phase.activeSeconds * 60 : null;
}

function usual(phase: Phase, alike: EndedSession[]): PhaseRecord["usual"] {
  const own = comparable(phase);
  if (own === null) return null;
  const rates = alike.map(({ phases }) => phases.find(({ name }) => name === phase.name))
    .map((other) => other ? comparable(other) : null)
    .filter((rate) => rate !== null).slice(0, COMPARED);
  if (rates.length === 0) return null;
  const median = medianOf(rates);
  return {
    ratePerMinute: median,
    sessions: rates.length,
    differencePercent: Math.round(100 * (own / median - 1)),
  };
}

const comparable = (phase: Phase) => finished(phase) >= LEAST_ITEMS ? rate(phase) : null;

function medianOf(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
