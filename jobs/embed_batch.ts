import { log } from "../log.ts";
import { errorDetails } from "./error_details.ts";
import { findByContent, findByHash, findSimilar } from "./find_photos.ts";
import { identify, isBefore, similarShape } from "./identity.ts";
import type { PreparedBatch, TrainingItem } from "./training.ts";
import type { WorkerContext } from "./worker_context.ts";

/**
 * Computes the vectors of those items of a batch that will represent themselves. Copies and
 * near-copies, of stored photos or of an earlier item of the batch, cost no inference. An item
 * whose inference fails alone becomes a fault; the others go on.
 */
export async function embedBatch(context: WorkerContext, batch: PreparedBatch): Promise<void> {
  const needy = await representatives(context, batch);
  if (needy.length === 0) return;
  try {
    const vectors = await context.engine.embedImages(
      needy.map((item) => item.decoded!.clipPixels),
    );
    needy.forEach((item, index) => item.vector = vectors[index]);
  } catch (error) {
    if (isModelFault(error) || needy.length === 1) throw error;
    log("warn", "a batch of pictures failed; trying them one by one", {
      session: batch.claim.sessionId,
      phase: batch.claim.phase,
      error: String(error),
    });
    for (const item of needy) await embedAlone(context, batch, item);
  }
}

async function embedAlone(
  context: WorkerContext,
  batch: PreparedBatch,
  item: TrainingItem,
): Promise<void> {
  try {
    [item.vector] = await context.engine.embedImages([item.decoded!.clipPixels]);
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

async function representatives(
  { db, worker }: WorkerContext,
  { items, claim }: PreparedBatch,
): Promise<TrainingItem[]> {
  const decoded = items.filter((item) => item.decoded !== null);
  const model = worker.models.clip.key;
  const known = await findByContent(db, { hashes: decoded.map((item) => item.sha256), model });
  const stored = await findByHash(db, {
    hashes: decoded.map((item) => item.decoded!.dhash),
    model,
  });
  const chosen: TrainingItem[] = [];
  for (const item of decoded.sort((a, b) => isBefore(a, b) ? -1 : 1)) {
    const photo = item.decoded!;
    const same = known.get(item.sha256) ?? null;
    const identity = identify({ ...item, sessionId: claim.sessionId }, {
      same,
      similar: findSimilar(photo, stored),
    });
    const needs = identity.kind === "represents" ||
      (identity.kind === "same_content" && same!.representativeId === null && !same!.embedded);
    const earlier = chosen.some((other) =>
      other.sha256 === item.sha256 ||
      (!photo.flat && other.decoded!.dhash === photo.dhash && !other.decoded!.flat &&
        similarShape(other.decoded!, photo))
    );
    if (needs && !earlier) chosen.push(item);
  }
  return chosen;
}

/** True if the model itself cannot be used: no item is to blame, and the phase cannot go on. */
export function isModelFault(error: unknown): boolean {
  return error instanceof Error && error.name === "ModelError";
}
