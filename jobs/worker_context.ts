import type { Config } from "../config.ts";
import type { Db } from "../db/client.ts";
import type { Engine } from "../models/engine.ts";
import type { PhaseName } from "../db/schema.ts";
import type { Counts } from "./counting.ts";
import type { WorkerIdentity } from "./queue/workers.ts";

/**
 * What every phase of one worker process works with. Each batch gets one of its own, so that what
 * moves is told from what stands still.
 */
export interface WorkerContext {
  db: Db;
  config: Config;
  engine: Engine;
  worker: WorkerIdentity;
  /** Fires when the process is asked to stop: finish what is in hand, take nothing new. */
  stopping: AbortSignal;
  /** Moves a session on after its last item (see advanceSession). */
  advance(sessionId: number): Promise<void>;
  /** Resolves when this worker is known to live, which is at once unless the database was away. */
  inTouch(): Promise<void>;
  /** To be called when the work in hand got further: who stands still for too long is replaced. */
  moved(): void;
  /** Work of this batch that may go on when the batch is over: until it ends it is answered for. */
  outlived(by: Promise<unknown>): void;
  /** To be called after the commit that ended items; counts as a movement. */
  finished(phase: PhaseName, counts: Counts): void;
}
