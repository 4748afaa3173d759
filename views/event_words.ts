import type { EventKind } from "../db/schema.ts";
import type { SessionEvent } from "../db/timeline_queries.ts";
import { PHASE_TITLES } from "./words.ts";

const SESSION_WORDS: Partial<Record<EventKind, string>> = {
  created: "Made",
  started: "Started",
  paused: "Paused",
  resumed: "Resumed",
  cancelled: "Cancelled",
  retried: "Retry asked for",
  ignored: "Items ignored",
  held: "Held back",
  released: "Went on by itself",
  recovered: "Work of a dead worker put back",
  worker_started: "A worker started",
  worker_stopped: "A worker stopped",
  worker_died: "A worker died",
  worker_stalled: "A worker stalled",
  device_changed: "Another device",
  models_changed: "Other models chosen",
};

const PHASE_WORDS: Partial<Record<EventKind, string>> = {
  phase_started: "began",
  phase_completed: "completed",
  phase_failed: "failed",
};

/** What happened, in a few words: "Training completed", "Paused in Face detection". */
export function eventWords({ kind, phase }: SessionEvent): string {
  const title = phase && PHASE_TITLES[phase];
  const told = PHASE_WORDS[kind];
  if (told) return `${title ?? "A phase"} ${told}`;
  return title ? `${SESSION_WORDS[kind]} in ${title}` : SESSION_WORDS[kind]!;
}

/** Who did it, where somebody did: what the program does by itself needs no name. */
export const eventActor = ({ by }: SessionEvent) => by === "Safelight" ? null : by;
