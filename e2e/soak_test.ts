import assert from "node:assert/strict";
import { removeLibraries } from "./soak/library.ts";
import { line } from "./soak/main.ts";
import { SCENARIOS } from "./soak/scenarios.ts";
import { type Outcome, play } from "./soak/world.ts";

/** Scenarios at once: most of their time goes into waiting for leases and starts. */
const TOGETHER = 4;

/** What a machine may be unable to play: mounting a small disk takes root. */
const OPTIONAL = "full_disk";

// The short version of `deno task soak`, with fresh seeds: one that fails says how to play it again.
Deno.test("whatever is killed, frozen, cut or filled, the library is that of a quiet run", async () => {
  const waiting = SCENARIOS.values();
  const outcomes: Outcome[] = [];
  await Promise.all(Array.from({ length: TOGETHER }, async () => {
    for (const scenario of waiting) {
      const seed = Math.floor(Math.random() * 2 ** 32);
      outcomes.push(await play(scenario, { seed, short: true }));
    }
  }));
  await removeLibraries();
  const failed = outcomes.filter(({ failures }) => failures.length > 0);
  assert.equal(failed.map((outcome) => line(outcome)).join("\n"), "");
  // A scenario that was not played must not look like one that passed.
  const played = outcomes.filter(({ notRun }) => notRun === null).map(({ name }) => name);
  const missing = SCENARIOS.map(({ name }) => name).filter((name) => !played.includes(name));
  assert.deepEqual(missing.filter((name) => name !== OPTIONAL || Deno.uid() === 0), []);
  for (const outcome of outcomes.filter(({ notRun }) => notRun)) {
    console.warn(`\n########  ${line(outcome)}  ########\n`);
  }
});
