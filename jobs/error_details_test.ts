import assert from "node:assert/strict";
import { errorDetails } from "./error_details.ts";
import { sortFault } from "./outcomes.ts";
import { ReadFault } from "./read_original.ts";

Deno.test("an error's details: name, code, message, where, and the same of its causes", () => {
  const disk = Object.assign(new Error("Input/output error: read '/photos/Anna.jpg'"), {
    code: "EIO",
  });
  const details = errorDetails(new ReadFault("broken", "It cannot be read", { cause: disk }));
  assert.match(
    details,
    /^ReadFault \(EIO\): It cannot be read\n {4}at .*error_details_test\.ts:\d+/,
  );
  assert.match(
    details,
    /\ncaused by Error \(EIO\): Input\/output error: read '\/photos\/Anna\.jpg'\n/,
  );
  assert.equal(errorDetails("a thrown string"), "a thrown string");
  assert.equal(errorDetails(undefined), "undefined");
});

Deno.test("they are bounded, end in circles too, and fit into a text of the database", () => {
  const circle = new Error("a\0b");
  circle.cause = circle;
  const details = errorDetails(circle);
  assert.match(details, /^Error: a\\0b\n/);
  assert.ok(details.match(/caused by/g)!.length < 10);
  const long = errorDetails(new Error(`${"x".repeat(3992)}😀`));
  assert.equal(long.length, 4000);
  assert.ok(long.isWellFormed());
});

Deno.test("faults for good and faults that may pass carry them; messages stay as they are", () => {
  const claim = { sessionId: 1, phase: "training" as const };
  const permanent = sortFault(1, new ReadFault("forbidden", "You may not"), claim);
  assert.ok(permanent.kind === "outcome");
  assert.equal(permanent.outcome.message, "You may not");
  assert.match(permanent.outcome.details!, /^ReadFault: You may not\n {4}at /);
  const transient = sortFault(1, new TypeError("not now"), claim);
  assert.ok(transient.kind === "transient");
  assert.equal(transient.message, "not now");
  assert.match(transient.details!, /^TypeError: not now\n {4}at /);
});
