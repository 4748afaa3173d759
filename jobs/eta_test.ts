import assert from "node:assert/strict";
import type { PhaseName, PhaseWeights } from "../db/schema.ts";
import { estimateTime } from "./eta.ts";
import { type PhaseRow, ratePerSecond } from "./phase_row.ts";
import { DEFAULT_WEIGHTS, type UnifiedProgress, unifiedProgress } from "./progress.ts";
import { type Model, newModel, phaseRow, step } from "./session_model.ts";

const MEASURED: PhaseWeights = {
  training: 100,
  face_detection: 40,
  clustering: 10,
  measured: true,
};
const now = new Date("2030-01-01T12:00:00Z");
const before = (seconds: number) => new Date(now.getTime() - seconds * 1000);

/** Discovery has ended; training runs with half of its 200 items counted. */
function inTraining(training: Partial<PhaseRow> = {}): PhaseRow[] {
  return [
    phaseRow("discovery", { status: "completed", total: 200, done: 200 }),
    phaseRow("training", { status: "running", total: 200, done: 90, skipped: 10, ...training }),
    phaseRow("face_detection"),
    phaseRow("clustering"),
  ];
}

const moving = (rate: number) => ({ rate: rate / 2, rateMass: 0.5, lastCommitAt: before(1) });

function estimate(phases: PhaseRow[], weights: PhaseWeights) {
  const rates = phases.map((phase) => ratePerSecond(phase, now));
  return estimateTime({ phases, weights, rates, round: 1 });
}

Deno.test("no time during discovery, and none before the first rate", () => {
  const discovering = inTraining({ status: "pending", total: null, done: 0, skipped: 0 });
  discovering[0].status = "running";
  assert.equal(estimate(discovering, MEASURED).seconds, null);
  assert.deepEqual(estimate(inTraining(), DEFAULT_WEIGHTS), {
    seconds: null,
    low: null,
    high: null,
    phases: [0, null, null, null],
  });
});

Deno.test("what is left is summed over the phases; unmeasured ones by their weight", () => {
  // 2 items a second: 50 s for the 100 left, 100 s for the phase; so a unit of weight is 100/30 s.
  const left = estimate(inTraining(moving(2)), DEFAULT_WEIGHTS);
  assert.deepEqual(left.phases, [0, 50, Math.round(65 * 100 / 30), Math.round(5 * 100 / 30)]);
  assert.equal(left.seconds, Math.round(50 + 70 * 100 / 30));
});

Deno.test("measured seconds stand for the phases that have not begun, and for one without a rate", () => {
  assert.deepEqual(estimate(inTraining(moving(2)), MEASURED).phases, [0, 50, 40, 10]);
  const silent = estimate(inTraining(), MEASURED);
  assert.deepEqual(silent.phases, [0, 50, 40, 10]);
  assert.equal(silent.seconds, 100);
});

Deno.test("a phase that has ended or is skipped takes no more time", () => {
  const phases = inTraining({ status: "completed", done: 190, activeSeconds: 100 });
  phases[2].status = "skipped";
  assert.deepEqual(estimate(phases, MEASURED).phases, [0, 0, 0, 10]);
  // Its average over its running time, 2 a second, says what a unit of weight costs.
  assert.equal(estimate(phases, DEFAULT_WEIGHTS).seconds, Math.round(5 * 100 / 30));
});

Deno.test("the bounds enclose the estimate, wider where nothing was measured", () => {
  const measured = estimate(inTraining(moving(2)), MEASURED);
  const guessed = estimate(inTraining(moving(2)), DEFAULT_WEIGHTS);
  for (const { low, seconds, high } of [measured, guessed]) {
    assert(0 <= low! && low! < seconds! && seconds! < high!);
  }
  const doubt = ({ low, high, seconds }: typeof measured) => (high! - low!) / seconds!;
  assert(doubt(guessed) > 2 * doubt(measured));
});

Deno.test("a rate nobody renews fades; the silence of a pause does not count", () => {
  const rate = (fields: Partial<PhaseRow>) =>
    ratePerSecond(
      phaseRow("training", { status: "running", rate: 3, rateMass: 0.5, ...fields }),
      now,
    );
  assert.equal(rate({ lastCommitAt: before(1) }), 6);
  assert.equal(rate({ lastCommitAt: before(10) }), 6);
  assert.equal(rate({ lastCommitAt: before(40) }), 1.5);
  assert.equal(rate({ lastCommitAt: before(4000), runningSince: before(2) }), 6);
  assert.equal(rate({ lastCommitAt: before(1), status: "paused" }), null);
  assert.equal(rate({ lastCommitAt: null }), null);
  assert.equal(rate({ lastCommitAt: before(1), rateMass: 0, rate: 0 }), null);
  // A clock that steps back a little makes nothing faster.
  assert.equal(rate({ lastCommitAt: before(-5) }), 6);
});

