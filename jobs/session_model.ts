import { PHASE_NAMES, type PhaseName, type PhaseWeights } from "../db/schema.ts";
import { counted, type PhaseRow } from "./phase_row.ts";
import type { ProgressInput } from "./progress.ts";
import { RATE_WINDOW_SECONDS } from "./queue/rate.ts";
import { isTerminal, overallStatus } from "./status.ts";

/**
 * A session as the tests see it: the phase rows and every legal change to them, each a pure
 * function of the same few lines as its SQL. Illegal events change nothing.
 */
export interface Model {
  session: ProgressInput["session"];
  phases: PhaseRow[];
  worker: ProgressInput["worker"];
  now: Date;
}

export type Event =
  | { type: "start" | "complete" | "exchange" | "pause" | "resume" | "cancel" | "fail" | "leave" }
  | { type: "find" | "sweep" | "tick"; count: number }
  | { type: "discovered"; jobs: number; weights: PhaseWeights | null }
  | { type: "open"; total: number }
  | { type: "items"; done: number; skipped: number; failed: number }
  | { type: "retry"; items: number };

export function phaseRow(name: PhaseName, fields: Partial<PhaseRow> = {}): PhaseRow {
  return {
    name,
    status: "pending",
    total: null,
    done: 0,
    skipped: 0,
    failed: 0,
    cancelled: 0,
    baseline: 0,
    startedAt: null,
    completedAt: null,
    activeSeconds: 0,
    runningSince: null,
    lastCommitAt: null,
    rate: 0,
    rateMass: 0,
    error: null,
    ...fields,
  };
}

export function newModel(options: { skipped?: PhaseName[] } = {}): Model {
  const now = new Date("2030-01-01T00:00:00Z");
  return {
    session: { id: 7, round: 1, weights: null, error: null },
    phases: PHASE_NAMES.map((name) =>
      phaseRow(name, { status: options.skipped?.includes(name) ? "skipped" : "pending" })
    ),
    worker: { lastSeenAt: now, alive: true, device: "cpu" },
    now,
  };
}

export const pending = (phase: PhaseRow) => phase.total === null ? 0 : phase.total - counted(phase);

/** The model after `event`; unchanged where the event is not legal. */
export function step(before: Model, event: Event): Model {
  const model = structuredClone(before);
  const { phases } = model;
  const [discovery, training] = phases;
  const running = phases.find((phase) => phase.status === "running");
  const working = running?.name === "discovery" ? undefined : running;
  const next = phases.find((phase) => !isTerminal(phase.status));
  const status = overallStatus(phases);
  switch (event.type) {
    case "start":
      if (status === "pending") run(model, discovery);
      break;
    case "find":
      if (running === discovery) commit(model, discovery, { done: event.count });
      break;
    case "discovered":
      if (running !== discovery) break;
      discovery.total = discovery.done;
      end(model, discovery, "completed");
      // Unchanged files make no job.
      training.total = Math.min(event.jobs, discovery.done);
      model.session.weights = event.weights;
      break;
    case "open":
      if (status !== "running" || running || !next) break;
      next.baseline = counted(next);
      if (next !== training) next.total = (next.total ?? 0) + event.total;
      run(model, next);
      break;
    case "items":
      if (working) commit(model, working, event);
      break;
    case "exchange":
      // A better representative came late: the former one becomes a duplicate.
      if (running === training && training.done > 0) {
        training.done--;
        training.skipped++;
      }
      break;
    case "complete":
      if (working && pending(working) === 0) end(model, working, "completed");
      break;
    case "fail":
      if (!running) break;
      running.error = "the disk is gone";
      end(model, running, "failed");
      for (const phase of phases) if (!isTerminal(phase.status)) end(model, phase, "cancelled");
      break;
    case "pause":
      if (!running) break;
      halt(model, running);
      running.status = "paused";
      break;
    case "resume":
      if (status === "paused") run(model, next!);
      break;
    case "cancel":
      if (["completed", "failed", "cancelled"].includes(status)) break;
      for (const phase of phases) if (!isTerminal(phase.status)) end(model, phase, "cancelled");
      break;
    case "sweep":
      // The items of a cancelled phase are marked afterwards, in portions.
      for (const phase of phases) {
        if (phase.status !== "cancelled") continue;
        phase.cancelled += Math.min(event.count, pending(phase));
      }
      break;
    case "retry":
      if (["completed", "failed", "cancelled"].includes(status)) retry(model, event.items);
      break;
    case "leave":
      model.worker = { ...model.worker!, alive: !model.worker!.alive };
      break;
    case "tick":
      model.now = new Date(model.now.getTime() + event.count);
      break;
  }
  return model;
}

// From the first phase with something to do on, every phase gets another chance.
function retry(model: Model, items: number): void {
  const first = model.phases.findIndex((phase) =>
    phase.status === "failed" || phase.status === "cancelled" || Math.min(items, phase.failed) > 0
  );
  if (first === -1) return;
  model.session.round++;
  for (const phase of model.phases.slice(first)) {
    if (phase.status === "skipped") continue;
    if (phase.name === "discovery" || phase.name === "clustering") {
      Object.assign(phase, phaseRow(phase.name));
    } else {
      phase.failed -= Math.min(items, phase.failed);
      const fresh = { status: "pending", cancelled: 0, completedAt: null, error: null } as const;
      Object.assign(phase, { ...fresh, rate: 0, rateMass: 0, lastCommitAt: null });
    }
  }
  if (first === 0) run(model, model.phases[0]);
}

function run(model: Model, phase: PhaseRow): void {
  phase.status = "running";
  phase.startedAt ??= model.now;
  phase.runningSince = model.now;
}

function halt(model: Model, phase: PhaseRow): void {
  if (!phase.runningSince) return;
  phase.activeSeconds += (model.now.getTime() - phase.runningSince.getTime()) / 1000;
  phase.runningSince = null;
}

function end(model: Model, phase: PhaseRow, status: "completed" | "failed" | "cancelled"): void {
  halt(model, phase);
  phase.status = status;
  phase.completedAt = model.now;
}

function commit(
  model: Model,
  phase: PhaseRow,
  counts: { done?: number; skipped?: number; failed?: number },
): void {
  let room = phase.total === null ? Infinity : pending(phase);
  const before = counted(phase);
  for (const kind of ["done", "skipped", "failed"] as const) {
    const count = Math.min(counts[kind] ?? 0, room);
    phase[kind] += count;
    room -= count;
  }
  const since = Math.max(phase.lastCommitAt?.getTime() ?? 0, phase.runningSince!.getTime());
  const seconds = Math.max(1e-3, (model.now.getTime() - since) / 1000);
  const kept = Math.exp(-seconds / RATE_WINDOW_SECONDS);
  phase.rate = phase.rate * kept + (counted(phase) - before) / seconds * (1 - kept);
  phase.rateMass = phase.rateMass * kept + (1 - kept);
  phase.lastCommitAt = model.now;
}
