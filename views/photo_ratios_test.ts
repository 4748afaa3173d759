import assert from "node:assert/strict";
import { ratioClass, ratioRules } from "./photo_ratios.ts";

Deno.test("a class stands for every proportion, and is off by 2 % at most", () => {
  const ratios = new Map(
    [...ratioRules().matchAll(/\.(r-?\d+) \{ --r: ([\d.]+); \}/g)].map(([, name, ratio]) =>
      [name, Number(ratio)] as const
    ),
  );
  assert.equal(ratios.get("r0"), 1);
  for (let width = 250; width <= 6000; width += 7) {
    const ratio = ratios.get(ratioClass({ width, height: 1000 }))!;
    assert.ok(Math.abs(ratio / (width / 1000) - 1) < 0.021, `${width}: ${ratio}`);
  }
});

Deno.test("a photo of any size has a class that there is", () => {
  const rules = ratioRules();
  for (const [width, height] of [[1, 60_000], [60_000, 1], [0, 0], [0, 5], [5, 0]]) {
    assert.ok(rules.includes(`.${ratioClass({ width, height })} `), `${width} × ${height}`);
  }
});
