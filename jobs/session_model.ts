import {
  PHASE_NAMES,
  type PhaseName,
  type PhaseStatus,
  type PhaseWeights,
  type SessionKind,
} from "../db/schema.ts";
import { counted, type PhaseRow } from "./phase_row.ts";
import type { ProgressInput } from "./progress.ts";
import { RATE_WINDOW_SECONDS } from "./queue/rate.ts";
import { currentPhase, isTerminal, overallStatus } from "./status.ts";

/**
 * A session as the tests see it: the phase rows and every legal change to them, each a pure
 * function of the same few lines as its SQL. Illegal events change nothing.
 */
export interface Model {
  session: ProgressInput["session"];
  phases: PhaseRow[];
  worker: ProgressInput["worker"];
  now: Date;
  /** What the walk found to do; counted and weighed when training is opened, as without a walk. */
  found: { jobs: number; weights: PhaseWeights | null };
}

export type Event =
  | { type: "start" | "complete" | "exchange" | "pause" | "resume" | "cancel" | "fail" | "leave" }
  | { type: "pausePhase" | "resumePhase" | "cancelPhase"; phase: PhaseName }
  | { type: "find" | "sweep" | "tick" | "units"; count: number }
  | { type: "stand"; seconds: number | null }
  | { type: "discovered"; jobs: number; weights: PhaseWeights | null }
  | { type: "open"; total: number; unitsLater?: boolean }
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
    openedRound: 1,
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

const LEFT_OUT: Record<SessionKind, PhaseName[]> = {
  folders: [],
  faces: ["discovery", "training"],
  clustering: ["discovery", "training", "face_detection"],
  models: ["discovery"],
};

export function newModel(
  options: { kind?: SessionKind; skipped?: PhaseName[]; weights?: PhaseWeights | null } = {},
): Model {
  const now = new Date("2030-01-01T00:00:00Z");
  const skipped = [...LEFT_OUT[options.kind ?? "folders"], ...options.skipped ?? []];
  return {
    session: { id: 7, round: 1, weights: null, error: null },
    phases: PHASE_NAMES.map((name) =>
      phaseRow(name, { status: skipped.includes(name) ? "skipped" : "pending", openedRound: 0 })
    ),
    worker: { lastSeenAt: now, alive: true, device: "cpu", stillSeconds: null },
    now,
    found: { jobs: 0, weights: options.weights ?? null },
  };
}

export const pending = (phase: PhaseRow) => phase.total === null ? 0 : phase.total - counted(phase);

const OVER = ["completed", "failed", "cancelled"];

/** The model after `event`; unchanged where the event is not legal. */
export function step(before: Model, event: Event): Model {
  const model = structuredClone(before);
  const { phases, session } = model;
  const [discovery, training] = phases;
  const current = currentPhase(phases);
  const running = current?.status === "running" && current.openedRound === session.round
    ? current
    : undefined;
  const working = running?.name === "discovery" ? undefined : running;
  const status = overallStatus(phases);
  switch (event.type) {
    case "start":
      if (status === "pending") startFirst(model);
      break;
    case "find":
      if (running === discovery) commit(model, discovery, { done: event.count });
      break;
    case "discovered":
      if (running !== discovery) break;
      discovery.total = discovery.done;
      end(model, discovery, "completed");
      // Unchanged files make no job.
      model.found = { jobs: Math.min(event.jobs, discovery.done), weights: event.weights };
      break;
    case "open":
      open(model, event);
      break;
    case "units":
      if (working?.name === "clustering" && working.total === null) working.total = event.count;
      break;
    case "items":
      if (!working || working.total === null) break;
      // Units of work are done or not; only files can be skipped or fail.
      if (working.name !== "clustering") commit(model, working, event);
      else commit(model, working, { done: event.done + event.skipped + event.failed });
      break;
    case "exchange":
      // A better representative came late: the former one becomes a duplicate.
      if (running === training && training.done > 0) {
        training.done--;
        training.skipped++;
      }
      break;
    case "complete":
      if (!working || pending(working) > 0) break;
      working.total ??= 0;
      end(model, working, "completed");
      break;
    case "fail":
      if (!running) break;
      running.error = "the disk is gone";
      end(model, running, "failed");
      for (const phase of phases) if (!isTerminal(phase.status)) end(model, phase, "cancelled");
      break;
    case "pause":
      if (status === "discovering" || status === "running") halt(model, current!, "paused");
      break;
    case "resume":
      if (status === "paused") run(model, current!);
      break;
    case "cancel":
      if (OVER.includes(status)) break;
      for (const phase of phases) if (!isTerminal(phase.status)) end(model, phase, "cancelled");
      break;
    case "pausePhase":
    case "resumePhase":
    case "cancelPhase":
      stepPhase(model, event);
      break;
    case "sweep":
      // The items of a cancelled phase are marked afterwards, in portions.
      for (const phase of phases) {
        if (phase.status !== "cancelled") continue;
        phase.cancelled += Math.min(event.count, pending(phase));
      }
      break;
    case "retry":
      if (OVER.includes(status)) retry(model, event.items);
      break;
    case "leave":
      model.worker = { ...model.worker!, alive: !model.worker!.alive, stillSeconds: null };
      break;
    case "stand":
      if (model.worker!.alive) model.worker!.stillSeconds = event.seconds;
      break;
    case "tick":
      model.now = new Date(model.now.getTime() + event.count);
      break;
  }
  return model;
}

