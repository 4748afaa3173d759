import { transact } from "../db/transact.ts";
import { and, eq, gt, gte, sql } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import { clusterings, faces, sessions } from "../db/schema.ts";
import { vectorOfBytes } from "../db/vectors.ts";
import { FACE_DEFAULTS, LEAST_QUALITY } from "./clustering/face_defaults.ts";
import { runClustering } from "./clustering/run.ts";
import { type Grouping, storeClusters } from "./store_clusters.ts";
import { type Claim, runningPhases } from "./queue/claim.ts";
import { holdClaim, releaseClaim } from "./queue/finish.ts";
import { rateUpdate } from "./queue/rate.ts";
import { sampleProgress } from "./queue/samples.ts";
import type { WorkerContext } from "./worker_context.ts";

/** Progress is collected in memory and written this often; the page polls every two seconds. */
const FLUSH_MS = 400;

/**
 * Groups all faces of the library under the current model. Progress is the clustering's own units
 * of work. A pause or cancel is seen at the next flush and stops the computation within 50 ms;
 * nothing is stored before the end.
 */
export async function clusterFaces(context: WorkerContext, claim: Claim): Promise<void> {
  const model = context.worker.models.faces.key;
  const [session] = await context.db.select({ settings: sessions.settings }).from(sessions)
    .where(eq(sessions.id, claim.sessionId));
  // Deleted with its jobs just now: nothing of it will be stored.
  if (!session) return;
  const { settings } = session;
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
    await restOthers(context);
    const dimension = context.worker.models.faces.dimension;
    const { turn, loadedAt, ids, vectors } = await loadFaces(context, {
      model,
      minQuality: settings.minQuality ?? LEAST_QUALITY,
      signal: interrupted.signal,
    });
    const result = ids.length === 0
      ? { labels: new Int32Array(0), medoids: [] }
      : await runClustering(vectors, dimension, {
        ...FACE_DEFAULTS,
        minClusterSize: settings.minClusterSize ?? FACE_DEFAULTS.minClusterSize,
        similarityFloor: settings.similarityFloor ?? context.engine.thresholds.likely,
        signal: interrupted.signal,
        onProgress: (done, total) => Object.assign(progress, { done, total }),
      });
    clearInterval(timer);
    await flushing;
    await finish(context, claim, {
      model,
      turn,
      loadedAt,
      ids,
      labels: result.labels,
      medoids: result.medoids,
      units: progress.total,
      unitsLeft: Math.max(0, progress.total - progress.flushed),
    });
    context.finished("clustering", { done: 1, skipped: 0, failed: 0 });
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

// All faces of a library and the lists of their neighbours take what graphs that nobody asks would.
async function restOthers({ db, engine, worker }: WorkerContext): Promise<void> {
  const running = await runningPhases(db, ["training", "face_detection"], worker.models);
  if (running.every(({ phase }) => phase !== "training")) engine.rest("images");
  if (running.every(({ phase }) => phase !== "face_detection")) engine.rest("faces");
}

/** Faces read by one statement: some 100 ms, so that a pause takes effect in between. */
const LOADED_AT_ONCE = 5000;

async function loadFaces(
  context: WorkerContext,
  { model, minQuality, signal }: { model: string; minQuality: number; signal: AbortSignal },
) {
  const { db, worker } = context;
  const good = and(eq(faces.model, model), gte(faces.quality, minQuality));
  const [{ turn, now, count }] = await db.select({
    turn: sql<string>`nextval(pg_get_serial_sequence('clusterings', 'id'))`,
    now: sql<string>`clock_timestamp()`,
    count: sql<number>`count(*)::int`,
  }).from(faces).where(good);
  const dimension = worker.models.faces.dimension;
  const vectors = new Float32Array(new SharedArrayBuffer(count * dimension * 4));
  const ids: number[] = [];
  // Those found since the count wait for the next grouping; those deleted leave the rest unused.
  while (ids.length < count) {
    signal.throwIfAborted();
    const rows = await db.select({ id: faces.id, embedding: faces.embedding }).from(faces)
      .where(and(good, gt(faces.id, ids.at(-1) ?? 0))).orderBy(faces.id)
      .limit(Math.min(LOADED_AT_ONCE, count - ids.length));
    if (rows.length === 0) break;
    for (const row of rows) {
      vectors.set(vectorOfBytes(row.embedding), ids.length * dimension);
      ids.push(row.id);
    }
    context.moved();
  }
  return {
    turn: Number(turn),
    loadedAt: now,
    ids,
    vectors: vectors.subarray(0, ids.length * dimension),
  };
}

/** Writes progress if the job is still ours; false once it is not, or the phase no longer runs. */
function flush(
  context: WorkerContext,
  claim: Claim,
  progress: { done: number; total: number; flushed: number },
): Promise<boolean> {
  const { done, total, flushed } = progress;
  const units = Math.max(0, done - flushed);
  progress.flushed = done;
  if (units > 0) context.moved();
  // One that was interrupted and begins again may come to other units; in those of the first, what
  // was shown does not fall. The last unit is the storing of the result.
  const shown = sql`floor(${done}::float8 / greatest(${total}::int, 1)
    * coalesce(total, ${total}::int))::int`;
  // Made durable, although it is two fsyncs a second: what was shown must not fall when the
  // database comes back from a crash.
  return transact(context.db, async (tx) => {
    const [row] = await tx.execute<{ status: string }>(sql`
      update phases set total = coalesce(total, nullif(${total}::int, 0)),
        done = least(greatest(done, ${shown}), greatest(coalesce(total, ${total}::int) - 1, 0)),
        ${rateUpdate(units, { sessionId: claim.sessionId, name: claim.phase })}
      where session_id = ${claim.sessionId} and name = 'clustering'
        and exists (select from jobs where claim_id = ${claim.claimId})
      returning status`);
    await sampleProgress(tx, { sessionId: claim.sessionId, phase: "clustering" });
    return row?.status === "running";
  });
}

async function finish(
  { db }: WorkerContext,
  claim: Claim,
  grouping: Grouping & { loadedAt: string; units: number; unitsLeft: number },
): Promise<void> {
  await transact(db, async (tx) => {
    if ((await holdClaim(tx, claim)).size === 0) return;
    const clusters = await storeClusters(tx, grouping);
    const noise = grouping.labels.filter((label) => label < 0).length;
    await tx.insert(clusterings).overridingSystemValue().values({
      id: grouping.turn,
      sessionId: claim.sessionId,
      model: grouping.model,
      faces: grouping.ids.length,
      clusters,
      noise,
      loadedAt: new Date(grouping.loadedAt),
    });
    await tx.update(sessions).set({ clustersMade: clusters })
      .where(eq(sessions.id, claim.sessionId));
    await endPhaseWork(tx, claim, grouping);
  });
}

async function endPhaseWork(
  tx: Tx,
  claim: Claim,
  { units, unitsLeft }: { units: number; unitsLeft: number },
): Promise<void> {
  const { sessionId } = claim;
  await tx.execute(sql`
    update phases set total = coalesce(total, ${units}), done = coalesce(total, ${units}),
      ${rateUpdate(unitsLeft, { sessionId, name: "clustering" })}
    where session_id = ${sessionId} and name = 'clustering'`);
  await sampleProgress(tx, { sessionId, phase: "clustering" });
  await tx.execute(sql`
    update jobs set state = 'done', claim_id = null, finished_at = now()
    where claim_id = ${claim.claimId}`);
}
