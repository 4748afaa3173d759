import assert from "node:assert/strict";
import type { PhaseWeights } from "../db/schema.ts";
import { unifiedProgress } from "./progress.ts";
import { before, type Fields, found, input, now } from "./progress_testing.ts";

const percentage = (...phases: Parameters<typeof input>[0]) =>
  unifiedProgress(input(phases)).overallProgress.percentage;

Deno.test("training half done is 15 %", () => {
  const training: Fields = { status: "running", total: 100, done: 50 };
  assert.equal(percentage(found(100), training, "pending", "pending"), 15);
});

Deno.test("training done and faces half done is 62.5 %", () => {
  const faces: Fields = { status: "running", total: 80, done: 40 };
  assert.equal(percentage(found(100), found(100), faces, "pending"), 62.5);
});

Deno.test("no percentage is lost to binary fractions", () => {
  for (let done = 0; done <= 1000; done++) {
    const training: Fields = { status: "running", total: 1000, done };
    assert.equal(
      percentage(found(1000), training, "pending", "pending"),
      Math.floor(done * 3 / 10) / 10,
    );
  }
});

Deno.test("331 done and 335 duplicates of 666 are the whole of training", () => {
  const counts = { total: 666, done: 331, skipped: 335 };
  const ended = unifiedProgress(
    input([found(666), { status: "completed", ...counts }, "pending", "pending"]),
  );
  assert.equal(ended.phases.training.progress.percentage, 100);
  assert.equal(ended.phases.training.progress.current, 666);
  assert.equal(ended.phases.training.progress.pending, 0);
  assert.equal(ended.overallProgress.percentage, 30);
  // Counted to the last item but not closed yet: 100 % would be a state ahead of the truth.
  const open = unifiedProgress(
    input([found(666), { status: "running", ...counts }, "pending", "pending"]),
  );
  assert.equal(open.phases.training.progress.percentage, 99.9);
});

Deno.test("during discovery the percentage is unknown, not 0", () => {
  for (const status of ["pending", "running", "paused"] as const) {
    const view = unifiedProgress(input([{ status, done: 1234 }, "pending", "pending", "pending"]));
    assert.equal(view.overallProgress.percentage, null);
    assert.equal(view.overallProgress.isIndeterminate, true);
    assert.equal(view.phases.discovery.progress.percentage, null);
    assert.equal(view.phases.training.progress.percentage, null);
    assert.equal(view.phases.discovery.progress.current, 1234);
  }
});

Deno.test("total 0: nothing to read is 0 % while open and the phase's whole when it has ended", () => {
  const open: Fields = { status: "running", total: 0 };
  assert.equal(percentage(found(0), open, "pending", "pending"), 0);
  const ended: Fields = { status: "completed", total: 0 };
  assert.equal(percentage(found(0), ended, "pending", "pending"), 30);
});

Deno.test("an empty folder completes, clean, with 100 %", () => {
  const empty: Fields = { status: "completed", total: 0 };
  const view = unifiedProgress(input([empty, empty, empty, empty]));
  assert.equal(view.overallStatus, "completed");
  assert.equal(view.outcome, "clean");
  assert.equal(view.overallProgress.percentage, 100);
  assert.equal(view.overallProgress.currentPhase, "completed");
  assert.equal(view.overallProgress.message, "Completed");
  for (const phase of Object.values(view.phases)) assert.equal(phase.progress.percentage, 100);
});

Deno.test("skipped faces give their weight to the others", () => {
  const half: Fields = { status: "running", total: 10, done: 5 };
  const view = unifiedProgress(input([found(10), half, "skipped", "pending"]));
  assert.equal(view.phases.faceDetection.weight, 0);
  assert.equal(view.phases.training.weight, 100 * 30 / 35);
  assert.equal(view.phases.clustering.weight, 100 * 5 / 35);
  assert.equal(view.overallProgress.percentage, 42.8);
  const alone = unifiedProgress(input([found(10), half, "skipped", "skipped"]));
  assert.equal(alone.overallProgress.percentage, 50);
  const end = unifiedProgress(input([found(10), found(10), "skipped", "skipped"]));
  assert.equal(end.overallProgress.percentage, 100);
  assert.equal(end.overallStatus, "completed");
});

