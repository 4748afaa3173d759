import { inArray } from "drizzle-orm";
import { files } from "../db/schema.ts";
import { previewPath, thumbnailPath, writeWhole } from "../db/photo_store.ts";
import { decodePhoto } from "../models/image.ts";
import type { DecodedPhoto } from "../models/types.ts";
import { embedBatch } from "./embed_batch.ts";
import { sortFault } from "./outcomes.ts";
import type { Fault } from "./outcomes.ts";
import type { Claim } from "./queue/claim.ts";
import { readOriginal } from "./read_original.ts";
import { findByContent } from "./find_photos.ts";
import { storeTraining } from "./store_training.ts";
import type { WorkerContext } from "./worker_context.ts";

/** A file on its way through training. */
export interface TrainingItem {
  jobId: number;
  fileId: number;
  path: string;
  mtimeMs: number;
  sha256: string;
  byteSize: number;
  /** Null: a stored photo has the same content and its pixels are not needed. */
  decoded: DecodedPhoto | null;
  vector: Float32Array | null;
}

/** A batch after reading and decoding. */
export interface PreparedBatch {
  claim: Claim;
  items: TrainingItem[];
  faults: Fault[];
}

/**
 * The half of a batch that may overlap with another's inference: each original is read once and
 * decoded once; preview and thumbnail are written under their content's name.
 */
export async function prepareTraining(
  context: WorkerContext,
  claim: Claim,
): Promise<PreparedBatch> {
  const rows = await context.db.select().from(files)
    .where(inArray(files.id, claim.jobs.map((job) => job.subject)));
  const faults: Fault[] = [];
  const read = await Promise.all(claim.jobs.map(async (job) => {
    const file = rows.find((row) => row.id === job.subject)!;
    try {
      return { job, file, original: await readOriginal(file.path) };
    } catch (error) {
      faults.push(sortFault(job.id, error));
      return null;
    }
  }));
  const readable = read.filter((item) => item !== null);
  const known = await findByContent(context.db, {
    hashes: readable.map((item) => item.original.sha256),
    model: context.worker.models.clip.key,
  });
  const items = await Promise.all(readable.map(async ({ job, file, original }) => {
    const item: TrainingItem = {
      jobId: job.id,
      fileId: file.id,
      path: file.path,
      mtimeMs: file.mtimeMs,
      sha256: original.sha256,
      byteSize: original.bytes.length,
      decoded: null,
      vector: null,
    };
    const same = known.get(original.sha256);
    // A copy of a representative needs nothing more; a copy of a duplicate may come to represent.
    const preview = previewPath(context.config.dataDir, original.sha256);
    const thumbnail = thumbnailPath(context.config.dataDir, original.sha256);
    const stored = same?.representativeId === null && same.embedded;
    if (stored && await exists(preview) && await exists(thumbnail)) return item;
    try {
      item.decoded = await decodePhoto(original.bytes, { clipSize: context.engine.clipSize });
      await writeWhole(preview, item.decoded.preview);
      await writeWhole(thumbnail, item.decoded.thumbnail);
      return item;
    } catch (error) {
      faults.push(sortFault(job.id, error));
      return null;
    }
  }));
  return { claim, items: items.filter((item) => item !== null), faults };
}

/**
 * The half that must follow the commit of the batch before, so that a duplicate of it costs no
 * inference: vectors for what represents itself, then one transaction for results, jobs and
 * ledger.
 */
export async function finishTraining(
  context: WorkerContext,
  batch: PreparedBatch,
): Promise<void> {
  await embedBatch(context, batch);
  const pending = await storeTraining(context, batch);
  if (pending === 0) await context.advance(batch.claim.sessionId);
}

const exists = (path: string) => Deno.stat(path).then(() => true, () => false);
