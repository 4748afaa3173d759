import { code } from "../db/client.ts";
import { log } from "../log.ts";
import { ImageError } from "../models/types.ts";
import { errorDetails } from "./error_details.ts";
import type { Claim } from "./queue/claim.ts";
import type { Outcome, TransientFault } from "./queue/finish.ts";
import { ReadFault } from "./read_original.ts";

/** An error sorted by what is to be done about it. */
export type Fault =
  | { kind: "outcome"; outcome: Outcome }
  | { kind: "transient" } & TransientFault;

type Where = Pick<Claim, "sessionId" | "phase">;

/**
 * Sorts what went wrong with one item: a picture that cannot be one fails for good, a format that
 * is not read is skipped, everything else (disk, memory) may pass and is tried again.
 */
export function sortFault(id: number, error: unknown, claim: Where): Fault {
  const details = errorDetails(error);
  if (error instanceof ImageError) {
    const state = error.fault === "unsupported" ? "skipped" : "failed";
    return {
      kind: "outcome",
      outcome: { id, state, reason: error.fault, message: error.message, details },
    };
  }
  if (error instanceof ReadFault) {
    return {
      kind: "outcome",
      outcome: { id, state: "failed", reason: error.reason, message: error.message, details },
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  const { sessionId: session, phase } = claim;
  log("warn", "an item failed and will be tried again", {
    session,
    phase,
    job: id,
    error: message,
  });
  return { kind: "transient", id, message, details };
}

// 53100 is PostgreSQL's word for it. On a read-only file system nothing can be written either, and
// a disk with errors is remounted so.
const FULL = new Set(["ENOSPC", "EDQUOT", "EROFS", "53100"]);

/** True if something could not be written for want of room: no item's fault, and it may pass. */
export const isDiskFull = (error: unknown) => FULL.has(code(error));

const AWAY = new Set([
  "EIO",
  "ENXIO",
  "ENODEV",
  "ESTALE",
  "ENOTCONN",
  "EHOSTDOWN",
  "ETIMEDOUT",
  "EREMOTEIO",
]);

/** True for what reading says when a disk or a share is not there any more, or damaged. */
export function isDiskAway(error: unknown): boolean {
  // Deno has no name for this one; 121 is EREMOTEIO on Linux.
  return AWAY.has(code(error)) ||
    (error instanceof Error && /\(os error 121\)/.test(error.message));
}
