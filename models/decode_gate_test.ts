import assert from "node:assert/strict";
import fc from "fast-check";
import { alone, together } from "./decode_gate.ts";

const pause = (milliseconds: number) => new Promise((r) => setTimeout(r, milliseconds));

Deno.test("work that wants to be alone is, and everybody gets a turn", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ alone: fc.boolean(), fails: fc.boolean(), ms: fc.nat(3) }), {
        maxLength: 12,
      }),
      async (works) => {
        let running = 0, most = 0, ended = 0;
        await Promise.allSettled(works.map((work) =>
          (work.alone ? alone : together)(async () => {
            running++;
            most = Math.max(most, running);
            if (work.alone) assert.equal(running, 1);
            await pause(work.ms);
            if (work.alone) assert.equal(running, 1);
            running--;
            ended++;
            if (work.fails) throw new Error("as planned");
          })
        ));
        assert.equal(ended, works.length);
        if (works.length > 1 && works.every((work) => !work.alone)) assert.ok(most > 1);
      },
    ),
    { numRuns: 50 },
  );
});
