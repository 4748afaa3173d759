import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { paintPictures } from "./change_models_testing.ts";
import { checkLedgers } from "./check_ledgers.ts";
import { testWorker } from "./testing.ts";

Deno.test("a preview that breaks the look at its batch fails alone", async () => {
  // What a picture of its own makes the models throw: the first preview of all is the bad one.
  let bad: string | null = null;
  const batches: number[] = [];
  const worker = await testWorker({}, (engine) => ({
    ...engine,
    findFaces: async (previews, options) => {
      const hashes = await Promise.all(previews.map(hashOf));
      bad ??= hashes[0];
      batches.push(previews.length);
      if (hashes.includes(bad)) throw new Error("no run of the graph with this one");
      return await engine.findFaces(previews, options);
    },
  }));
  const { db, photos } = worker;
  // Batches shrink towards the end of a phase: of five pictures each would be alone.
  await paintPictures(photos, Array.from({ length: 20 }, (_, n) => `picture ${n}`));
  await db.execute(sql`alter table jobs alter column max_attempts set default 1`);
  const { status, ledger } = await worker.run({ skipFaceDetection: false });
  assert.equal(status, "completed");
  assert(Math.max(...batches) > 1, "the previews were never looked at together");
  const { done, failed } = ledger.face_detection;
  assert.deepEqual({ done, failed }, { done: 19, failed: 1 });
  const [fault] = await db.execute<{ message: string; attempt: number }>(sql`
    select message, attempt from jobs where phase = 'face_detection' and state = 'failed'`);
  assert.match(fault.message, /no run of the graph/);
  assert.deepEqual(await checkLedgers(db), []);
  await worker.close();
});

async function hashOf(bytes: Uint8Array): Promise<string> {
  const copy = new Uint8Array(bytes);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", copy)).toHex();
}
