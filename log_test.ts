import assert from "node:assert/strict";
import { configureLog, log, logError } from "./log.ts";

/** The lines `work` writes to standard error. */
function lines(work: () => void): string[] {
  const written: string[] = [];
  const real = console.error;
  console.error = (line: string) => void written.push(line);
  try {
    work();
  } finally {
    console.error = real;
    configureLog({ logFormat: "text", logLevel: "info" });
  }
  return written;
}

Deno.test("json: one object a line, with the fields of the process and of the event", () => {
  const [line, ...more] = lines(() => {
    configureLog({ logFormat: "json", logLevel: "info" }, { role: "worker", worker: "a1" });
    log("warn", 'a "quoted"\nline', { session: 7, device: undefined, worker: "b2" });
  });
  assert.equal(more.length, 0);
  assert.doesNotMatch(line, /\n/);
  const { time, ...rest } = JSON.parse(line);
  assert.equal(new Date(time).toISOString(), time);
  assert.deepEqual(rest, {
    level: "warn",
    message: 'a "quoted"\nline',
    role: "worker",
    worker: "b2",
    session: 7,
  });
});

Deno.test("text: level, message and fields, absent ones left out", () => {
  const written = lines(() => {
    configureLog({ logFormat: "text", logLevel: "debug" }, { role: "web" });
    log("info", "listening", { port: 8420, device: undefined, models: null });
    configureLog({ logFormat: "text", logLevel: "debug" });
    log("debug", "nothing to do");
  });
  assert.deepEqual(written, [
    "info  listening  role=web port=8420 models=null",
    "debug nothing to do",
  ]);
});

Deno.test("lines below the level are not written", () => {
  const levels = ["debug", "info", "warn", "error"] as const;
  for (const [least, logLevel] of levels.entries()) {
    const written = lines(() => {
      configureLog({ logFormat: "text", logLevel });
      for (const level of levels) log(level, "x");
    });
    assert.deepEqual(written, levels.slice(least).map((level) => `${level.padEnd(5)} x`));
  }
});

Deno.test("an error is logged with stack and cause under the id that is returned", () => {
  const ids: string[] = [];
  const written = lines(() => {
    configureLog({ logFormat: "json", logLevel: "error" });
    const error = new Error("no space left", { cause: new Error("ENOSPC") });
    ids.push(logError("writing failed", error, { session: 7 }));
    ids.push(logError("writing failed", "a thrown string"));
  }).map((line) => JSON.parse(line));
  assert.match(ids[0], /^[0-9a-f]{8}$/);
  assert.notEqual(ids[0], ids[1]);
  assert.equal(written[0].errorId, ids[0]);
  assert.equal(written[0].session, 7);
  assert.match(written[0].error, /^Error: no space left\n.*log_test\.ts/);
  assert.equal(written[0].cause, "Error: ENOSPC");
  assert.equal(written[1].errorId, ids[1]);
  assert.equal(written[1].error, "a thrown string");
  assert(!("cause" in written[1]));
});
