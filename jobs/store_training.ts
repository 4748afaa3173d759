import { transact } from "../db/transact.ts";
import { sql } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import { photos } from "../db/schema.ts";
import { bytesOfVector } from "../db/vectors.ts";
import { findByContent, findByHash, findSimilar, type StoredPhoto } from "./find_photos.ts";
import { identify, isBefore } from "./identity.ts";
import { completeJobs, holdClaim, type Outcome, retryLater } from "./queue/finish.ts";
import type { PreparedBatch } from "./training.ts";
import type { TrainingItem } from "./training_item.ts";
import type { WorkerContext } from "./worker_context.ts";

// Photos are made by one transaction at a time: two near-copies finished side by side must see
// each other. The lock is held for some ten milliseconds a batch.
const PHOTOS_LOCK = 0x5afe0001;

/**
 * Stores a batch in one transaction: photos, who represents whom, vectors, the files' photos, the
 * ends of the jobs and the ledger. Returns what completeJobs does.
 */
export function storeTraining(
  context: WorkerContext,
  batch: PreparedBatch,
): ReturnType<typeof completeJobs> {
  const { claim, faults } = batch;
  return transact(context.db, async (tx) => {
    const ours = await holdClaim(tx, claim);
    await tx.execute(sql`select pg_advisory_xact_lock(${PHOTOS_LOCK})`);
    const items = batch.items.filter((item) => ours.has(item.jobId));
    const outcomes = await storeItems(tx, items, {
      sessionId: claim.sessionId,
      model: context.worker.models.clip.key,
    });
    for (const fault of faults) {
      if (fault.kind === "outcome" && ours.has(fault.outcome.id)) outcomes.push(fault.outcome);
    }
    const transient = faults.filter((fault) => fault.kind === "transient")
      .filter((fault) => ours.has(fault.id));
    outcomes.push(...await retryLater(tx, claim, transient));
    return await completeJobs(tx, claim, outcomes);
  });
}

interface Scope {
  sessionId: number;
  model: string;
}

async function storeItems(tx: Tx, items: TrainingItem[], scope: Scope): Promise<Outcome[]> {
  const { model, sessionId } = scope;
  const known = await findByContent(tx, { hashes: items.map((item) => item.sha256), model });
  const representatives = await findByHash(tx, {
    hashes: items.flatMap((item) => item.picture?.dhash ?? []),
    model,
  });
  const outcomes: Outcome[] = [];
  for (const item of items.sort((a, b) => isBefore(a, b) ? -1 : 1)) {
    const same = known.get(item.sha256) ?? null;
    // Its photo was stored when the batch began, and has been deleted since: it must be read anew.
    if (!same && !item.decoded) {
      await giveBack(tx, item);
      continue;
    }
    const similar = findSimilar(same ?? item.picture!, representatives);
    const identity = identify({ ...item, sessionId }, { same, similar });
    if (identity.kind === "same_content") {
      const { photo } = identity;
      const wants = photo.representativeId === null && !(photo as StoredPhoto).embedded;
      if (wants && !item.vector) {
        await giveBack(tx, item);
        continue;
      }
      if (wants) await storeVector(tx, photo.id, item.vector!, model);
      if (isBefore(item, photo.first)) await moveFirst(tx, photo, item);
      await linkFile(tx, item, photo.id);
      outcomes.push({
        id: item.jobId,
        state: wants ? "done" : "skipped",
        ...(wants ? {} : {
          reason: "same_content",
          message: `The same picture, byte for byte, as ${photo.first.path}`,
        }),
      });
      if (wants) (photo as StoredPhoto).embedded = true;
    } else if (identity.kind === "duplicate") {
      const { representative } = identity;
      const photo = await insertPhoto(tx, item, { sessionId, representativeId: representative.id });
      known.set(item.sha256, photo);
      await linkFile(tx, item, photo.id);
      outcomes.push({
        id: item.jobId,
        state: "skipped",
        reason: "duplicate",
        message: `Looks the same as ${representative.first.path}`,
      });
    } else if (!item.vector) {
      // Another worker's batch came between check and commit; the next try sees its result.
      await giveBack(tx, item);
    } else {
      const photo = same ?? await insertPhoto(tx, item, { sessionId, representativeId: null });
      if (identity.stored) {
        await moveFirst(tx, photo, item);
        await tx.execute(sql`update photos set representative_id = null where id = ${photo.id}`);
        photo.representativeId = null;
      }
      await storeVector(tx, photo.id, item.vector, model);
      if (identity.replaces) {
        await exchange(tx, { from: identity.replaces as StoredPhoto, to: photo, scope });
        representatives.splice(representatives.indexOf(identity.replaces as StoredPhoto), 1);
      }
      photo.embedded = true;
      known.set(item.sha256, photo);
      representatives.push(photo);
      await linkFile(tx, item, photo.id);
      outcomes.push({ id: item.jobId, state: "done" });
    }
  }
  return outcomes;
}

