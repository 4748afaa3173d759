import { join } from "node:path";
import { eq, sql } from "drizzle-orm";
import { cacheFile, readCache, writeCache } from "../db/cache_file.ts";
import type { Tx } from "../db/client.ts";
import { clusterings, type RunSettings, sessions } from "../db/schema.ts";
import { transact } from "../db/transact.ts";
import { log } from "../log.ts";
import type { ClusterResult } from "./clustering/cluster.ts";
import { FACE_DEFAULTS, LEAST_QUALITY } from "./clustering/face_defaults.ts";
import { runClustering, type RunOptions } from "./clustering/run.ts";
import { constraintsOf, readNoes } from "./people/grouping_constraints.ts";
import { groupingFloor } from "./people/grouping_floor.ts";
import { type LoadedFaces, loadFaces } from "./people/load_faces.ts";
import { countUnassigned, type GroupingNotes } from "./people/session_grouping.ts";
import { forgetFormerGroupings, type Grouping, storeGrouping } from "./people/store_grouping.ts";
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
    const { signal } = interrupted;
    const faces = await loadFaces(context.db, {
      model,
      dimension: context.worker.models.faces.dimension,
      minQuality: settings.minQuality ?? LEAST_QUALITY,
      signal,
      moved: context.moved,
    });
    tellUnusable(faces, claim);
    const result = await group(context, faces, {
      settings,
      signal,
      onProgress: (done, total) => Object.assign(progress, { done, total }),
    });
    clearInterval(timer);
    await flushing;
    const stored = await finish(context, claim, {
      ...faces,
      ...result,
      model,
      dimension: context.worker.models.faces.dimension,
      thresholds: context.engine.thresholds,
      units: progress.total,
      unitsLeft: Math.max(0, progress.total - progress.flushed),
      cancelled: stop,
    });
    if (stored) await forgetFormerGroupings(context.db, model);
    if (stored && result.lists) {
      await writeCache(neighbourFile(context.config.dataDir, model), result.lists);
    }
    if (stored) context.finished("clustering", { done: 1, skipped: 0, failed: 0 });
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

/** Where the neighbour lists of a face model are kept. */
export const neighbourFile = (dataDir: string, model: string): string =>
  cacheFile(join(dataDir, "neighbours"), `${model}.lists`);

/** Groups faces in a thread of its own, from the neighbour lists that the last grouping kept. */
async function group(
  { db, config, engine, worker }: WorkerContext,
  faces: LoadedFaces,
  { settings, ...options }: Pick<RunOptions, "signal" | "onProgress"> & { settings: RunSettings },
): Promise<ClusterResult> {
  const { key: model, dimension } = worker.models.faces;
  if (faces.ids.length === 0) {
    return { labels: new Int32Array(0), strengths: new Float32Array(0), medoids: [] };
  }
  return await runClustering(faces.vectors, dimension, {
    ...FACE_DEFAULTS,
    ...options,
    minClusterSize: settings.minClusterSize ?? FACE_DEFAULTS.minClusterSize,
    similarityFloor: settings.similarityFloor ?? groupingFloor(engine.thresholds),
    constraints: await constraintsOf(faces, await readNoes(db, model)),
    kept: {
      ids: Float64Array.from(faces.ids),
      lists: await readCache(neighbourFile(config.dataDir, model)),
    },
  });
}

/** Ids that a line of the log names; the figure beside them says how many there are. */
const NAMED = 20;

function tellUnusable({ unusable }: LoadedFaces, { sessionId }: Claim): void {
  if (unusable.length === 0) return;
  log("warn", "faces whose embeddings cannot be used are left out of the grouping", {
    session: sessionId,
    count: unusable.length,
    faces: unusable.slice(0, NAMED).join(", ") + (unusable.length > NAMED ? ", …" : ""),
    remedy: "find faces again over their photos",
  });
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

interface Result extends Grouping {
  loadedAt: string;
  seen: number;
  units: number;
  unitsLeft: number;
  cancelled(): void;
}

/**
 * Stores the result and ends the job, unless somebody else has it by now: then false. Throws, with
 * nothing stored, if the phase was cancelled since its last flush: who cancels a grouping wants
 * none. One that was paused is whole and stays.
 */
async function finish({ db }: WorkerContext, claim: Claim, grouping: Result): Promise<boolean> {
  return await transact(db, async (tx) => {
    if ((await holdClaim(tx, claim)).size === 0) return false;
    const { clusters, difference } = await storeGrouping(tx, grouping);
    const unassigned = await countUnassigned(tx, { ...claim, model: grouping.model });
    const notes: GroupingNotes | null = difference && { ...difference, unassigned };
    await tx.insert(clusterings).overridingSystemValue().values({
      id: grouping.turn,
      sessionId: claim.sessionId,
      model: grouping.model,
      faces: grouping.seen,
      clusters,
      noise: grouping.labels.filter((label) => label < 0).length,
      difference: notes,
      loadedAt: new Date(grouping.loadedAt),
    });
    await tx.update(sessions).set({
      clustersMade: sql`clusters_made + ${difference?.made ?? 0}`,
    }).where(eq(sessions.id, claim.sessionId));
    await endPhaseWork(tx, claim, grouping);
    return true;
  });
}

async function endPhaseWork(
  tx: Tx,
  claim: Claim,
  { units, unitsLeft, cancelled }: Result,
): Promise<void> {
  const { sessionId } = claim;
  const ended = await tx.execute(sql`
    update phases set total = coalesce(total, ${units}), done = coalesce(total, ${units}),
      ${rateUpdate(unitsLeft, { sessionId, name: "clustering" })}
    where session_id = ${sessionId} and name = 'clustering' and status <> 'cancelled'
    returning 1`);
  if (ended.length === 0) {
    cancelled();
    throw new DOMException("The grouping was cancelled before it was stored", "AbortError");
  }
  await sampleProgress(tx, { sessionId, phase: "clustering" });
  await tx.execute(sql`
    update jobs set state = 'done', claim_id = null, finished_at = now()
    where claim_id = ${claim.claimId}`);
}