Deno.test("failed faces fail the run, keep its figures and say why", () => {
  const failed = { status: "failed" as const, total: 100, done: 20, error: "the disk is full" };
  const view = unifiedProgress(input([found(100), found(100), failed, "cancelled"]));
  assert.equal(view.overallStatus, "failed");
  assert.equal(view.outcome, null);
  assert.equal(view.overallProgress.percentage, 43);
  assert.equal(view.overallProgress.currentPhase, "face_detection");
  assert.equal(view.overallProgress.message, "Failed: the disk is full");
  assert.equal(view.overallProgress.etaSeconds, null);
  assert.equal(view.phases.faceDetection.error, "the disk is full");
  assert.equal(view.phases.faceDetection.progress.pending, 80);
});

Deno.test("failed discovery leaves the total unknown", () => {
  const failed = { status: "failed" as const, done: 3, error: "the folder is gone" };
  const view = unifiedProgress(input([failed, "cancelled", "cancelled", "cancelled"]));
  assert.equal(view.overallStatus, "failed");
  assert.equal(view.overallProgress.percentage, null);
  assert.equal(view.overallProgress.message, "Failed: the folder is gone");
});

Deno.test("zero faces to cluster completes", () => {
  const none: Fields = { status: "completed", total: 0 };
  const view = unifiedProgress(input([found(5), found(5), found(5), none]));
  assert.equal(view.overallProgress.percentage, 100);
  assert.equal(view.overallStatus, "completed");
});

Deno.test("clustering before it knows its units is indeterminate; the whole is not", () => {
  const view = unifiedProgress(
    input([found(5), found(5), found(5), { status: "running", total: null }]),
  );
  assert.equal(view.phases.clustering.progress.percentage, null);
  assert.equal(view.overallProgress.percentage, 95);
});

Deno.test("a cancelled run keeps what it reached", () => {
  const training = { status: "cancelled" as const, total: 100, done: 40, cancelled: 60 };
  const view = unifiedProgress(input([found(100), training, "cancelled", "cancelled"]));
  assert.equal(view.overallStatus, "cancelled");
  assert.equal(view.overallProgress.percentage, 30);
  assert.equal(view.phases.training.progress.pending, 0);
  assert.equal(view.phases.training.progress.current, 100);
  assert.equal(view.overallProgress.message, "Cancelled; what was finished is kept");
});

Deno.test("a paused run keeps its percentage and promises no time", () => {
  const training = {
    status: "paused" as const,
    total: 100,
    done: 50,
    rate: 2,
    rateMass: 1,
    lastCommitAt: before(3600),
  };
  const view = unifiedProgress(input([found(100), training, "pending", "pending"]));
  assert.equal(view.overallStatus, "paused");
  assert.equal(view.overallProgress.percentage, 15);
  assert.equal(view.overallProgress.etaSeconds, null);
  assert.equal(view.phases.training.progress.ratePerMinute, null);
  assert.equal(view.worker.stalled, false);
});

Deno.test("faces again over what exists: unknown until the photos are counted, then 65 to 5", () => {
  const run = (faces: Fields, clustering: Fields = "pending") =>
    unifiedProgress(input(["skipped", "skipped", faces, clustering]));
  for (const faces of ["pending", "running", "paused"] as const) {
    const { overallProgress, overallStatus } = run(faces);
    assert.equal(overallProgress.percentage, null);
    assert.equal(overallProgress.currentPhase, "face_detection");
    assert.notEqual(overallStatus, "discovering");
  }
  const half = run({
    status: "running",
    total: 80,
    done: 40,
    rate: 2,
    rateMass: 1,
    lastCommitAt: now,
  });
  assert.equal(half.overallProgress.percentage, 46.4);
  assert.equal(half.overallProgress.message, "Finding faces");
  // 20 s for the 40 left, and 40 s for 65 shares make 3 s for 5.
  assert.equal(half.overallProgress.etaSeconds, 23);
  assert.equal(run({ status: "running", total: 0 }).overallProgress.percentage, 0);
  assert.equal(run(found(80), found(9)).overallProgress.percentage, 100);
  const alone = run({ status: "running", total: 80, done: 40 }, "skipped");
  assert.equal(alone.overallProgress.percentage, 50);
});

Deno.test("grouping again: unknown until the clustering has announced its units", () => {
  const run = (clustering: Fields) =>
    unifiedProgress(input(["skipped", "skipped", "skipped", clustering])).overallProgress;
  assert.equal(run("running").percentage, null);
  assert.equal(run("running").message, "Grouping faces into people");
  assert.equal(run({ status: "running", total: 8, done: 2 }).percentage, 25);
  assert.equal(run({ status: "completed", total: 0 }).percentage, 100);
  // Cancelled before anybody knew: there is nothing that this could be a part of.
  assert.equal(run("cancelled").percentage, null);
});

