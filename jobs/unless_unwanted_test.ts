import assert from "node:assert/strict";
import { unlessUnwanted } from "./unless_unwanted.ts";

const after = <T>(ms: number, value: T) =>
  new Promise<T>((resolve) => setTimeout(() => resolve(value), ms));

Deno.test("what is wanted is waited for, however long it takes", async () => {
  assert.equal(await unlessUnwanted(after(1200, "made"), () => Promise.resolve(true)), "made");
});

Deno.test("what is no longer wanted may end by itself, or is left behind within two seconds", async () => {
  const unwanted = () => Promise.resolve(false);
  assert.equal(await unlessUnwanted(after(900, "made"), unwanted), "made");
  const started = performance.now();
  const endless = Promise.withResolvers<string>();
  assert.equal(await unlessUnwanted(endless.promise, unwanted), null);
  const taken = performance.now() - started;
  assert(taken > 1000 && taken < 2000, `${taken} ms`);
  // It ends after all, and badly: nobody is told.
  endless.reject(new Error("left behind"));
  await after(10, null);
});

Deno.test("what fails, or cannot be asked about, fails", async () => {
  const wanted = () => Promise.resolve(true);
  await assert.rejects(unlessUnwanted(Promise.reject(new Error("broken")), wanted), /broken/);
  const lost = () => Promise.reject(new Error("no database"));
  const { promise, resolve } = Promise.withResolvers<null>();
  await assert.rejects(unlessUnwanted(promise, lost), /no database/);
  resolve(null);
});
