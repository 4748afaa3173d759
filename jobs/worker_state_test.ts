import assert from "node:assert/strict";
import { workerState, workforce } from "./worker_state.ts";

const now = new Date("2030-01-01T12:00:00Z").getTime();

function worker(silentSeconds: number, [inHand, stillSeconds, patienceSeconds]: number[]) {
  return {
    silentSeconds,
    inHand,
    stillSeconds,
    patienceSeconds,
    lastSeenAt: new Date(now - silentSeconds * 1000),
    device: `cpu on host ${silentSeconds}`,
  };
}

const IDLE = [0, 0, 0], MOVES = [8, 59, 60], STANDS = [8, 61, 60];

Deno.test("stalled is who stands still for longer than fits what it has in hand", () => {
  assert.equal(workerState(worker(21, STANDS)), "silent");
  assert.equal(workerState(worker(1, IDLE)), "idle");
  assert.equal(workerState(worker(1, MOVES)), "working");
  assert.equal(workerState(worker(1, STANDS)), "stalled");
  // A walk of a slow disk is given more time than a picture.
  assert.equal(workerState(worker(1, [1, 300, 600])), "working");
});

Deno.test("the work stands still if every worker that has some is stalled", () => {
  assert.equal(workforce([]), null);
  assert.equal(workforce([worker(1, IDLE), worker(2, IDLE)])!.stillSeconds, null);
  assert.equal(workforce([worker(1, STANDS), worker(2, MOVES)])!.stillSeconds, null);
  const stalled = workforce([worker(1, IDLE), worker(2, STANDS), worker(3, [1, 90, 60])])!;
  assert.deepEqual(stalled, {
    alive: true,
    lastSeenAt: new Date(now - 3000),
    device: "cpu on host 3",
    deviceReason: undefined,
    activity: null,
    stillSeconds: 90,
  });
  // Who is silent has nothing in hand that it could move: others get that when the lease runs out.
  assert.equal(workforce([worker(1, IDLE), worker(60, STANDS)])!.stillSeconds, null);
});

Deno.test("alive is if one was heard of within the lease; the one heard of last is told of", () => {
  const [dead, living] = [worker(90, IDLE), worker(3, IDLE)];
  assert.deepEqual(workforce([dead, living]), {
    alive: true,
    lastSeenAt: living.lastSeenAt,
    device: living.device,
    deviceReason: undefined,
    activity: null,
    stillSeconds: null,
  });
  // One that is still loading is told of only while no other moves.
  const loads = { ...worker(3, MOVES), activity: "loading" };
  assert.equal(workforce([loads, worker(1, IDLE)])!.activity, "loading");
  assert.equal(workforce([loads, worker(1, MOVES)])!.activity, null);
  assert.equal(workforce([dead, worker(91, STANDS)])!.alive, false);
  assert.equal(workforce([dead, worker(91, STANDS)])!.device, dead.device);
});
