import { log } from "../log.ts";
import { errorDetails } from "./error_details.ts";
import { findByContent, findByHash, findSimilar } from "./find_photos.ts";
import { identify, isBefore, similarShape } from "./identity.ts";
import type { PreparedBatch } from "./training.ts";
import type { Picture, TrainingItem } from "./training_item.ts";
import type { WorkerContext } from "./worker_context.ts";

/**
 * Chooses those items of a batch that will represent themselves, for embedBatch. Copies and
 * near-copies, of stored photos, of `before` (items chosen of the batches before, until these are
 * committed) or of an earlier item of the batch, cost no inference. Should one of `before` not be
 * stored after all, storing gives its copy back.
 */
export async function chooseItems(
  { db, worker }: WorkerContext,
  batch: PreparedBatch,
  before: TrainingItem[] = [],
): Promise<void> {
  const { items, claim, chosen } = batch;
  const seen = items.filter((item) => item.picture !== null);
  const model = worker.models.clip.key;
  const known = await findByContent(db, { hashes: seen.map((item) => item.sha256), model });
  const stored = await findByHash(db, {
    hashes: seen.map((item) => item.picture!.dhash),
    model,
  });
  for (const item of seen.sort((a, b) => isBefore(a, b) ? -1 : 1)) {
    const photo = item.picture!;
    const same = known.get(item.sha256) ?? null;
    const identity = identify({ ...item, sessionId: claim.sessionId }, {
      same,
      similar: findSimilar(photo, stored),
    });
    const needs = identity.kind === "represents" ||
      (identity.kind === "same_content" && same!.representativeId === null && !same!.embedded);
    const copied = [...before, ...chosen].some((other) =>
      other.sha256 === item.sha256 ||
      (isBefore(other, item) && sameLooks(other.picture!, photo))
    );
    if (needs && !copied) chosen.push(item);
  }
}

const sameLooks = (a: Picture, b: Picture) =>
  !a.flat && !b.flat && a.dhash === b.dhash && similarShape(a, b);

/**
 * Computes the vectors of a batch's chosen items. An item whose inference fails alone becomes a
 * fault; the others go on.
 */
export async function embedBatch(context: WorkerContext, batch: PreparedBatch): Promise<void> {
  const { chosen } = batch;
  if (chosen.length === 0) return;
  try {
    const vectors = await context.engine.embedImages(
      chosen.map((item) => item.picture!.clipPixels),
    );
    chosen.forEach((item, index) => item.vector = vectors[index]);
  } catch (error) {
    if (isModelFault(error) || chosen.length === 1) throw error;
    log("warn", "a batch of pictures failed; trying them one by one", {
      session: batch.claim.sessionId,
      phase: batch.claim.phase,
      error: String(error),
    });
    for (const item of chosen) await embedAlone(context, batch, item);
  }
}

async function embedAlone(
  context: WorkerContext,
  batch: PreparedBatch,
  item: TrainingItem,
): Promise<void> {
  try {
    [item.vector] = await context.engine.embedImages([item.picture!.clipPixels]);
  } catch (error) {
    batch.items.splice(batch.items.indexOf(item), 1);
    batch.faults.push({
      kind: "transient",
      id: item.jobId,
      message: String(error),
      details: errorDetails(error),
    });
  }
}

/** True if the model itself cannot be used: no item is to blame, and the phase cannot go on. */
export function isModelFault(error: unknown): boolean {
  return error instanceof Error && error.name === "ModelError";
}
