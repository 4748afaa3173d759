import type { PhaseName, SessionStatus } from "../db/schema.ts";
import type { PhaseRow } from "./phase_row.ts";
import type { ProgressInput } from "./progress.ts";

const DOING: Record<PhaseName, string> = {
  discovery: "Looking for pictures",
  training: "Reading pictures and making them searchable",
  face_detection: "Finding faces",
  clustering: "Grouping faces into people",
};

/** The state of a session in one sentence for a person, the same on page, in JSON and in the terminal. */
export function progressMessage(state: {
  status: SessionStatus;
  current: PhaseRow | null;
  failures: number;
  stalled: boolean;
  input: ProgressInput;
}): string {
  const { status, current, failures, stalled, input } = state;
  if (status === "pending") return "Not started yet";
  if (status === "completed") {
    return failures === 0 ? "Completed" : `Completed; ${files(failures)} could not be read`;
  }
  if (status === "failed") {
    return `Failed: ${current?.error ?? input.session.error ?? "see the phases below"}`;
  }
  if (status === "cancelled") return "Cancelled; what was finished is kept";
  if (status === "paused") return input.session.hold?.message ?? "Paused; finished work is kept";
  if (!input.worker?.alive) {
    const { models } = input.session;
    return `Waiting for a worker${models ? ` with ${models}` : ""}: none is running`;
  }
  const doing = current ? DOING[current.name] : "Working";
  if (stalled) {
    const { device, stillSeconds } = input.worker;
    return `${doing}: the worker (${device}) has been at the same work for ` +
      `${span(stillSeconds!)}; it will be replaced`;
  }
  if (input.worker.activity) return `${doing}: ${input.worker.activity}`;
  if (input.waiting) return `${doing}: ${again(input.waiting)}`;
  if (current?.name === "discovery") return `${doing}: ${current.done.toLocaleString("en")} so far`;
  return doing;
}

// Of one item the time is known; of several, that of the first.
function again({ items, until }: { items: number; until: Date }): string {
  const time = CLOCK.format(until);
  return items === 1
    ? `1 item is tried again at ${time}`
    : `${items.toLocaleString("en")} items are tried again from ${time} on`;
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

const span = (seconds: number) =>
  seconds < 120 ? `${Math.round(seconds)} seconds` : `${Math.round(seconds / 60)} minutes`;

const files = (count: number) => `${count.toLocaleString("en")} ${count === 1 ? "file" : "files"}`;
