import { isConnectionFault, type Tx } from "../db/client.ts";
import type { PhaseName } from "../db/schema.ts";
import { log, logError } from "../log.ts";
import { failPhase } from "./advance.ts";
import { isModelFault } from "./embed_batch.ts";
import { type Claim, claimJobs, claimSuspect, runningPhases } from "./queue/claim.ts";
import { completeJobs, holdClaim, releaseClaim, retryLater } from "./queue/finish.ts";
import type { Wake } from "./wake.ts";
import type { WorkerContext } from "./worker_context.ts";

/** How long a lane sleeps when nobody calls: the poll behind the notifications. */
const POLL_MS = 1500;

export interface Lane {
  phases: PhaseName[];
  /** How many items to take at once, asked before every claim. */
  batchSize(phase: PhaseName): number;
  work(claim: Claim): Promise<void>;
}

/**
 * Claims and works until the process stops, serving the sessions that run in turn. What a failed
 * batch held is given back; a model that cannot be used fails its phase.
 */
export async function runLane(context: WorkerContext, wake: Wake, lane: Lane): Promise<void> {
  let last = 0;
  while (!context.stopping.aborted) {
    try {
      const claim = await nextClaim(context, lane, last);
      if (claim) {
        last = claim.sessionId;
        await workOff(context, lane, claim);
      } else await wake.wait(POLL_MS);
    } catch (error) {
      if (!isConnectionFault(error)) logError("a claim failed", error);
      else log("warn", "the database does not answer; trying again", { error: String(error) });
      await wake.wait(POLL_MS);
    }
  }
}

async function nextClaim(
  { db, worker }: WorkerContext,
  lane: Lane,
  last: number,
): Promise<Claim | null> {
  const open = await runningPhases(db, lane.phases);
  // After the session served last come the later ones, then from the start: nobody starves.
  const turn = [
    ...open.filter((phase) => phase.sessionId > last),
    ...open.filter((phase) => phase.sessionId <= last),
  ];
  for (const { sessionId, phase } of turn) {
    const options = { sessionId, phase, workerId: worker.id };
    const claim = await claimJobs(db, { ...options, limit: lane.batchSize(phase) }) ??
      await claimSuspect(db, options);
    if (claim) return claim;
  }
  return null;
}

async function workOff(context: WorkerContext, lane: Lane, claim: Claim): Promise<void> {
  try {
    await lane.work(claim);
  } catch (error) {
    if (isConnectionFault(error)) return await giveBack(context, claim);
    const id = logError("a batch failed", error, {
      session: claim.sessionId,
      phase: claim.phase,
    });
    try {
      await context.db.transaction((tx) => settle(tx, claim, error as Error));
      await context.advance(claim.sessionId);
    } catch (fault) {
      log("warn", "a failed batch could not be settled", { errorId: id, error: String(fault) });
      await giveBack(context, claim);
    }
  }
}

// A model that cannot be used is no item's fault: it fails the phase at once, as does a walk or a
// clustering that has used up its attempts. Items of an unlucky batch are tried again later.
async function settle(tx: Tx, claim: Claim, error: Error): Promise<void> {
  const { sessionId, phase } = claim;
  const ours = await holdClaim(tx, claim);
  if (isModelFault(error)) {
    await releaseClaim(tx, claim.claimId);
    return await failPhase(tx, { sessionId, phase, message: error.message });
  }
  const faults = [...ours].map((id) => ({ id, message: error.message }));
  const spent = await retryLater(tx, claim, faults);
  if (phase === "training" || phase === "face_detection") await completeJobs(tx, claim, spent);
  else if (spent.length > 0) {
    await releaseClaim(tx, claim.claimId);
    await failPhase(tx, { sessionId, phase, message: error.message });
  }
}

// Nobody else frees it while this worker lives, so it is tried until the database answers.
async function giveBack({ db, stopping }: WorkerContext, claim: Claim): Promise<void> {
  while (!stopping.aborted) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    try {
      return await releaseClaim(db, claim.claimId);
    } catch (error) {
      log("warn", "a claim cannot be given back yet", { error: String(error) });
    }
  }
}