async function insertPhoto(
  tx: Tx,
  item: TrainingItem,
  place: { sessionId: number; representativeId: number | null },
): Promise<StoredPhoto> {
  const { decoded, sha256, byteSize, path, mtimeMs } = item;
  const { width, height, format, dhash, flat, previewWidth, previewHeight } = decoded!;
  const { takenAt, takenOffsetMinutes, camera, lens, latitude, longitude, rating } = decoded!;
  const [{ id }] = await tx.insert(photos).values({
    sha256,
    byteSize,
    width,
    height,
    format,
    takenAt,
    takenOffsetMinutes,
    camera,
    lens,
    latitude,
    longitude,
    rating,
    dhash,
    flat,
    previewWidth,
    previewHeight,
    firstMtimeMs: mtimeMs,
    firstPath: path,
    ...place,
  }).returning({ id: photos.id });
  return {
    id,
    sha256,
    dhash,
    flat,
    width,
    height,
    representativeId: place.representativeId,
    first: { mtimeMs, path },
    sessionId: place.sessionId,
    embedded: false,
    scanned: false,
  };
}

/**
 * Puts a late-coming, earlier picture in the place of its representative: vectors and followers
 * move, and the old one's item is counted as the duplicate it now is. Which file represents thus
 * does not depend on the order in which files were finished.
 */
async function exchange(
  tx: Tx,
  { from, to, scope }: { from: StoredPhoto; to: StoredPhoto; scope: Scope },
): Promise<void> {
  await tx.execute(sql`
    update photos set representative_id = ${to.id}
    where representative_id = ${from.id} or id = ${from.id}`);
  // Those of other models, which may be the ones that answer searches, stand for it from now on.
  await tx.execute(sql`
    insert into embeddings (photo_id, model, vector)
    select ${to.id}, model, vector from embeddings
    where photo_id = ${from.id} and model <> ${scope.model}
    on conflict (photo_id, model) do nothing`);
  await tx.execute(sql`delete from embeddings where photo_id = ${from.id}`);
  await tx.execute(sql`
    with late as (
      update jobs set state = 'skipped', reason = 'duplicate',
        message = ${`Looks the same as ${to.first.path}`}
      where session_id = ${scope.sessionId} and phase = 'training' and state = 'done'
        and subject in (select id from files where photo_id = ${from.id})
      returning 1
    )
    update phases set done = done - (select count(*) from late),
      skipped = skipped + (select count(*) from late)
    where session_id = ${scope.sessionId} and name = 'training'`);
}

const linkFile = (tx: Tx, item: TrainingItem, photoId: number) =>
  // Unless a walk has seen a change since it was read: then it is not this photo any more.
  tx.execute(sql`
    update files set photo_id = ${photoId} where id = ${item.fileId}
      and mtime_ms = ${item.mtimeMs}`);

async function moveFirst(tx: Tx, photo: { id: number; first: unknown }, item: TrainingItem) {
  await tx.execute(sql`
    update photos set first_mtime_ms = ${item.mtimeMs}, first_path = ${item.path}
    where id = ${photo.id}`);
  photo.first = { mtimeMs: item.mtimeMs, path: item.path };
}

const storeVector = (tx: Tx, photoId: number, vector: Float32Array, model: string) =>
  tx.execute(sql`
    insert into embeddings (photo_id, model, vector)
    values (${photoId}, ${model}, ${bytesOfVector(vector)})
    on conflict (photo_id, model) do update set vector = excluded.vector`);

const giveBack = (tx: Tx, item: TrainingItem) =>
  tx.execute(sql`
    update jobs set state = 'queued', claim_id = null, worker_id = null, attempt = attempt - 1
    where id = ${item.jobId}`);
