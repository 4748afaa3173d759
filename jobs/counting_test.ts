import assert from "node:assert/strict";
import { createCounting } from "./counting.ts";
import { BATCH_BOUNDS } from "./queue/workers.ts";

Deno.test("outcomes and batches are counted, batches within every bound they kept", () => {
  const counting = createCounting();
  counting.finished("training", { done: 3, skipped: 0, failed: 1 });
  counting.finished("training", { done: 2, skipped: 1, failed: 0 });
  counting.batch("training", 0.1);
  counting.batch("training", 3);
  counting.batch("training", 100);
  counting.rescued(4);
  assert.deepEqual(counting.counters.items, {
    "training done": 5,
    "training failed": 1,
    "training skipped": 1,
  });
  const { count, seconds, within } = counting.counters.batches.training;
  assert.equal(count, 3);
  assert.equal(seconds, 103.1);
  assert.deepEqual(within, BATCH_BOUNDS.map((bound) => bound < 5 ? 1 : 2));
  assert.equal(counting.counters.rescued, 4);
});

Deno.test("the rate follows the last twenty seconds, and dies away when nothing comes", () => {
  let time = 0;
  const counting = createCounting(() => time);
  assert.equal(counting.rate(), 0);
  const work = (items: number, seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      time++;
      counting.finished("training", { done: items, skipped: 0, failed: 0 });
    }
  };
  work(10, 3);
  assert.ok(Math.abs(counting.rate() - 10) < 0.01, "right from the start");
  work(40, 100);
  assert.ok(Math.abs(counting.rate() - 40) < 0.5);
  time += 200;
  assert.ok(counting.rate() < 0.01);
});