// What somebody does to one phase; the first of a session that was not started has no choice.
function stepPhase(
  model: Model,
  { type, phase: name }: Extract<Event, { phase: PhaseName }>,
): void {
  const { phases } = model;
  const phase = phases.find((phase) => phase.name === name)!;
  const isCurrent = currentPhase(phases) === phase;
  if (isTerminal(phase.status) || (isCurrent && overallStatus(phases) === "pending")) return;
  if (type === "pausePhase") halt(model, phase, "paused");
  else if (type === "cancelPhase") {
    if (phase.startedAt) end(model, phase, "cancelled");
    else phase.status = "skipped";
  } else if (phase.status === "paused") {
    if (isCurrent) run(model, phase);
    else phase.status = "pending";
  }
}

function open(model: Model, event: Extract<Event, { type: "open" }>): void {
  const { phases, session, found } = model;
  const phase = currentPhase(phases);
  if (!phase || phase.name === "discovery" || overallStatus(phases) !== "running") return;
  if (phase.status === "running" && phase.openedRound === session.round) return;
  // What was in hand when somebody cancelled the phase before is finished first.
  if (phases.some((other) => other.status === "cancelled" && pending(other) > 0)) return;
  phase.baseline = counted(phase);
  if (phase.name === "training") {
    const walked = phases[0].status !== "skipped";
    phase.total = (phase.total ?? counted(phase)) + (walked ? found.jobs : event.total);
    session.weights = found.weights;
    found.jobs = 0;
  } else if (phase.name === "face_detection") {
    phase.total = (phase.total ?? counted(phase)) + event.total;
  } else {
    Object.assign(phase, { done: 0, cancelled: 0, baseline: 0 });
    phase.total = event.unitsLater ? null : event.total;
  }
  phase.openedRound = session.round;
  run(model, phase);
}

// As openRound: from the first phase with an item to try again on, every one gets another chance.
function retry(model: Model, items: number): void {
  const { phases, session } = model;
  const over = overallStatus(phases);
  const again = phases.map((phase) => {
    const failed = Math.min(items, phase.failed);
    const cancelled = over === "cancelled" ? phase.cancelled : 0;
    return { failed, cancelled };
  });
  const first = phases.findIndex((phase, index) =>
    again[index].failed + again[index].cancelled > 0 ||
    (phase.name === "discovery" && ["failed", "cancelled"].includes(phase.status))
  );
  if (first === -1 && over === "completed") return;
  session.round++;
  for (const [index, phase] of phases.entries()) {
    phase.failed -= again[index].failed;
    phase.cancelled -= again[index].cancelled;
    if (phase.status === "skipped") continue;
    if (phase.status === "completed" && phase.name !== "discovery") phase.baseline = phase.total!;
    const reached = first >= 0 && index >= first;
    if (!reached && phase.status === "completed") continue;
    phase.status = "pending";
    Object.assign(phase, { completedAt: null, error: null, rate: 0, rateMass: 0 });
    phase.lastCommitAt = null;
    if (reached) phase.baseline = counted(phase);
    if (phase.name === "clustering") Object.assign(phase, { total: null, done: 0, cancelled: 0 });
    if (phase.name === "discovery") phase.done = 0;
  }
  if (phases[0].status === "pending") {
    for (const phase of phases) if (phase.status === "pending") phase.total = null;
  }
  startFirst(model);
}

// The walk begins at once; any other phase waits for a worker to open it.
function startFirst(model: Model): void {
  const phase = currentPhase(model.phases);
  if (phase?.status !== "pending") return;
  if (phase.name === "discovery") phase.openedRound = model.session.round;
  run(model, phase);
}

function run(model: Model, phase: PhaseRow): void {
  phase.status = "running";
  phase.startedAt ??= model.now;
  phase.runningSince = model.now;
}

function halt(model: Model, phase: PhaseRow, status: PhaseStatus): void {
  if (phase.runningSince) {
    phase.activeSeconds += (model.now.getTime() - phase.runningSince.getTime()) / 1000;
  }
  phase.runningSince = null;
  phase.status = status;
}

function end(model: Model, phase: PhaseRow, status: "completed" | "failed" | "cancelled"): void {
  halt(model, phase, status);
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
