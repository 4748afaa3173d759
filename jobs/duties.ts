import { isConnectionFault } from "../db/client.ts";
import { pruneEmbeddingChanges } from "../db/vector_index/changes.ts";
import { log, logError } from "../log.ts";
import { sessionsToAdvance } from "./advance.ts";
import { watchChoice } from "./chosen_models.ts";
import type { Shop } from "./lane.ts";
import { PHASE_NAMES } from "../db/schema.ts";
import { pruneChanges } from "./people/journal.ts";
import { matchStale } from "./people/match_stale.ts";
import { runningPhases } from "./queue/claim.ts";
import { thinSamples } from "./queue/samples.ts";
import { createRescuer } from "./queue/rescue.ts";
import { carryOutRequests } from "./requests.ts";
import { rest } from "./rest.ts";

const DUTY_MS = 5000;

/** A sample a second: sixty more than MOST_SAMPLES are read by no page with any trouble. */
const THIN_MS = 60_000;

/** Beats come every 5 s and the lease is 20 s: with this, the work of the dead is back within 25 s. */
const LOOK_MS = 2500;

/** What some worker must do from time to time; all of it may run in several workers at once. */
export async function duties({ context, wake, held, modelsChanged }: Shop): Promise<void> {
  const { db, stopping, config, worker } = context;
  const othersChosen = watchChoice(config, worker.models);
  let thinned = performance.now();
  while (!stopping.aborted) {
    try {
      if (await othersChosen()) modelsChanged();
      const strays = await held.releaseStrays(db, worker.id);
      if (strays > 0) {
        log("warn", "gave back items whose claim was never answered", { items: strays });
      }
      while (!stopping.aborted && await carryOutRequests(db));
      for (const session of await sessionsToAdvance(db)) {
        await context.advance(session).catch((error) => {
          if (isConnectionFault(error)) throw error;
          logError("a session cannot be moved on", error, { session });
        });
      }
      if (performance.now() - thinned > THIN_MS) {
        thinned = performance.now();
        for (const { sessionId } of await runningPhases(db, PHASE_NAMES, worker.models)) {
          await thinSamples(db, { sessionId });
        }
        await pruneChanges(db);
        await pruneEmbeddingChanges(db);
      }
    } catch (error) {
      if (!isConnectionFault(error)) logError("a duty failed", error);
    }
    await wake.wait(DUTY_MS);
  }
}

/**
 * Looks through the faces for people whose confirmed faces have changed: beside the other duties,
 * since a large library takes a while.
 */
export async function lookForPeople({ context: { db, stopping }, wake }: Shop): Promise<void> {
  while (!stopping.aborted) {
    try {
      if (await matchStale(db, stopping)) continue;
    } catch (error) {
      if (!isConnectionFault(error)) logError("people cannot be looked for", error);
    }
    await wake.wait(DUTY_MS);
  }
}

/** Watches over the other workers, at a pace that notifications do not change. */
export async function rescueOthers({ context, counting, suspectsFound }: Shop): Promise<void> {
  const rescuer = createRescuer(context.db);
  while (!context.stopping.aborted) {
    try {
      const { items, suspects } = await rescuer.runOnce();
      counting.rescued(items);
      if (items > 0) log("info", "put the work of a dead worker back", { items, suspects });
      if (suspects > 0) suspectsFound();
    } catch (error) {
      if (!isConnectionFault(error)) logError("the other workers cannot be watched", error);
    }
    await rest(LOOK_MS, context.stopping);
  }
}
