import type { Db } from "../db/client.ts";
import { countTaken, type FailureAction } from "../db/failure_queries.ts";
import { LISTING_PHASES } from "../db/item_queries.ts";
import type { PhaseName } from "../db/schema.ts";
import { findSession } from "../db/session_queries.ts";
import { type Actor, ignoreItems, retrySession, type Transition } from "../jobs/lifecycle.ts";
import { SessionNotFound } from "../jobs/session_state.ts";
import { readProgress } from "../jobs/read_progress.ts";
import { allows } from "../jobs/transitions.ts";
import { Fault } from "./fault.ts";

export interface Asked extends Transition {
  /** How many items were named; null: all that failed. */
  named: number | null;
  /** How many items it is about, as things were when it was asked. */
  taken: number;
}

/**
 * Asks for failed items to be retried or ignored and tells how many that are. Ids that do not
 * belong to the session, or did not fail, are not taken; if none is left nothing is asked for, and
 * neither is for a retry of a session that is at work. Throws SessionNotFound, IllegalTransition for
 * a retry of one that is paused or was never started, and a Fault for ignoring in a phase whose items are no files.
 */
export async function askFor(
  db: Db,
  id: number,
  { action, by, phase, ...given }: Required<Actor> & {
    action: FailureAction;
    jobIds?: number[];
    phase?: PhaseName;
  },
): Promise<Asked> {
  if (action === "ignore" && phase && !LISTING_PHASES.some((name) => name === phase)) {
    const message = `What failed in ${phase} cannot be ignored: only files can be left alone; ` +
      `name training or face_detection`;
    throw new Fault(400, "not_ignorable", message);
  }
  const session = await findSession(db, id);
  if (!session) throw new SessionNotFound(id);
  const { status } = session;
  const jobIds = given.jobIds && [...new Set(given.jobIds)];
  if (action === "retry" && !allows("retry", status)) {
    return { changed: false, status, named: jobIds?.length ?? null, taken: 0 };
  }
  const taken = jobIds
    ? await countTaken(db, { id, status, action, jobIds, phase })
    : await countFailed(db, id, phase);
  const named = jobIds?.length ?? null;
  if (jobIds && taken === 0) return { changed: false, status, named, taken };
  const ask = action === "retry" ? retrySession : ignoreItems;
  return { ...await ask(db, id, { by, jobIds, phase }), named, taken };
}

/** From the ledger; without a phase those of items, which is what a retry of everything is about. */
async function countFailed(db: Db, id: number, phase?: PhaseName): Promise<number> {
  const progress = await readProgress(db, id);
  if (!progress) throw new SessionNotFound(id);
  return Object.values(progress.phases)
    .filter(({ name }) => phase ? name === phase : name !== "discovery")
    .reduce((sum, { progress }) => sum + progress.failed, 0);
}
