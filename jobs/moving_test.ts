import assert from "node:assert/strict";
import { createMoving } from "./moving.ts";

const still = { inHand: 0, stillSeconds: 0, patienceSeconds: 0 };

Deno.test("a batch that stands still does not hide behind one that moves", () => {
  let time = 0;
  const moving = createMoving(() => time);
  assert.deepEqual(moving.state(), still);
  const stuck = moving.take({ phase: "training", items: 4, patience: 60 });
  const lively = moving.take({ phase: "discovery", items: 1, patience: 120 });
  for (; time < 50; time += 1) lively.moved();
  assert.deepEqual(moving.state(), { inHand: 5, stillSeconds: 50, patienceSeconds: 60 });
  assert.equal(moving.busyWith("clustering", "discovery"), true);
  stuck.moved();
  assert.equal(moving.state().stillSeconds, 1);
  lively.end();
  assert.equal(moving.busyWith("clustering", "discovery"), false);
  stuck.end();
  assert.deepEqual(moving.state(), still);
});

Deno.test("what counts is how much of its own patience a batch has used up", () => {
  let time = 0;
  const moving = createMoving(() => time);
  moving.take({ phase: "training", items: 1, patience: 1000 });
  time = 100;
  moving.take({ phase: "face_detection", items: 2, patience: 60 });
  time = 150;
  assert.deepEqual(moving.state(), { inHand: 3, stillSeconds: 50, patienceSeconds: 60 });
  moving.restart();
  assert.equal(moving.state().stillSeconds, 0);
});
