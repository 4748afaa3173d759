import { hostname } from "node:os";
import type { Config } from "../config.ts";
import type { Database } from "../db/client.ts";
import { log } from "../log.ts";
import type { Engine } from "../models/engine.ts";
import { advanceSession } from "./advance.ts";
import { careForHolds } from "./care_for_holds.ts";
import { createCounting } from "./counting.ts";
import { duties, lookForPeople, rescueOthers } from "./duties.ts";
import { startHeart } from "./heart.ts";
import { registerFaceModel } from "./people/face_models.ts";
import { runLane, type Shop } from "./lane.ts";
import { createLanes } from "./lanes.ts";
import { createMoving } from "./moving.ts";
import { quarantine } from "./quarantine.ts";
import { createHeldClaims } from "./queue/held_claims.ts";
import { resign, type WorkerIdentity } from "./queue/workers.ts";
import { listenForWork } from "./wake.ts";
import { watchEngine } from "./watch_engine.ts";

/**
 * How a worker ended: because it was told to, or because items wait that only a fresh process may
 * run, or other models were chosen, so that another should be started at once.
 */
export type WorkerEnd = "stopped" | "fresh";

/** A worker does not ask to be replaced sooner, so that whatever goes wrong with it goes slowly. */
const LEAST_LIFE_MS = 5000;

/**
 * One worker process: first what must run alone, then claims and works until `stopping` fires,
 * finishes what it has in hand and takes itself off the list. Inference runs in the engine's
 * threads, clustering in its own; this thread moves data, talks to the database and beats. `id` is
 * a uuid that no other process start has.
 */
export async function runWorker(options: {
  database: Database;
  config: Config;
  engine: Engine;
  stopping: AbortSignal;
  id?: string;
}): Promise<WorkerEnd> {
  const { database, config, engine } = options;
  const { db } = database;
  const started = performance.now();
  const fresh = new AbortController();
  const stopping = AbortSignal.any([options.stopping, fresh.signal]);
  const worker: WorkerIdentity = {
    id: options.id ?? crypto.randomUUID(),
    get device() {
      return `${engine.device} on ${hostname()}`;
    },
    get deviceReason() {
      return engine.deviceReason;
    },
    models: engine.models,
  };
  const moving = createMoving();
  const counting = createCounting();
  const heart = await startHeart(db, worker, {
    moving,
    counting,
    stopping,
    activity: () => engine.activity,
  });
  watchEngine(db, engine, { worker, beatNow: heart.beatNow });
  await registerFaceModel(db, engine);
  const wake = await listenForWork(database.sql, stopping);
  let alone = true;
  const startAgain = (why: string) => {
    if (performance.now() - started > LEAST_LIFE_MS) fresh.abort(why);
  };
  const shop: Shop = {
    wake,
    moving,
    counting,
    held: createHeldClaims(),
    suspectsFound() {
      // A walk or a grouping would have to begin again; the suspects can wait for its end.
      const busy = alone || moving.busyWith("discovery", "clustering");
      if (!busy) startAgain("items must run alone");
    },
    modelsChanged: () => startAgain("other models were chosen"),
    context: {
      db,
      config,
      engine,
      worker,
      stopping,
      advance: (sessionId) => advanceSession(db, sessionId, worker),
      inTouch: heart.inTouch,
      moved: () => {},
      outlived: () => {},
      finished: counting.finished,
    },
  };
  log("info", "the worker is ready", {
    device: engine.device,
    reason: engine.deviceReason,
    clip: worker.models.clip.key,
    faces: worker.models.faces.key,
  });
  const work = async () => {
    const lanes = createLanes(db, config);
    await quarantine(shop, lanes);
    alone = false;
    await Promise.all(lanes.map((lane) => runLane(shop, lane)));
  };
  try {
    await Promise.all([
      duties(shop),
      rescueOthers(shop),
      careForHolds(shop),
      lookForPeople(shop),
      work(),
    ]);
  } finally {
    await heart.stop();
    // Where the database is away the subscription ends with its connection.
    await wake.close().catch((error) => {
      log("debug", "could not stop listening", { error: String(error) });
    });
    await resign(db, worker.id).catch((error) => {
      log("warn", "could not sign off; the lease will run out", { error: String(error) });
    });
  }
  if (options.stopping.aborted) return "stopped";
  log("info", `${fresh.signal.reason}; a fresh worker is asked for`);
  return "fresh";
}
