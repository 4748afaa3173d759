import { type Context, Hono } from "hono";
import type { z } from "zod";
import { listWorkerEvents, listWorkers, type WorkerRow } from "../db/worker_queries.ts";
import { LEASE_SECONDS } from "../jobs/queue/leases.ts";
import { workerState } from "../jobs/worker_state.ts";
import { WorkerList, WorkersPage, type WorkersView } from "../views/workers_page.tsx";
import type * as Api from "./api_schemas.ts";
import type { Env } from "./env.ts";

/** Rows of workers that died on other hosts stay for a day: a list must not grow with crashes. */
const WORKERS_SHOWN = 50;
const FILES_SHOWN = 5;
const EVENTS_SHOWN = 20;

/** /workers: who works on what. */
export const workerPages = new Hono<Env>()
  .get("/", async (c) => c.html(<WorkersPage {...await workersView(c)} />))
  .get("/list", async (c) => c.html(<WorkerList {...await workersView(c)} />));

/** /api/v1/workers: the same for programs. */
export const workerRoutes = new Hono<Env>()
  .get("/", async (c) => {
    const { workers, total, events } = await workersView(c);
    const body: z.infer<typeof Api.WorkerList> = {
      items: workers.map(workerShape),
      total,
      events: events.map(({ at, kind, message, by }) => ({
        at: at.toISOString(),
        kind,
        message,
        by,
      })),
    };
    return c.json(body);
  });

/** On one snapshot: a batch that changes hands between two statements would be shown twice. */
function workersView(c: Context<Env>): Promise<WorkersView> {
  return c.var.database.db.transaction(async (tx) => {
    const listed = await listWorkers(tx, {
      lease: LEASE_SECONDS,
      limit: WORKERS_SHOWN,
      files: FILES_SHOWN,
    });
    return {
      workers: listed.workers.map((worker) => ({ ...worker, state: stateOf(worker) })),
      total: listed.total,
      events: await listWorkerEvents(tx, EVENTS_SHOWN),
      lease: LEASE_SECONDS,
      now: new Date(),
    };
  }, { isolationLevel: "repeatable read", accessMode: "read only" });
}

// What it has in hand is known by the second, from the queue; its beat may be five seconds old.
const stateOf = (worker: WorkerRow) =>
  workerState({ ...worker, inHand: worker.held.reduce((sum, { items }) => sum + items, 0) });

function workerShape(worker: WorkersView["workers"][number]): z.infer<typeof Api.Worker> {
  return {
    id: worker.id,
    host: worker.host,
    pid: worker.pid,
    state: worker.state,
    device: worker.device,
    deviceReason: worker.deviceReason,
    activity: worker.activity,
    clipModel: worker.clipModel,
    faceModel: worker.faceModel,
    startedAt: worker.startedAt.toISOString(),
    lastBeatAt: worker.beatAt.toISOString(),
    silentSeconds: worker.silentSeconds,
    stillSeconds: worker.stillSeconds,
    patienceSeconds: worker.patienceSeconds,
    itemsPerMinute: worker.rate * 60,
    memoryBytes: worker.memoryMb * 2 ** 20,
    inHand: worker.held.map((held) => ({ ...held, since: held.since.toISOString() })),
  };
}