Deno.test("a phase cancelled by itself leaves the percentage to what goes on", () => {
  const training: Fields = { status: "cancelled", total: 100, done: 40, cancelled: 20 };
  const running: Fields = { status: "running", total: 40, done: 20 };
  const view = unifiedProgress(input([found(100), training, running, "pending"]));
  assert.equal(view.overallStatus, "running");
  assert.equal(view.overallProgress.percentage, 50.5);
  assert.equal(view.overallProgress.currentPhase, "face_detection");
  // Cancelled between Start and the moment its items were counted.
  assert.equal(percentage("skipped", "skipped", "cancelled", found(9)), 7.1);
  assert.equal(percentage(found(9), "skipped", "skipped", "skipped"), 100);
});

Deno.test("what an earlier round counted does not stand for a phase held back in this one", () => {
  const session = { id: 7, round: 2, weights: null, error: null };
  const before = { total: 100, done: 90, openedRound: 1 };
  const again: Fields = { status: "running", total: 20, done: 10, openedRound: 2 };
  for (const status of ["pending", "paused"] as const) {
    const view = unifiedProgress(
      input([found(20), again, { ...before, status }, "pending"], { session }),
    );
    assert.equal(view.overallProgress.percentage, 15);
  }
});

Deno.test("weights: 30, 65, 5 by default; measured seconds in proportion", () => {
  const phases: Parameters<typeof input>[0] = [
    found(100),
    { status: "running", total: 100, done: 50 },
    "pending",
    "pending",
  ];
  const weight = (view: ReturnType<typeof unifiedProgress>) =>
    Object.values(view.phases).map((phase) => phase.weight);
  assert.deepEqual(weight(unifiedProgress(input(phases))), [0, 30, 65, 5]);
  const weights: PhaseWeights = {
    training: 120,
    face_detection: 60,
    clustering: 20,
    measured: true,
  };
  const session = { id: 7, round: 1, weights, error: null };
  const view = unifiedProgress(input(phases, { session }));
  assert.deepEqual(weight(view), [0, 60, 30, 10]);
  assert.equal(view.overallProgress.percentage, 30);
});

Deno.test("a retry opens a round with a percentage of its own", () => {
  const faces = {
    status: "running" as const,
    total: 1000,
    done: 985,
    failed: 5,
    baseline: 980,
    openedRound: 2,
  };
  const session = { id: 7, round: 2, weights: null, error: null };
  const view = unifiedProgress(input([found(1000), found(1000), faces, "pending"], { session }));
  assert.equal(view.round, 2);
  // 10 of the 20 taken again are counted.
  assert.equal(view.phases.faceDetection.progress.percentage, 50);
  assert.equal(view.overallProgress.percentage, 62.5);
});

Deno.test("the shape is exactly the documented one, and survives JSON", () => {
  const view = unifiedProgress(
    input([found(9), { status: "running", total: 9, startedAt: before(9) }, "pending", "pending"]),
  );
  const keys = (value: object) => Object.keys(value).sort();
  assert.deepEqual(
    keys(view),
    [
      "hold",
      "outcome",
      "overallProgress",
      "overallStatus",
      "phases",
      "round",
      "sessionId",
      "worker",
    ],
  );
  assert.deepEqual(keys(view.overallProgress), [
    "currentPhase",
    "etaHigh",
    "etaLow",
    "etaSeconds",
    "isIndeterminate",
    "message",
    "percentage",
  ]);
  assert.deepEqual(Object.keys(view.phases), [
    "discovery",
    "training",
    "faceDetection",
    "clustering",
  ]);
  for (const phase of Object.values(view.phases)) {
    assert.deepEqual(
      keys(phase),
      ["completedAt", "error", "name", "progress", "startedAt", "status", "weight"],
    );
    assert.deepEqual(keys(phase.progress), [
      "cancelled",
      "current",
      "done",
      "etaSeconds",
      "failed",
      "pending",
      "percentage",
      "ratePerMinute",
      "skipped",
      "total",
    ]);
  }
  assert.deepEqual(keys(view.worker), [
    "alive",
    "device",
    "deviceReason",
    "lastSeenAt",
    "stalled",
    "stillSeconds",
  ]);
  assert.deepEqual(JSON.parse(JSON.stringify(view)), view);
  assert.equal(view.phases.training.startedAt, "2030-01-01T11:59:51.000Z");
});
