import { log } from "../log.ts";
import { ImageError } from "../models/types.ts";
import type { Outcome } from "./queue/finish.ts";
import { ReadFault } from "./read_original.ts";

/** An error sorted by what is to be done about it. */
export type Fault =
  | { kind: "outcome"; outcome: Outcome }
  | { kind: "transient"; id: number; message: string };

/**
 * Sorts what went wrong with one item: a picture that cannot be one fails for good, a format that
 * is not read is skipped, everything else (disk, memory) may pass and is tried again.
 */
export function sortFault(id: number, error: unknown): Fault {
  if (error instanceof ImageError) {
    const state = error.fault === "unsupported" ? "skipped" : "failed";
    return { kind: "outcome", outcome: { id, state, reason: error.fault, message: error.message } };
  }
  if (error instanceof ReadFault) {
    return {
      kind: "outcome",
      outcome: { id, state: "failed", reason: error.reason, message: error.message },
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  log("warn", "an item failed and will be tried again", { job: id, error: message });
  return { kind: "transient", id, message };
}
