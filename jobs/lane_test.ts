import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import type { PhaseName } from "../db/schema.ts";
import { testDatabase } from "../db/testing.ts";
import { advanceSession } from "./advance.ts";
import { checkLedgers } from "./check_ledgers.ts";
import { createCounting } from "./counting.ts";
import { type Shop, workOff } from "./lane.ts";
import { retrySession, startSession } from "./lifecycle.ts";
import { testSessions, worker } from "./lifecycle_testing.ts";
import { createMoving } from "./moving.ts";
import { createHeldClaims } from "./queue/held_claims.ts";
import { carryOutRequests } from "./requests.ts";

Deno.test("a walk or a grouping that fails time and again has all its tries after a retry", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  const { create, discovered, finish, take, status } = testSessions(db);
  const shop = {
    context: {
      db,
      worker,
      config: { dataDir: "/nowhere" },
      stopping: new AbortController().signal,
      advance: (id: number) => advanceSession(db, id, worker),
      finished() {},
    },
    moving: createMoving(),
    counting: createCounting(),
    held: createHeldClaims(),
  } as unknown as Shop;
  await db.execute(sql`
    insert into workers (id, host, pid, device, clip_model, face_model)
    values (${worker.id}, 'h', 1, 'cpu', 'c', 'f')`);

  async function failsTillTheEnd(id: number, phase: PhaseName) {
    for (let attempt = 1; attempt <= 5; attempt++) {
      const claim = (await take(id, phase, 1))!;
      assert.equal(claim.jobs[0].attempt, attempt);
      await workOff(shop, {
        phases: [phase],
        batchSize: () => 1,
        patience: () => 60,
        work: () => Promise.reject(new Error("not this time")),
      }, claim);
      await db.execute(sql`update jobs set run_at = now() where session_id = ${id}`);
    }
    assert.equal((await status(id))[phase], "failed");
    await retrySession(db, id);
    await carryOutRequests(db);
    await advanceSession(db, id, worker);
    assert.equal((await status(id))[phase], "running");
    const jobs = await db.execute<{ state: string; attempt: number; reason: string | null }>(sql`
      select state, attempt, reason from jobs
      where session_id = ${id} and phase = ${phase} order by id`);
    assert.deepEqual(await checkLedgers(db), []);
    return jobs.map(({ state, attempt, reason }) => [state, attempt, reason]);
  }

  await t.step("a walk", async () => {
    const id = await create();
    await startSession(db, id);
    assert.deepEqual(await failsTillTheEnd(id, "discovery"), [["queued", 0, null]]);
    const tries = await db.execute<{ tries: number }>(sql`
      select count(*)::int as tries from attempts`);
    assert.equal(tries[0].tries, 5, "the last one is told of, too");
  });

  await t.step("a grouping: another one, once", async () => {
    const id = await discovered(1);
    await finish(id, "training", ["done"]);
    await advanceSession(db, id, worker);
    assert.equal((await status(id)).clustering, "running");
    assert.deepEqual(await failsTillTheEnd(id, "clustering"), [
      ["failed", 5, "gave_up"],
      ["queued", 0, null],
    ]);
  });

  await database.drop();
});

Deno.test("what a batch leaves behind is answered for until it ends", async () => {
  const moving = createMoving();
  const shop = {
    context: { stopping: new AbortController().signal },
    moving,
    counting: createCounting(),
    held: createHeldClaims(),
  } as unknown as Shop;
  const claim = { claimId: "c", sessionId: 1, phase: "training" as const, jobs: [] };
  const hanging = Promise.withResolvers<void>();
  await workOff(shop, {
    phases: ["training"],
    batchSize: () => 1,
    patience: () => 60,
    work: ({ outlived }) => Promise.resolve(outlived(hanging.promise)),
  }, claim);
  await Promise.resolve();
  assert.ok(moving.busyWith("training"), "it has its place in the gates still");
  hanging.reject(new Error("at last"));
  while (moving.busyWith("training")) await new Promise((resolve) => setTimeout(resolve, 1));
});
