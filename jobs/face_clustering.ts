import { and, eq, gte, sql } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import { clusterings, faces, phases, sessions } from "../db/schema.ts";
import { vectorOfBytes } from "../db/vectors.ts";
import { FACE_DEFAULTS } from "./clustering/cluster.ts";
import { runClustering } from "./clustering/run.ts";
import { type Grouping, storeClusters } from "./store_clusters.ts";
import type { Claim } from "./queue/claim.ts";
import { holdClaim, releaseClaim } from "./queue/finish.ts";
import { rateUpdate } from "./queue/rate.ts";
import type { WorkerContext } from "./worker_context.ts";

/** Faces below this quality (0…1) do not make people; they stay without a cluster. */
export const LEAST_QUALITY = 0.3;

/** Progress is collected in memory and written this often; the page polls every two seconds. */
const FLUSH_MS = 400;

/**
 * Groups all faces of the library under the current model. Progress is the clustering's own units
 * of work. A pause or cancel is seen at the next flush and stops the computation within 50 ms;
 * nothing is stored before the end.
 */
export async function clusterFaces(context: WorkerContext, claim: Claim): Promise<void> {
  const model = context.worker.models.faces.key;
  const { loadedAt, ids, vectors } = await loadFaces(context, model);
  const interrupted = new AbortController();
  const stop = () => interrupted.abort();
  context.stopping.addEventListener("abort", stop);
  const progress = { done: 0, total: 0, flushed: 0 };
  let flushing = Promise.resolve();
  const timer = setInterval(() => {
    flushing = flushing.then(() => flush(context, claim, progress)).then((running) => {
      if (!running) stop();
    }).catch(() => {/* the next flush tells; the fence keeps the result right */});
  }, FLUSH_MS);
  try {
    const dimension = context.worker.models.faces.dimension;
    const result = ids.length === 0
      ? { labels: new Int32Array(0), medoids: [] }
      : await runClustering(vectors, dimension, {
        ...FACE_DEFAULTS,
        similarityFloor: context.engine.thresholds.likely,
        signal: interrupted.signal,
        onProgress: (done, total) => Object.assign(progress, { done, total }),
      });
    clearInterval(timer);
    await flushing;
    await finish(context, claim, {
      model,
      loadedAt,
      ids,
      labels: result.labels,
      medoids: result.medoids,
      units: progress.total,
    });
    await context.advance(claim.sessionId);
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    await releaseClaim(context.db, claim.claimId);
  } finally {
    clearInterval(timer);
    context.stopping.removeEventListener("abort", stop);
    await flushing;
  }
}

async function loadFaces({ db, worker }: WorkerContext, model: string) {
  const [{ now }] = await db.execute<{ now: string }>(sql`select clock_timestamp() as now`);
  const rows = await db.select({
    id: faces.id,
    embedding: faces.embedding,
  }).from(faces)
    .where(and(eq(faces.model, model), gte(faces.quality, LEAST_QUALITY))).orderBy(faces.id);
  const dimension = worker.models.faces.dimension;
  const vectors = new Float32Array(new SharedArrayBuffer(rows.length * dimension * 4));
  rows.forEach((row, index) => vectors.set(vectorOfBytes(row.embedding), index * dimension));
  return {
    loadedAt: now,
    ids: rows.map((row) => row.id),
    vectors,
  };
}

/** Writes progress if the job is still ours; false once it is not, or the phase no longer runs. */
function flush(
  { db }: WorkerContext,
  claim: Claim,
  progress: { done: number; total: number; flushed: number },
): Promise<boolean> {
  const { done, total, flushed } = progress;
  progress.flushed = done;
  return db.transaction(async (tx) => {
    // A lost half second of progress is no loss; an fsync for each would be.
    await tx.execute(sql`set local synchronous_commit = off`);
    const [row] = await tx.execute<{ status: string }>(sql`
      update phases set total = nullif(${total}::int, 0), done = greatest(done, ${done}::int),
        ${rateUpdate(done - flushed)}
      where session_id = ${claim.sessionId} and name = 'clustering'
        and exists (select from jobs where claim_id = ${claim.claimId})
      returning status`);
    return row?.status === "running";
  });
}

async function finish(
  { db }: WorkerContext,
  claim: Claim,
  grouping: Grouping & { units: number },
): Promise<void> {
  await db.transaction(async (tx) => {
    if ((await holdClaim(tx, claim)).size === 0) return;
    const clusters = await storeClusters(tx, grouping);
    const noise = grouping.labels.filter((label) => label < 0).length;
    await tx.insert(clusterings).values({
      sessionId: claim.sessionId,
      model: grouping.model,
      faces: grouping.ids.length,
      clusters,
      noise,
      loadedAt: new Date(grouping.loadedAt),
    });
    await tx.update(sessions).set({ clustersMade: clusters })
      .where(eq(sessions.id, claim.sessionId));
    await endPhaseWork(tx, claim, grouping.units);
  });
}

async function endPhaseWork(tx: Tx, claim: Claim, units: number): Promise<void> {
  await tx.update(phases).set({ total: units, done: units, lastCommitAt: sql`clock_timestamp()` })
    .where(and(eq(phases.sessionId, claim.sessionId), eq(phases.name, "clustering")));
  await tx.execute(sql`
    update jobs set state = 'done', claim_id = null, finished_at = now()
    where claim_id = ${claim.claimId}`);
}
