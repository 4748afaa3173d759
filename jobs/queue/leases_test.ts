import assert from "node:assert/strict";
import { createLeases, LEASE_SECONDS } from "./leases.ts";

/** A rescuer with a clock of the test's own, and one worker whose beats the test counts. */
function observed() {
  const state = { time: 1000, beats: 7, present: true };
  const leases = createLeases(() => state.time);
  return {
    state,
    /** Looks, `answer` seconds long, and says whether the worker is dead. */
    async look(answer = 0) {
      const dead = await leases.look(() => {
        const pulses = state.present ? [{ id: "a", beats: state.beats }] : [];
        state.time += answer;
        return Promise.resolve(pulses);
      });
      return dead.length > 0;
    },
    fail: () =>
      assert.rejects(leases.look(() => Promise.reject(new Error("the database is away")))),
  };
}

Deno.test("a worker is dead once its beats have stood still for the lease", async () => {
  const { state, look } = observed();
  for (let second = 0; second < LEASE_SECONDS; second += 2.5) {
    assert.equal(await look(), false, `after ${second} s`);
    state.time += 2.5;
  }
  assert.equal(await look(), true);
});

Deno.test("a worker that beats, however slowly within the lease, lives", async () => {
  const { state, look } = observed();
  for (let turn = 0; turn < 200; turn++) {
    if (turn % 7 === 0) state.beats++;
    assert.equal(await look(), false);
    state.time += 2.5;
  }
});

Deno.test("a worker that comes back with fewer beats has begun anew, and lives", async () => {
  const { state, look } = observed();
  for (let turn = 0; turn < 7; turn++, state.time += 2.5) await look();
  state.beats = 0;
  state.time += 2.5;
  assert.equal(await look(), false);
});

for (
  const [what, seconds] of [
    ["an outage of the database", 60],
    ["an hour of the rescuer's own sleep", 3600],
    ["a gap just above the limit", 10.5],
  ] as const
) {
  Deno.test(`${what} starts all observations anew`, async () => {
    const { state, look, fail } = observed();
    for (let turn = 0; turn < 7; turn++, state.time += 2.5) await look();
    for (let away = 0; away < 3; away++, state.time += seconds / 3) await fail();
    for (let second = 0; second < LEASE_SECONDS; second += 2.5) {
      assert.equal(await look(), false, `${second} s after the gap`);
      state.time += 2.5;
    }
    assert.equal(await look(), true, "and a worker that is really dead is found after it");
  });
}

Deno.test("a look that fails now and then does not hide a death", async () => {
  const { state, look, fail } = observed();
  let dead = false;
  for (let turn = 0; turn < 10; turn++, state.time += 2.5) {
    if (turn % 3 === 1) await fail();
    else dead = await look();
  }
  assert.equal(dead, true);
});

Deno.test("the time a slow answer takes is no proof of death", async () => {
  const { state, look } = observed();
  await look();
  state.time += 9;
  await look(0.5);
  state.time += 5;
  await look(0.5);
  // The row is read now, 15 s after the first look; the answer comes after 24 s.
  assert.equal(await look(9), false);
});

Deno.test("a worker that left the list is forgotten", async () => {
  const { state, look } = observed();
  for (let turn = 0; turn < 8; turn++, state.time += 2.5) await look();
  state.present = false;
  assert.equal(await look(), false);
  state.present = true;
  state.time += 2.5;
  assert.equal(await look(), false);
});
