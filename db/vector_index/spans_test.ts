import assert from "node:assert/strict";
import { mapInSpans } from "./spans.ts";

Deno.test("long work leaves room for others, and keeps its order", async () => {
  let others = 0;
  const timer = setInterval(() => others++, 0);
  const items = Array.from({ length: 40 }, (_, i) => i);
  const results = await mapInSpans(items, (item) => {
    for (const end = performance.now() + 2; performance.now() < end;);
    return item * 2;
  });
  clearInterval(timer);
  assert.deepEqual(results, items.map((item) => item * 2));
  // 80 ms of work in spans of 5 to 7.
  assert(others >= 5, `others had ${others} turns`);
});

Deno.test("a fault in the work is told", async () => {
  const work = () => {
    throw new Error("broken");
  };
  await assert.rejects(mapInSpans([1], work), /broken/);
  assert.deepEqual(await mapInSpans([], work), []);
});
