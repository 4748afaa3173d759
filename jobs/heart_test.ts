import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { workers } from "../db/schema.ts";
import { testDatabase } from "../db/testing.ts";
import { createCounting } from "./counting.ts";
import { startHeart } from "./heart.ts";
import { createMoving } from "./moving.ts";
import type { WorkerIdentity } from "./queue/workers.ts";

const models = {
  clip: { key: "c", dimension: 2 },
  faces: { key: "f", dimension: 2 },
} as WorkerIdentity["models"];

Deno.test("what a worker is at is shown at once, not with the next beat", async () => {
  const database = await testDatabase();
  const { db } = database;
  let activity: string | null = null;
  const heart = await startHeart(db, { id: crypto.randomUUID(), device: "cpu", models }, {
    moving: createMoving(),
    counting: createCounting(),
    stopping: new AbortController().signal,
    activity: () => activity,
  });
  // The next beat by itself is due after five seconds; these four would take twenty.
  const started = performance.now();
  for (const now of ["loading", null, "loading again", null]) {
    activity = now;
    heart.beatNow();
    for (;;) {
      const [row] = await db.select().from(workers);
      if (row.activity === now) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  assert.ok(performance.now() - started < 15_000);
  await heart.stop();
  await database.drop();
});

Deno.test("a worker that cannot beat begins nothing, and is not blamed for what stood still", async () => {
  const database = await testDatabase();
  const { db } = database;
  const worker = { id: crypto.randomUUID(), device: "cpu", models };
  let time = 0;
  const moving = createMoving(() => time / 1000);
  const heart = await startHeart(db, worker, {
    moving,
    counting: createCounting(),
    stopping: new AbortController().signal,
    now: () => time,
  });
  const row = async () => (await db.select().from(workers))[0];
  assert.equal((await row()).beats, 0);
  moving.take({ phase: "training", items: 3, patience: 60 });
  time += 9000;
  await heart.inTouch();
  while ((await row()).beats === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual([(await row()).inHand, (await row()).stillSeconds], [3, 9]);

  // Nobody can write to the list: as if the database were away.
  const locked = Promise.withResolvers<void>();
  const unlock = Promise.withResolvers<void>();
  const holding = db.transaction(async (tx) => {
    await tx.execute(sql`lock table workers in exclusive mode`);
    locked.resolve();
    await unlock.promise;
  });
  await locked.promise;
  time += 16_000;
  let heard = false;
  const waiting = heart.inTouch().then(() => heard = true);
  await new Promise((resolve) => setTimeout(resolve, 6000));
  assert.equal(heard, false);
  unlock.resolve();
  await holding;
  await waiting;
  assert.equal((await row()).stillSeconds, 0);
  await heart.stop();
  await database.drop();
});
