import assert from "node:assert/strict";
import fc from "fast-check";
import {
  PHASE_NAMES,
  type PhaseName,
  type PhaseWeights,
  SESSION_KINDS,
  type SessionKind,
} from "../db/schema.ts";
import { type UnifiedProgress, unifiedProgress } from "./progress.ts";
import { type Event, type Model, newModel, step } from "./session_model.ts";
import { isTerminal } from "./status.ts";

const count = fc.nat({ max: 40 });
const seconds = fc.oneof(fc.constant(0), fc.double({ min: 0.001, max: 50_000, noNaN: true }));
const weights: fc.Arbitrary<PhaseWeights> = fc.record({
  training: seconds,
  face_detection: seconds,
  clustering: seconds,
  measured: fc.boolean(),
});
const always = (type: "start" | "complete" | "exchange" | "pause" | "resume") =>
  fc.constant<Event>({ type });
// Rare events end a run, common ones carry it to its end, so that most sequences see all phases.
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 4, arbitrary: always("start") },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("find" as const), count }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("discovered" as const),
      jobs: count,
      weights: fc.option(weights),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      type: fc.constant("open" as const),
      total: count,
      unitsLater: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("units" as const), count }) },
  {
    weight: 16,
    arbitrary: fc.record({
      type: fc.constant("items" as const),
      done: count,
      skipped: fc.nat({ max: 5 }),
      failed: fc.nat({ max: 2 }),
    }),
  },
  { weight: 10, arbitrary: always("complete") },
  { weight: 3, arbitrary: always("exchange") },
  { weight: 2, arbitrary: always("pause") },
  { weight: 5, arbitrary: always("resume") },
  { weight: 1, arbitrary: fc.constantFrom<Event>({ type: "cancel" }, { type: "fail" }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom("pausePhase", "resumePhase", "resumePhase", "cancelPhase"),
      phase: fc.constantFrom(...PHASE_NAMES),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("sweep" as const), count }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("retry" as const), items: count }) },
  { weight: 1, arbitrary: fc.constant<Event>({ type: "leave" }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("stand" as const),
      seconds: fc.option(fc.integer({ min: 1, max: 5000 })),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ type: fc.constant("tick" as const), count: fc.nat({ max: 100_000 }) }),
  },
);
const skipped = fc.constantFrom<PhaseName[]>([], [], ["face_detection", "clustering"], [
  "clustering",
]);
const made = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant<SessionKind>("folders"), skipped }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant<SessionKind>("faces"),
      skipped: fc.constantFrom<PhaseName[]>([], ["clustering"]),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant<SessionKind>("clustering"),
      skipped: fc.constant<PhaseName[]>([]),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant<SessionKind>("models"),
      skipped: fc.constantFrom<PhaseName[]>([], ["face_detection", "clustering"]),
      weights: fc.option(weights),
    }),
  },
);

