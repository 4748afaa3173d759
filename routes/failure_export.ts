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

export interface ExportFormat {
  type: string;
  start: string;
  line(line: FailureLine, first: boolean): string;
  end: string;
}

export const FORMATS: Record<"json" | "csv", ExportFormat> = {
  json: {
    type: "application/json; charset=utf-8",
    start: "[",
    line: (line, first) => `${first ? "\n" : ",\n"}${JSON.stringify(line)}`,
    end: "\n]\n",
  },
  // The byte order mark is for Excel, which takes the file for its old code page without one and
  // spoils every name that is not English. Programs that mind it have JSON.
  csv: {
    type: "text/csv; charset=utf-8; header=present",
    start: `\uFEFF${COLUMNS.join(",")}\r\n`,
    line: (line) => `${COLUMNS.map((name) => csvCell(line[name])).join(",")}\r\n`,
    end: "",
  },
};

/**
 * A value as a cell of RFC 4180. Spreadsheets run what begins with = + - @ as a formula, also behind
 * a tab or a line break, and names of files are anybody's: such a text gets an apostrophe before
 * it. Who needs the text unchanged takes JSON.
 */
export function csvCell(value: string | number | null): string {
  if (value === null) return "";
  const text = typeof value === "string" && /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : `${value}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * All failures of a session in one format, as a stream that reads the next portion when the client
 * has taken the one before, from the rows as they are then: no snapshot is held over a slow
 * download. Phases that failed as a whole come first. A fault on the way breaks the connection off.
 */
export function exportFailures(
  db: Db,
  selection: Selection,
  { format, phases }: { format: ExportFormat; phases: PhaseFault[] },
): ReadableStream<Uint8Array> {
  return ReadableStream.from(portions(db, selection, { format, phases }));
}

// A generator runs only when somebody reads: HEAD takes the headers and costs nothing.
async function* portions(
  db: Db,
  selection: Selection,
  { format, phases }: { format: ExportFormat; phases: PhaseFault[] },
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
