import { Hono } from "hono";
import type { Db } from "../db/client.ts";
import {
  lossFigures,
  type PhaseFigures,
  phaseFigures,
  runningPhases,
  sessionFigures,
  workerFigures,
} from "../db/metric_queries.ts";
import { PHASE_NAMES, SESSION_STATUSES } from "../db/schema.ts";
import { ratePerSecond } from "../jobs/phase_row.ts";
import { BATCH_BOUNDS } from "../jobs/queue/workers.ts";
import { WORKER_STATES, workerState } from "../jobs/worker_state.ts";
import type { Env } from "./env.ts";
import { exposition, EXPOSITION_TYPE, histogram, type Metric, type Sample } from "./exposition.ts";
import { promptly } from "./health.ts";

/** Rows of workers that died on other hosts stay for a day: series must not grow with crashes. */
const WORKERS = 200;

/** /metrics for Prometheus: five statements that read no row of a photo, a file or an item. */
export const metricsRoutes = new Hono<Env>()
  .get("/", async (c) => {
    const { db } = c.var.database;
    const metrics = await promptly(readMetrics(db));
    return c.body(exposition(metrics), 200, { "content-type": EXPOSITION_TYPE });
  });

async function readMetrics(db: Db): Promise<Metric[]> {
  const [sessions, phases, running, workers, losses] = await Promise.all([
    sessionFigures(db),
    phaseFigures(db),
    runningPhases(db),
    workerFigures(db, WORKERS),
    lossFigures(db),
  ]);
  return [
    {
      name: "safelight_sessions",
      type: "gauge",
      help: "Sessions by status",
      samples: SESSION_STATUSES.map((status) => ({
        labels: { status },
        value: sessions.find((row) => row.status === status)?.sessions ?? 0,
      })),
    },
    ...phaseMetrics(phases, running),
    ...workerMetrics(workers),
    {
      name: "safelight_workers_lost_total",
      type: "counter",
      help:
        "Workers that died, or fell silent until their lease ran out, in the installation's life",
      samples: [{ labels: {}, value: losses.died }],
    },
    {
      name: "safelight_lease_expiries_total",
      type: "counter",
      help: "Workers of those lost that nobody saw die: their lease ran out",
      samples: [{ labels: {}, value: losses.expired }],
    },
    {
      name: "safelight_workers_replaced_total",
      type: "counter",
      help: "Workers that hung and were killed by their supervisor; " +
        "those that had begun to work count as lost, too",
      samples: [{ labels: {}, value: losses.stalled }],
    },
  ];
}

function phaseMetrics(
  figures: PhaseFigures[],
  running: Awaited<ReturnType<typeof runningPhases>>,
): Metric[] {
  const each = (value: (row: PhaseFigures | undefined) => number, suffix?: Sample["suffix"]) =>
    PHASE_NAMES.map((phase) => ({
      labels: { phase },
      value: value(figures.find((row) => row.phase === phase)),
      suffix,
    }));
  const rates = running.map(({ phase, now }) => ({
    phase: phase.name,
    rate: ratePerSecond(phase, now) ?? 0,
  }));
  return [
    {
      name: "safelight_queue_depth",
      type: "gauge",
      help: "Items still to do in sessions that are not over (clustering: units of work)",
      samples: each((row) => row?.pending ?? 0),
    },
    {
      name: "safelight_failed_items",
      type: "gauge",
      help: "Failed items that wait for somebody to retry or ignore them",
      samples: each((row) => row?.failed ?? 0),
    },
    {
      name: "safelight_items_per_second",
      type: "gauge",
      help: "Items finished a second over the recent commits of running phases",
      samples: PHASE_NAMES.map((phase) => ({
        labels: { phase },
        value: rates.reduce((sum, row) => sum + (row.phase === phase ? row.rate : 0), 0),
      })),
    },
    {
      name: "safelight_phase_seconds",
      type: "summary",
      help: "Running time of completed phases without pauses; falls when a session is deleted",
      samples: [
        ...each((row) => row?.seconds ?? 0, "_sum"),
        ...each((row) => row?.completed ?? 0, "_count"),
      ],
    },
  ];
}

function workerMetrics(workers: Awaited<ReturnType<typeof workerFigures>>): Metric[] {
  const named = workers.map((worker) => ({
    worker,
    labels: { worker: worker.id, host: worker.host },
  }));
  const states = workers.map(workerState);
  return [
    {
      name: "safelight_workers",
      type: "gauge",
      help: "Workers by state; silent ones have missed their heartbeats",
      samples: WORKER_STATES.map((state) => ({
        labels: { state },
        value: states.filter((one) => one === state).length,
      })),
    },
    {
      name: "safelight_worker_heartbeat_age_seconds",
      type: "gauge",
      help: "Seconds since the last heartbeat; one is due every 5",
      samples: named.map(({ worker, labels }) => ({ labels, value: worker.silentSeconds })),
    },
    {
      name: "safelight_worker_memory_bytes",
      type: "gauge",
      help: "Resident memory of the worker's process at its last heartbeat",
      samples: named.map(({ worker, labels }) => ({ labels, value: worker.memoryMb * 2 ** 20 })),
    },
    {
      name: "safelight_worker_items_total",
      type: "counter",
      help: "Items a worker has finished, by phase and outcome",
      samples: named.flatMap(({ worker, labels }) =>
        Object.entries(worker.counters.items).map(([key, value]) => {
          const [phase, outcome] = key.split(" ");
          return { labels: { ...labels, phase, outcome }, value };
        })
      ),
    },
    {
      name: "safelight_worker_rescued_items_total",
      type: "counter",
      help: "Items of dead workers that this one put back to work; those of its own supervisor's " +
        "workers are put back by that (see safelight_workers_lost_total)",
      samples: named.map(({ worker, labels }) => ({ labels, value: worker.counters.rescued })),
    },
    {
      name: "safelight_batch_seconds",
      type: "histogram",
      help: "Time a batch of items took",
      samples: named.flatMap(({ worker, labels }) =>
        Object.entries(worker.counters.batches).flatMap(([phase, { count, seconds, within }]) =>
          histogram({ ...labels, phase }, { bounds: BATCH_BOUNDS, within, count, sum: seconds })
        )
      ),
    },
  ];
}