Deno.test("items cancelled in one statement are no speed", () => {
  const ended = { status: "cancelled" as const, total: 1000, done: 20, activeSeconds: 10 };
  assert.equal(ratePerSecond(phaseRow("training", { ...ended, cancelled: 980 }), now), 2);
});

Deno.test("progress knows no time but the one it is given", () => {
  const phases = inTraining(moving(2));
  const session = { id: 1, round: 1, weights: MEASURED, error: null };
  const worker = { lastSeenAt: before(1), alive: true, device: "cpu", stillSeconds: null };
  const real = Date.now;
  const clock = globalThis.Date;
  try {
    Date.now = () => assert.fail("Date.now() was called");
    const first = unifiedProgress({ phases, session, worker, now });
    // A no-argument `new Date()` would read the clock as well.
    globalThis.Date = class extends clock {
      constructor(...args: [number]) {
        assert(args.length > 0, "new Date() was called");
        super(...args);
      }
    } as DateConstructor;
    assert.deepEqual(unifiedProgress({ phases, session, worker, now }), first);
    assert.equal(first.overallProgress.etaSeconds, 100);
  } finally {
    globalThis.Date = clock;
    Date.now = real;
  }
});

interface Run {
  /** Seconds since the end of discovery, at each commit. */
  samples: { elapsed: number; view: UnifiedProgress }[];
  total: number;
}

/**
 * A run on a machine with history: each phase takes its measured seconds, items vary by `noise`
 * around their mean, and a commit follows every second.
 */
function simulate(seconds: Record<string, number>, noise: number, random: () => number): Run {
  const items = { training: 900, face_detection: 600, clustering: 250 };
  const weights = { ...seconds, measured: true } as unknown as PhaseWeights;
  let model = step(newModel(), { type: "start" });
  model = step(model, { type: "find", count: items.training });
  model = step(model, { type: "discovered", jobs: items.training, weights });
  const began = model.now.getTime();
  const samples: Run["samples"] = [];
  const elapsed = (at: Model) => (at.now.getTime() - began) / 1000;
  for (const name of ["training", "face_detection", "clustering"] as const) {
    model = step(model, { type: "open", total: items[name] });
    const mean = seconds[name] / items[name];
    let [batch, spent] = [0, 0];
    for (let item = 1; item <= items[name]; item++) {
      spent += mean * (1 + noise * (2 * random() - 1));
      batch++;
      if (spent < 1 && item < items[name]) continue;
      model = step(model, { type: "tick", count: Math.round(spent * 1000) });
      // One in ten is a duplicate or a fault: counted like the others.
      const [skipped, failed] = [Math.floor(batch / 10), Math.floor(batch / 20)];
      model = step(model, { type: "items", done: batch - skipped - failed, skipped, failed });
      samples.push({ elapsed: elapsed(model), view: unifiedProgress(model) });
      [batch, spent] = [0, 0];
    }
    model = step(model, { type: "complete" });
  }
  samples.push({ elapsed: elapsed(model), view: unifiedProgress(model) });
  return { samples, total: elapsed(model) };
}

/** mulberry32: the same noise in every run of the test. */
function randomFrom(seed: number): () => number {
  return () => {
    seed = seed + 0x6d2b79f5 | 0;
    let mixed = Math.imul(seed ^ seed >>> 15, 1 | seed);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}

Deno.test("with history the bar is a clock and the time left is true", () => {
  const machines: Record<PhaseName, number>[] = [
    { discovery: 0, training: 300, face_detection: 650, clustering: 50 },
    { discovery: 0, training: 500, face_detection: 60, clustering: 40 },
    { discovery: 0, training: 40, face_detection: 30, clustering: 200 },
  ];
  for (const [index, seconds] of machines.entries()) {
    for (const noise of [0, 0.2]) {
      const { samples, total } = simulate(seconds, noise, randomFrom(index + 1));
      for (const { elapsed, view } of samples) {
        const off = view.overallProgress.percentage! - 100 * elapsed / total;
        assert(Math.abs(off) <= 5, `bar off by ${off.toFixed(1)} points at ${elapsed} s`);
      }
      for (const part of [0.25, 0.5, 0.75]) {
        const { elapsed, view } = samples.find((sample) => sample.elapsed >= part * total)!;
        const off = Math.abs(view.overallProgress.etaSeconds! - (total - elapsed)) / total;
        assert(off <= 0.1, `time left off by ${(100 * off).toFixed(1)} % at ${part}`);
      }
      const last = samples.at(-1)!.view;
      assert.equal(last.overallStatus, "completed");
      assert.equal(last.overallProgress.percentage, 100);
    }
  }
});
