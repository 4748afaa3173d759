import type { Config } from "../config.ts";
import type { Db } from "../db/client.ts";
import type { Engine } from "../models/engine.ts";
import type { WorkerIdentity } from "./queue/workers.ts";

/** What every phase of one worker process works with. */
export interface WorkerContext {
  db: Db;
  config: Config;
  engine: Engine;
  worker: WorkerIdentity;
  /** Fires when the process is asked to stop: finish what is in hand, take nothing new. */
  stopping: AbortSignal;
  /** Moves a session on after its last item (see advanceSession). */
  advance(sessionId: number): Promise<void>;
}
