import assert from "node:assert/strict";
import { testDirectory } from "../db/testing.ts";
import { tryApart } from "./try_apart.ts";

Deno.test("a try that takes too long is ended, and says so", async () => {
  const dataDir = await testDirectory();
  try {
    await assert.rejects(
      tryApart(dataDir, "large", { patienceMs: 1 }),
      /"large" cannot be used: to load and run them once took longer than 0\.001 s; try again/,
    );
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
