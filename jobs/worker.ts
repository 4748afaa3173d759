import { hostname } from "node:os";
import type { Config } from "../config.ts";
import { type Database, isConnectionFault } from "../db/client.ts";
import { log, logError } from "../log.ts";
import type { Engine } from "../models/engine.ts";
import { advanceSession, sessionsToAdvance } from "./advance.ts";
import { adaptiveBatchSize } from "./batch_size.ts";
import { discover } from "./discovery.ts";
import { clusterFaces } from "./face_clustering.ts";
import { finishFaces, prepareFaces } from "./face_detection.ts";
import { type Lane, runLane } from "./lane.ts";
import { createMutex } from "./mutex.ts";
import type { Claim } from "./queue/claim.ts";
import { rescueJobs } from "./queue/rescue.ts";
import { beat, pruneWorkers, resign, type WorkerIdentity } from "./queue/workers.ts";
import { carryOutRequests } from "./requests.ts";
import { finishTraining, prepareTraining } from "./training.ts";
import { listenForWork, type Wake } from "./wake.ts";
import type { WorkerContext } from "./worker_context.ts";

const BEAT_MS = 5000;
const DUTY_MS = 5000;

/**
 * One worker process: claims and works until `stopping` fires, then finishes what it has in hand
 * and takes itself off the list. Inference runs in the engine's threads, clustering in its own;
 * this thread moves data, talks to the database and beats.
 */
export async function runWorker(options: {
  database: Database;
  config: Config;
  engine: Engine;
  stopping: AbortSignal;
}): Promise<void> {
  const { database, config, engine, stopping } = options;
  const { db } = database;
  const worker: WorkerIdentity = {
    id: crypto.randomUUID(),
    device: `${engine.device} on ${hostname()}`,
    models: engine.models,
  };
  const context: WorkerContext = {
    db,
    config,
    engine,
    worker,
    stopping,
    advance: (sessionId) => advanceSession(db, sessionId, worker),
  };
  await beat(db, worker);
  const heart = setInterval(() => {
    beat(db, worker).catch((error) => log("warn", "no heartbeat", { error: String(error) }));
  }, BEAT_MS);
  const wake = await listenForWork(database.sql, stopping);
  log("info", "the worker is ready", {
    worker: worker.id,
    device: engine.device,
    clip: worker.models.clip.key,
    faces: worker.models.faces.key,
  });
  try {
    await Promise.all([
      duties(context, wake),
      ...lanes(context).map((lane) => runLane(context, wake, lane)),
    ]);
  } finally {
    clearInterval(heart);
    await wake.close().catch(() => {});
    await resign(db, worker.id).catch((error) => {
      log("warn", "could not sign off; the lease will run out", { error: String(error) });
    });
  }
}

// Two loops share the pictures: while one waits for inference, the other reads and decodes. What
// follows inference is behind a mutex, so a batch sees the commit of the batch before it.
function lanes(context: WorkerContext): Lane[] {
  const inference = createMutex();
  const sizes = { training: adaptiveBatchSize(), face_detection: adaptiveBatchSize() };
  const pictures = async (claim: Claim) => {
    const phase = claim.phase as "training" | "face_detection";
    const started = performance.now();
    let worked = claim.jobs.length;
    if (phase === "training") {
      const batch = await prepareTraining(context, claim);
      await inference(() => finishTraining(context, batch));
      // Copies and broken files cost little and say nothing about the photos behind them.
      worked = batch.items.filter((item) => item.vector !== null).length;
    } else {
      const batch = await prepareFaces(context, claim);
      await inference(() => finishFaces(context, batch));
    }
    if (worked > 0) sizes[phase].record(worked, (performance.now() - started) / 1000);
  };
  const one = () => 1;
  const pictureLane: Lane = {
    phases: ["training", "face_detection"],
    batchSize: (phase) => sizes[phase as "training" | "face_detection"].current(),
    work: pictures,
  };
  return [
    { phases: ["discovery"], batchSize: one, work: (claim) => discover(context, claim) },
    pictureLane,
    pictureLane,
    { phases: ["clustering"], batchSize: one, work: (claim) => clusterFaces(context, claim) },
  ];
}

/** What some worker must do from time to time; all of it may run in several workers at once. */
async function duties(context: WorkerContext, wake: Wake): Promise<void> {
  const { db, stopping } = context;
  let rested = -Infinity;
  while (!stopping.aborted) {
    try {
      if (performance.now() - rested > DUTY_MS) {
        rested = performance.now();
        const rescued = await rescueJobs(db);
        if (rescued > 0) log("info", "put the work of a dead worker back", { jobs: rescued });
        await pruneWorkers(db);
      }
      while (!stopping.aborted && await carryOutRequests(db));
      for (const id of await sessionsToAdvance(db)) await context.advance(id);
    } catch (error) {
      if (!isConnectionFault(error)) logError("a duty failed", error);
    }
    await wake.wait(DUTY_MS);
  }
}
