import { HoldNeeded } from "./holds.ts";
import { isDiskFull, sortFault } from "./outcomes.ts";
import type { Fault } from "./outcomes.ts";
import { mayBeGone, type Missed, photosGone } from "./photos_gone.ts";
import { isConnectionFault } from "../db/client.ts";
import type { Claim } from "./queue/claim.ts";
import { ReadFault } from "./read_original.ts";
import { storeTraining } from "./store_training.ts";
import { trainingFiles } from "./training_files.ts";
import { exists, readItem, type Stages, type TrainingItem, Unwanted } from "./training_item.ts";
import type { WorkerContext } from "./worker_context.ts";

/** A batch after reading and decoding. */
export interface PreparedBatch {
  claim: Claim;
  items: TrainingItem[];
  faults: Fault[];
  /** Those of the items whose vectors are to be computed, see chooseItems. */
  chosen: TrainingItem[];
}

/**
 * The half of a batch that overlaps with another's: reading and unpacking, at the pace that the
 * intake allows; preview and thumbnail are written under their content's name. Null if the batch is not
 * `wanted` any more, which is asked again and again.
 */
export async function prepareTraining(
  context: WorkerContext,
  claim: Claim,
  stages: Stages,
): Promise<PreparedBatch | null> {
  const files = await trainingFiles(context, claim);
  const faults: Fault[] = [];
  const missed: (Missed & { id: number })[] = [];
  const batchFaults: unknown[] = [];
  let readable = false;
  const read = () => readable = true;
  const inside = { items: 0 };
  const made = await Promise.all(claim.jobs.map(async ({ id: jobId, subject }) => {
    const file = files.get(subject)!;
    if (file.trained) {
      faults.push({ kind: "outcome", outcome: { id: jobId, ...ALREADY_TRAINED } });
      return null;
    }
    try {
      return await readItem(context, { jobId, file }, { ...stages, read, inside });
    } catch (error) {
      if (mayBeGone(error)) missed.push({ id: jobId, path: file.path, error });
      else if (isBatchFault(error)) batchFaults.push(error);
      else faults.push(sortFault(jobId, error, claim));
      return null;
    }
  }));
  if (missed.length > 0) {
    const reason = await photosGone(context.db, claim, { missed, readable });
    if (reason) throw new HoldNeeded(reason);
    faults.push(...await Promise.all(missed.map((item) => sortMissed(item, claim))));
  }
  const serious = batchFaults.find((error) => !(error instanceof Unwanted));
  if (serious) throw serious;
  if (batchFaults.length > 0) return null;
  const items = made.filter((item) => item !== null);
  return { claim, items, faults, chosen: [] };
}

const isBatchFault = (error: unknown) =>
  error instanceof Unwanted || isDiskFull(error) || isConnectionFault(error);

// Not there at one moment and there at the next: a disk that comes and goes, not a deleted file.
async function sortMissed(
  { id, path, error }: Missed & { id: number },
  claim: Claim,
): Promise<Fault> {
  const back = error instanceof ReadFault && await exists(path);
  return sortFault(id, back ? new Error("The file was not there for a moment") : error, claim);
}

const ALREADY_TRAINED = {
  state: "skipped" as const,
  reason: "already_trained",
  message: "Another session over the same folder had already done it",
};

/** Stores a batch in one transaction: results, ends of the jobs, ledger; then what follows from that. */
export async function commitTraining(context: WorkerContext, batch: PreparedBatch): Promise<void> {
  context.moved();
  const { counts, pending } = await storeTraining(context, batch);
  context.finished("training", counts);
  if (pending === 0) await context.advance(batch.claim.sessionId);
}
