import { transact } from "../db/transact.ts";
import { code, isConnectionFault, type Tx } from "../db/client.ts";
import type { PhaseName } from "../db/schema.ts";
import { log, logError } from "../log.ts";
import { failPhase } from "./advance.ts";
import type { Counting } from "./counting.ts";
import { errorDetails } from "./error_details.ts";
import { isModelFault } from "./embed_batch.ts";
import type { Hand, Moving } from "./moving.ts";
import { type Claim, claimJobs, type OpenPhase, runningPhases } from "./queue/claim.ts";
import { holdFor, type HoldReason, holdSession } from "./holds.ts";
import { completeJobs, endJobs, holdClaim, releaseClaim, retryLater } from "./queue/finish.ts";
import type { HeldClaims } from "./queue/held_claims.ts";
import { suspectsWait } from "./queue/suspects.ts";
import type { Wake } from "./wake.ts";
import type { WorkerContext } from "./worker_context.ts";

/** How long a lane sleeps when nobody calls: the poll behind the notifications. */
const POLL_MS = 1500;

export interface Lane {
  phases: PhaseName[];
  /** How many items to take at once, asked before every claim. */
  batchSize(open: OpenPhase): number;
  /** Seconds this batch may stand still before something must be wrong. */
  patience(claim: Claim): number | Promise<number>;
  work(context: WorkerContext, claim: Claim): Promise<void>;
}

/** What the loops of one worker process share. */
export interface Shop {
  context: WorkerContext;
  wake: Wake;
  moving: Moving;
  counting: Counting;
  held: HeldClaims;
  /** Told when items wait that only a fresh process may run (see quarantine.ts). */
  suspectsFound(): void;
  /** Told when other models are to be worked with (see chosen_models.ts). */
  modelsChanged(): void;
}

/**
 * Claims and works until the process stops, serving the sessions that run in turn. What a failed
 * batch held is given back; a model that cannot be used fails its phase.
 */
export async function runLane(shop: Shop, lane: Lane): Promise<void> {
  const { context, wake } = shop;
  let last = 0;
  while (!context.stopping.aborted) {
    try {
      await context.inTouch();
      const claim = await nextClaim(shop, lane, last);
      if (claim) {
        last = claim.sessionId;
        await workOff(shop, lane, claim);
      } else await wake.wait(POLL_MS);
    } catch (error) {
      if (!isConnectionFault(error)) logError("a claim failed", error);
      else log("warn", "the database does not answer; trying again", { error: String(error) });
      await wake.wait(POLL_MS);
    }
  }
}

async function nextClaim(
  { context: { db, worker, stopping }, held, suspectsFound }: Shop,
  lane: Lane,
  last: number,
): Promise<Claim | null> {
  if (stopping.aborted) return null;
  const open = await runningPhases(db, lane.phases, worker.models);
  // After the session served last come the later ones, then from the start: nobody starves.
  const turn = [
    ...open.filter((phase) => phase.sessionId > last),
    ...open.filter((phase) => phase.sessionId <= last),
  ];
  for (const phase of turn) {
    const limit = lane.batchSize(phase);
    const claim = await held.take((claimId) =>
      claimJobs(db, { ...phase, workerId: worker.id, limit, claimId })
    );
    if (claim) return claim;
    if (await suspectsWait(db, phase)) suspectsFound();
  }
  return null;
}

/** Works one batch off, whatever happens: it ends finished, given back or put off for later. */
export async function workOff(shop: Shop, lane: Lane, claim: Claim): Promise<void> {
  const { phase, jobs } = claim;
  const started = performance.now();
  let hand: Hand | undefined;
  const left: Promise<unknown>[] = [];
  try {
    const patience = await lane.patience(claim);
    const { moved } = hand = shop.moving.take({ phase, items: jobs.length, patience });
    await lane.work({
      ...shop.context,
      moved,
      outlived: (work) => void left.push(work),
      finished(phase, counts) {
        moved();
        shop.counting.finished(phase, counts);
      },
    }, claim);
    shop.counting.batch(phase, (performance.now() - started) / 1000);
  } catch (error) {
    await settleFault(shop.context, claim, error);
  } finally {
    // What was left behind keeps its place in the gates: should it hang, this worker is to be replaced.
    Promise.allSettled(left).then(() => hand?.end());
    shop.held.end(claim);
  }
}

async function settleFault(context: WorkerContext, claim: Claim, error: unknown): Promise<void> {
  // A connection that was cut, or a deadlock with somebody who lost no patience: nobody's fault.
  if (isConnectionFault(error) || code(error) === "40P01") return await giveBack(context, claim);
  const hold = holdFor(error, context.config.dataDir);
  if (hold) return await holdAndGiveBack(context, claim, hold);
  const { sessionId: session } = claim;
  const id = logError("a batch failed", error, about(claim));
  try {
    await transact(context.db, (tx) => settle(tx, claim, error as Error));
    await context.advance(session);
  } catch (fault) {
    log("warn", "a failed batch could not be settled", {
      ...about(claim),
      errorId: id,
      error: String(fault),
    });
    await giveBack(context, claim);
  }
}

// First held, then given back: nobody takes it up again meanwhile. On a full disk the database may
// be unable to write down either.
async function holdAndGiveBack(
  context: WorkerContext,
  claim: Claim,
  reason: HoldReason,
): Promise<void> {
  const { sessionId: session, claimId } = claim;
  log("warn", "a session is held back", { ...about(claim), reason: reason.hold });
  try {
    await holdSession(context.db, session, reason);
    await releaseClaim(context.db, claimId);
  } catch (error) {
    log("warn", "a session cannot be held back yet", { ...about(claim), error: String(error) });
    await giveBack(context, claim);
  }
}

// A model that cannot be used is no item's fault: it fails the phase at once, as does a walk or a
// clustering that has used up its attempts. Items of an unlucky batch are tried again later.
async function settle(tx: Tx, claim: Claim, error: Error): Promise<void> {
  const { sessionId, phase } = claim;
  const ours = await holdClaim(tx, claim);
  // Somebody else has it by now, and finds out for himself.
  if (ours.size === 0) return;
  if (isModelFault(error)) {
    await releaseClaim(tx, claim.claimId);
    return await failPhase(tx, { sessionId, phase, message: error.message });
  }
  const details = errorDetails(error);
  const faults = [...ours].map((id) => ({ id, message: error.message, details }));
  const spent = await retryLater(tx, claim, faults);
  if (phase === "training" || phase === "face_detection") await completeJobs(tx, claim, spent);
  else if (spent.length > 0) {
    // Ended, not given back: a retry would go on with the attempts that are left, which is none.
    await endJobs(tx, claim, spent);
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
      log("warn", "a claim cannot be given back yet", { ...about(claim), error: String(error) });
    }
  }
}

/** What a line in the log is about. */
const about = ({ sessionId, phase, jobs }: Claim) => ({
  session: sessionId,
  phase,
  jobs: jobs.map((job) => job.id).join(" "),
});
