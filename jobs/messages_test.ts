import assert from "node:assert/strict";
import { type ProgressInput, unifiedProgress } from "./progress.ts";
import { before, type Fields, found, input, now } from "./progress_testing.ts";

const training = (fields: Fields = { status: "running", total: 9 }, rest = {}) =>
  unifiedProgress(input([found(9), fields, "pending", "pending"], rest));
const says = (rest: Partial<ProgressInput>) => training(undefined, rest).overallProgress.message;

const DOING = "Reading pictures and making them searchable";

Deno.test("failed items: completed, with errors, and how many", () => {
  const training = { status: "completed" as const, total: 1500, done: 300, failed: 1200 };
  const view = unifiedProgress(input([found(1500), training, found(300), found(9)]));
  assert.equal(view.overallStatus, "completed");
  assert.equal(view.outcome, "with_errors");
  assert.equal(view.overallProgress.message, "Completed; 1,200 files could not be read");
});

Deno.test("no worker is said in words", () => {
  const dead = training(undefined, { worker: null });
  assert.equal(dead.overallProgress.message, "Waiting for a worker: none is running");
  assert.deepEqual(dead.worker, {
    alive: false,
    lastSeenAt: null,
    stalled: false,
    stillSeconds: null,
    device: null,
    deviceReason: null,
  });
});

Deno.test("a worker that stands still is said in words, by the rule of the workers page alone", () => {
  const worker = { lastSeenAt: before(1), alive: true, device: "cpu on attic", stillSeconds: 61.4 };
  const stalled = training(undefined, { worker });
  assert.deepEqual([stalled.worker.stalled, stalled.worker.stillSeconds], [true, 61]);
  assert.equal(
    stalled.overallProgress.message,
    `${DOING}: the worker (cpu on attic) has been at the same work for 61 seconds; it will be replaced`,
  );
  assert.match(says({ worker: { ...worker, stillSeconds: 299 } }), /the same work for 5 minutes;/);
  // However long ago the last commit was: a large picture takes its time, and so does a deep folder.
  const slow = { status: "running", total: 9, lastCommitAt: before(3000) } as const;
  assert.equal(training(slow).worker.stalled, false);
  assert.equal(training(slow).overallProgress.message, DOING);
  // Nobody waits for what it has in hand of a session that is paused.
  const paused = training({ status: "paused", total: 9 }, { worker });
  assert.deepEqual([paused.worker.stalled, paused.worker.stillSeconds], [false, null]);
  assert.equal(paused.overallProgress.message, "Paused; finished work is kept");
});

Deno.test("a model that is being loaded is said in words", () => {
  const worker = {
    lastSeenAt: before(1),
    alive: true,
    device: "webgpu on attic",
    stillSeconds: null,
  };
  const activity = "loading ViT-B/32 on webgpu";
  assert.equal(says({ worker: { ...worker, activity } }), `${DOING}: ${activity}`);
  assert.equal(says({ worker: { ...worker, activity: null } }), DOING);
});

Deno.test("work that waits for its next try is said with its time", () => {
  const until = new Date(now.getTime() + 32_000);
  const time = until.toLocaleTimeString("en-GB");
  assert.equal(
    says({ waiting: { items: 1, until } }),
    `${DOING}: 1 item is tried again at ${time}`,
  );
  assert.equal(
    says({ waiting: { items: 1200, until } }),
    `${DOING}: 1,200 items are tried again from ${time} on`,
  );
  assert.equal(says({ waiting: null }), DOING);
});
