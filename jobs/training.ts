import { inArray, sql } from "drizzle-orm";
import { files } from "../db/schema.ts";
import { previewPath, thumbnailPath, writeWhole } from "../db/photo_store.ts";
import { decodePhoto } from "../models/image.ts";
import type { DecodedPhoto } from "../models/types.ts";
import { embedBatch } from "./embed_batch.ts";
import { HoldNeeded } from "./holds.ts";
import { isDiskFull, sortFault } from "./outcomes.ts";
import type { Fault } from "./outcomes.ts";
import { mayBeGone, type Missed, photosGone } from "./photos_gone.ts";
import type { Claim } from "./queue/claim.ts";
import { ReadFault, readOriginal } from "./read_original.ts";
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
  const trained = await trainedFiles(context, claim);
  const faults: Fault[] = [];
  const missed: (Missed & { id: number })[] = [];
  const read = await Promise.all(claim.jobs.map(async (job) => {
    if (trained.has(job.subject)) {
      faults.push({ kind: "outcome", outcome: { id: job.id, ...ALREADY_TRAINED } });
      return null;
    }
    const file = rows.find((row) => row.id === job.subject)!;
    try {
      return { job, file, original: await readOriginal(file.path) };
    } catch (error) {
      if (mayBeGone(error)) missed.push({ id: job.id, path: file.path, error });
      else faults.push(sortFault(job.id, error));
      return null;
    }
  }));
  const readable = read.filter((item) => item !== null);
  if (missed.length > 0) {
    const reason = await photosGone(context.db, claim, { missed, readable: readable.length > 0 });
    if (reason) throw new HoldNeeded(reason);
    faults.push(...await Promise.all(missed.map(sortMissed)));
  }
  const known = await findByContent(context.db, {
    hashes: readable.map((item) => item.original.sha256),
    model: context.worker.models.clip.key,
  });
  let full: unknown = null;
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
      if (isDiskFull(error)) full = error;
      else faults.push(sortFault(job.id, error));
      return null;
    }
  }));
  if (full) throw full;
  return { claim, items: items.filter((item) => item !== null), faults };
}

// Not there at one moment and there at the next: a disk that comes and goes, not a deleted file.
async function sortMissed({ id, path, error }: Missed & { id: number }): Promise<Fault> {
  const back = error instanceof ReadFault && await exists(path);
  return sortFault(id, back ? new Error("The file was not there for a moment") : error);
}

const ALREADY_TRAINED = {
  state: "skipped" as const,
  reason: "already_trained",
  message: "Another session over the same folder had already done it",
};

// A job is made for a file without its photo's vector. If it is there by now, another session over
// the same folder has made it.
async function trainedFiles({ db, worker }: WorkerContext, claim: Claim): Promise<Set<number>> {
  const rows = await db.execute<{ id: string }>(sql`
    select f.id from files f join photos p on p.id = f.photo_id
    where f.id = any(${sql.param(claim.jobs.map((job) => job.subject))}::bigint[])
      and exists (select from embeddings e where e.photo_id = coalesce(p.representative_id, p.id)
        and e.model = ${worker.models.clip.key})`);
  return new Set(rows.map((row) => Number(row.id)));
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
  context.moved();
  const { counts, pending } = await storeTraining(context, batch);
  context.finished("training", counts);
  if (pending === 0) await context.advance(batch.claim.sessionId);
}

const exists = (path: string) => Deno.stat(path).then(() => true, () => false);
