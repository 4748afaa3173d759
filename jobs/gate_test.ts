import assert from "node:assert/strict";
import fc from "fast-check";
import { createGate } from "./gate.ts";

/** Work that stays inside until it is told to leave. */
function guest() {
  const { promise, resolve: leave } = Promise.withResolvers<void>();
  const state = { inside: false };
  const work = () => {
    state.inside = true;
    return promise;
  };
  return { state, work, leave };
}

const turns = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("a gate bears what it bears, in the order asked", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 }),
    async (weights) => {
      const gate = createGate(40);
      const order: number[] = [];
      let inside = 0;
      let load = 0;
      await Promise.all(weights.map((weight, index) =>
        gate.pass(weight, async () => {
          order.push(index);
          inside++;
          load += weight;
          assert(gate.load >= load, "work runs that is not weighed");
          assert(load <= 40 || inside === 1, `${inside} inside weigh ${load}`);
          await turns();
          inside--;
          load -= weight;
        })
      ));
      assert.deepEqual(order, weights.map((_, index) => index));
      assert.equal(gate.load, 0);
    },
  ));
});

Deno.test("what fails inside leaves the gate", async () => {
  const gate = createGate(1);
  await assert.rejects(gate.pass(1, () => Promise.reject(new Error("broken"))), /broken/);
  assert.equal(gate.load, 0);
  assert.equal(await gate.pass(1, () => Promise.resolve("next")), "next");
});

Deno.test("a gate that bears more lets the next in at once, one that bears less nobody out", async () => {
  const gate = createGate(1);
  const guests = [guest(), guest(), guest()];
  const passed = guests.map(({ work }) => gate.pass(1, work));
  await turns();
  const inside = () => guests.map(({ state }) => state.inside);
  assert.deepEqual(inside(), [true, false, false]);
  gate.bear(2);
  await turns();
  assert.deepEqual(inside(), [true, true, false]);
  gate.bear(1);
  guests[0].leave();
  await turns();
  assert.deepEqual(inside(), [true, true, false]);
  guests[1].leave();
  await turns();
  assert.deepEqual(inside(), [true, true, true]);
  guests[2].leave();
  await Promise.all(passed);
});

Deno.test("who waits says so, until the turn comes", async () => {
  const gate = createGate(1);
  const first = guest();
  const inside = gate.pass(1, first.work);
  const waited = Promise.withResolvers<void>();
  const second = gate.pass(1, () => Promise.resolve(), waited.resolve);
  await waited.promise;
  first.leave();
  await Promise.all([inside, second]);
});
