import assert from "node:assert/strict";
import { PHASE_NAMES, PHASE_STATUSES, type PhaseStatus } from "../db/schema.ts";
import { isTerminal, overallStatus } from "./status.ts";

const status = (...statuses: PhaseStatus[]) =>
  overallStatus(statuses.map((status, index) => ({ name: PHASE_NAMES[index], status })));

function* combinations(): Generator<PhaseStatus[]> {
  for (const a of PHASE_STATUSES) {
    for (const b of PHASE_STATUSES) {
      for (const c of PHASE_STATUSES) for (const d of PHASE_STATUSES) yield [a, b, c, d];
    }
  }
}

Deno.test("the states of a session, from its phases", () => {
  assert.equal(status("pending", "pending", "pending", "pending"), "pending");
  assert.equal(status("pending", "pending", "skipped", "skipped"), "pending");
  assert.equal(status("running", "pending", "pending", "pending"), "discovering");
  assert.equal(status("completed", "pending", "pending", "pending"), "running");
  assert.equal(status("completed", "running", "pending", "pending"), "running");
  assert.equal(status("completed", "completed", "pending", "pending"), "running");
  assert.equal(status("completed", "completed", "skipped", "running"), "running");
  assert.equal(status("paused", "pending", "pending", "pending"), "paused");
  assert.equal(status("completed", "completed", "paused", "pending"), "paused");
  assert.equal(status("completed", "completed", "completed", "completed"), "completed");
  assert.equal(status("completed", "completed", "skipped", "skipped"), "completed");
  assert.equal(status("failed", "cancelled", "cancelled", "cancelled"), "failed");
  assert.equal(status("completed", "completed", "failed", "skipped"), "failed");
  assert.equal(status("completed", "completed", "completed", "failed"), "failed");
  assert.equal(status("cancelled", "cancelled", "cancelled", "cancelled"), "cancelled");
  assert.equal(status("completed", "completed", "cancelled", "skipped"), "cancelled");
});

Deno.test("a phase that is held back pauses the session only when its turn has come", () => {
  assert.equal(status("pending", "pending", "pending", "paused"), "pending");
  assert.equal(status("running", "pending", "paused", "pending"), "discovering");
  assert.equal(status("completed", "running", "pending", "paused"), "running");
  assert.equal(status("completed", "completed", "pending", "paused"), "running");
  assert.equal(status("completed", "completed", "completed", "paused"), "paused");
  assert.equal(status("skipped", "skipped", "paused", "pending"), "paused");
});

Deno.test("a session goes on behind a phase that was cancelled alone, and ends as cancelled", () => {
  assert.equal(status("completed", "cancelled", "pending", "pending"), "running");
  assert.equal(status("cancelled", "running", "pending", "pending"), "running");
  assert.equal(status("completed", "cancelled", "completed", "completed"), "cancelled");
});

Deno.test("completed before failed before running, over every combination of phase states", () => {
  for (const phases of combinations()) {
    const found = status(...phases);
    const label = `${phases} gave ${found}`;
    const worked = phases.some((phase) => phase === "completed");
    const ended = phases.every((phase) => phase === "completed" || phase === "skipped");
    assert.equal(found === "completed", ended && worked, label);
    assert.equal(found === "failed", phases.includes("failed"), label);
    const live = ["pending", "discovering", "running", "paused"].includes(found);
    if (live) assert(!phases.every(isTerminal), label);
    if (found === "cancelled") assert(phases.every(isTerminal), label);
    if (found === "paused") assert(phases.includes("paused"), label);
    if (found === "discovering") assert.equal(phases[0], "running", label);
  }
});

Deno.test("exactly completed, failed, cancelled and skipped phases have ended", () => {
  assert.deepEqual(PHASE_STATUSES.filter(isTerminal), [
    "completed",
    "failed",
    "cancelled",
    "skipped",
  ]);
});
