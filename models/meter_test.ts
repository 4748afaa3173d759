import assert from "node:assert/strict";
import { createMeter, type PullProgress } from "./meter.ts";

function meterAt(sizes: [string, number | null][]) {
  const clock = { ms: 0 };
  const seen: PullProgress[] = [];
  const meter = createMeter("pack", {
    sizes: new Map(sizes),
    report: (progress) => seen.push(progress),
    now: () => clock.ms,
  });
  const at = (
    ms: number,
    file: string,
    length: number,
    stage: PullProgress["stage"] = "fetching",
  ) => {
    clock.ms = ms;
    meter.at(file, { length, stage });
  };
  return { meter, at, seen };
}

Deno.test("a steady transfer has its rate and the time that is left", () => {
  const { at, seen } = meterAt([["a", 10_000], ["b", 10_000]]);
  for (let ms = 0; ms <= 10_000; ms += 50) at(ms, "a", ms);
  const last = seen.at(-1)!;
  assert.ok(seen.length > 40 && seen.length <= 51, `${seen.length} reports`);
  assert.deepEqual([last.bytes, last.total], [10_000, 20_000]);
  assert.equal(Math.round(last.bytesPerSecond!), 1000);
  assert.equal(Math.round(last.etaSeconds!), 10);
});

Deno.test("what was there before is no part of the rate", () => {
  const { at, seen } = meterAt([["a", 1_000_000]]);
  at(0, "a", 0, "verifying");
  at(300, "a", 900_000, "verifying");
  assert.deepEqual([seen.at(-1)!.bytesPerSecond, seen.at(-1)!.etaSeconds], [null, null]);
  at(400, "a", 900_100);
  at(1400, "a", 901_100);
  assert.equal(Math.round(seen.at(-1)!.bytesPerSecond!), 1000);
});

Deno.test("the rate follows a connection that changes, and a file that starts over", () => {
  const { at, seen } = meterAt([["a", 10_000_000]]);
  let length = 0;
  for (let ms = 0; ms <= 10_000; ms += 250) at(ms, "a", length += 250);
  for (let ms = 10_250; ms <= 40_000; ms += 250) at(ms, "a", length += 25_000);
  assert.ok(Math.abs(seen.at(-1)!.bytesPerSecond! - 100_000) < 2000);
  at(40_500, "a", 0);
  assert.ok(seen.at(-1)!.bytesPerSecond! > 0);
});

Deno.test("the total is unknown until every file's length is", () => {
  const { meter, at, seen } = meterAt([["a", null], ["b", 5]]);
  at(0, "a", 1);
  assert.deepEqual([seen[0].total, seen[0].etaSeconds], [null, null]);
  meter.total("a", 10);
  at(300, "a", 2);
  assert.equal(seen[1].total, 15);
});