/** What holds in every legal state, whatever came before it. */
function holds({ phases, now, session, worker }: Model): UnifiedProgress {
  const view = unifiedProgress({ phases, now, session, worker });
  const { percentage, isIndeterminate, etaSeconds, etaLow, etaHigh } = view.overallProgress;
  const ended = phases.every((phase) => isTerminal(phase.status));
  const failed = phases.some(({ status }) => status === "failed");

  assert.equal(percentage === null, isUnknown(phases), "null exactly before a total");
  assert.equal(isIndeterminate, percentage === null);
  if (percentage === 100) assert(ended, "100 with a phase still open");
  if (phases[0].status === "skipped") assert.notEqual(view.overallStatus, "discovering");
  const current = phases.find((phase) => !isTerminal(phase.status));
  if (current && !failed) assert.equal(view.overallProgress.currentPhase, current.name);
  if (view.overallStatus === "completed") {
    assert.equal(percentage, 100);
    assert.equal(view.overallProgress.currentPhase, "completed");
    assert(phases.every(({ status }) => status === "completed" || status === "skipped"));
  }
  assert.equal(view.outcome !== null, view.overallStatus === "completed");
  assert.equal(view.overallStatus === "failed", failed);
  assert.notEqual(view.overallProgress.message, "");
  const live = view.overallStatus === "discovering" || view.overallStatus === "running";
  assert.equal(view.worker.stalled, live && worker!.stillSeconds !== null);
  assert.equal(view.worker.stillSeconds !== null, view.worker.stalled);

  for (const [index, phase] of Object.values(view.phases).entries()) {
    assert.equal(phase.name, PHASE_NAMES[index]);
    const { progress } = phase;
    const sum = progress.done + progress.skipped + progress.failed + progress.cancelled;
    assert.equal(progress.current, sum);
    if (progress.total === null) assert.equal(progress.pending, 0);
    else assert.equal(progress.total, sum + progress.pending, `the ledger of ${phase.name}`);
    assert(progress.pending >= 0);
    if (progress.percentage === 100 && phase.status !== "completed") {
      assert(isTerminal(phase.status), `${phase.name} at 100 % but ${phase.status}`);
    }
  }
  const weight = Object.values(view.phases).reduce((all, phase) => all + phase.weight, 0);
  const none = phases.slice(1).every(({ status }) => status === "skipped");
  assert(Math.abs(weight - (none ? 0 : 100)) < 1e-6, `weights sum to ${weight}`);

  const known = [etaSeconds, etaLow, etaHigh].filter((eta) => eta !== null);
  assert(known.length === 0 || known.length === 3);
  if (known.length) assert(etaLow! <= etaSeconds! && etaSeconds! <= etaHigh! && etaLow! >= 0);
  if (ended) assert.equal(etaSeconds, null);
  everyNumber(view, (value, name) => {
    assert(Number.isFinite(value) && value >= 0, `${name} is ${value}`);
    if (name === "percentage") assert(value <= 100, `${name} is ${value}`);
  });
  return view;
}

/** Nobody has counted yet what there is to do; or somebody ended it before that. */
function isUnknown([discovery, ...working]: Model["phases"]): boolean {
  if (!isTerminal(discovery.status)) return true;
  const part = working.filter(({ status }) => status !== "skipped");
  // Only a walk was left, and it has come to its end.
  if (part.length === 0) return discovery.status !== "completed";
  const counts = part.find(({ status, total }) => total !== null || !isTerminal(status));
  return counts === undefined || counts.total === null;
}

function everyNumber(value: unknown, check: (value: number, name: string) => void, name = "") {
  if (typeof value === "number") check(value, name);
  else if (value && typeof value === "object") {
    for (const [key, inner] of Object.entries(value)) everyNumber(inner, check, key);
  }
}

Deno.test("over every legal history: never falls in a round, balances, completes only when complete", () => {
  const reached = new Set<string>();
  fc.assert(
    fc.property(made, fc.array(event, { minLength: 40, maxLength: 120 }), (made, events) => {
      let model = newModel(made);
      let last = holds(model);
      for (const event of events) {
        model = step(model, event);
        const next = holds(model);
        reached.add(next.overallStatus).add(`round ${Math.min(3, next.round)}`);
        reached.add(`${made.kind} ${next.overallStatus}`);
        if (next.outcome) reached.add(next.outcome);
        if (wentOn(next)) reached.add("went on behind a cancelled phase");
        if (next.round === last.round) {
          const [was, is] = [last, next].map((view) => view.overallProgress.percentage ?? 0);
          assert(is >= was, `fell from ${was} to ${is} at ${JSON.stringify(event)}`);
          for (const name of ["training", "faceDetection", "clustering"] as const) {
            const [was, is] = [last, next].map((view) => view.phases[name].progress.percentage);
            assert((is ?? 0) >= (was ?? 0), `${name} fell from ${was} to ${is}`);
          }
        }
        last = next;
      }
    }),
    { numRuns: 1000 },
  );
  // Histories that never get anywhere would prove nothing.
  const all = ["pending", "discovering", "running", "paused", "completed", "failed", "cancelled"];
  const kinds = SESSION_KINDS.flatMap((kind) =>
    ["pending", "running", "paused", "completed", "cancelled"].map((state) => `${kind} ${state}`)
  );
  const special = ["clean", "with_errors", "round 3", "went on behind a cancelled phase"];
  for (const state of [...all, ...kinds, ...special]) {
    assert(reached.has(state), `no history reached "${state}"`);
  }
});

const wentOn = ({ overallStatus, phases }: UnifiedProgress) =>
  overallStatus === "running" && Object.values(phases).some(({ status }) => status === "cancelled");
