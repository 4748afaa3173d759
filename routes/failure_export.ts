import type { z } from "zod";
import type { Db } from "../db/client.ts";
import {
  type Failure,
  type FailurePage,
  type FailuresQuery,
  listFailures,
} from "../db/failure_queries.ts";
import type { PhaseName } from "../db/schema.ts";
import { explain } from "../views/reasons.ts";
import { type ExportFormat, exportFormats } from "./export_formats.ts";
import type { FailureLines } from "./failure_schemas.ts";

/** A phase that failed as a whole. */
export interface PhaseFault {
  phase: PhaseName;
  message: string;
  failedAt: string | null;
}

/** One line of an export. */
export type FailureLine = z.infer<typeof FailureLines>[number];

const COLUMNS = [
  "phase",
  "path",
  "reason",
  "explanation",
  "message",
  "attempts",
  "lastAttemptAt",
  "worker",
  "session",
  "jobId",
] as const satisfies (keyof FailureLine)[];

/** Failures read and sent at a time: some 300 kB. */
const PORTION = 500;

type Selection = Pick<FailuresQuery, "sessionId" | "phase" | "reason">;

export const FORMATS = exportFormats<FailureLine>(COLUMNS);

/**
 * All failures of a session in one format, as a stream that reads the next portion when the client
 * has taken the one before, from the rows as they are then: no snapshot is held over a slow
 * download. Phases that failed as a whole come first. A fault on the way breaks the connection off.
 */
export function exportFailures(
  db: Db,
  selection: Selection,
  { format, phases }: { format: ExportFormat<FailureLine>; phases: PhaseFault[] },
): ReadableStream<Uint8Array> {
  return ReadableStream.from(portions(db, selection, { format, phases }));
}

// A generator runs only when somebody reads: HEAD takes the headers and costs nothing.
async function* portions(
  db: Db,
  selection: Selection,
  { format, phases }: { format: ExportFormat<FailureLine>; phases: PhaseFault[] },
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let first = true;
  const text = (lines: FailureLine[]) =>
    lines.map((line) => {
      const written = format.line(line, first);
      first = false;
      return written;
    }).join("");
  const faults = phases.filter((fault) => selected(fault, selection));
  yield encoder.encode(
    format.start + text(faults.map((fault) => phaseLine(fault, selection.sessionId))),
  );
  let cursor: string | null = "";
  while (cursor !== null) {
    const page: FailurePage = await listFailures(db, { ...selection, cursor, limit: PORTION });
    yield encoder.encode(
      text(page.items.map((failure) => failureLine(failure, selection.sessionId))),
    );
    cursor = page.nextCursor;
  }
  yield encoder.encode(format.end);
}

const selected = (fault: PhaseFault, { phase, reason }: Selection) =>
  (!phase || phase === fault.phase) && (!reason || reason === "phase_failed");

function phaseLine(fault: PhaseFault, session: number): FailureLine {
  return {
    phase: fault.phase,
    path: null,
    reason: "phase_failed",
    explanation: explain("phase_failed").text,
    message: fault.message,
    attempts: 1,
    lastAttemptAt: fault.failedAt,
    worker: null,
    session,
    jobId: null,
  };
}

function failureLine(failure: Failure, session: number): FailureLine {
  const last = failure.history.at(-1);
  const at = last?.endedAt ?? failure.finishedAt;
  return {
    phase: failure.phase,
    path: failure.path,
    reason: failure.reason ?? "unknown",
    explanation: explain(failure.reason).text,
    message: failure.message,
    attempts: failure.tries,
    lastAttemptAt: at?.toISOString() ?? null,
    worker: last?.worker ?? null,
    session,
    jobId: failure.jobId,
  };
}
