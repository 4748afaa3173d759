import { isConnectionFault } from "../db/client.ts";
import { log, logError } from "../log.ts";
import { type Lane, type Shop, workOff } from "./lane.ts";
import { nextSuspect } from "./queue/suspects.ts";
import { rest } from "./rest.ts";

const AGAIN_MS = 1500;

/**
 * The first thing a worker process does: it runs, one at a time and with nothing else in hand, the
 * items that were there when two workers died. Whoever dies now dies of that item beyond doubt.
 * Each that comes through leaves the process as good as fresh for the next, so they share it:
 * starting a process costs more than most items, and a batch of sixty may be under suspicion.
 */
export async function quarantine(shop: Shop, lanes: Lane[]): Promise<void> {
  const { context } = shop;
  while (!context.stopping.aborted) {
    try {
      await context.inTouch();
      const { db, worker } = context;
      const claim = await shop.held.take((claimId) => nextSuspect(db, { worker, claimId }));
      if (!claim) return;
      log("info", "an item runs alone, because workers died over it", {
        session: claim.sessionId,
        phase: claim.phase,
        job: claim.jobs[0].id,
      });
      await workOff(shop, lanes.find((lane) => lane.phases.includes(claim.phase))!, claim);
    } catch (error) {
      if (!isConnectionFault(error)) logError("a claim failed", error);
      await rest(AGAIN_MS, context.stopping);
    }
  }
}
