import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { hostname } from "node:os";
import { isConnectionFault, openDatabase } from "../../db/client.ts";
import { attempts, workers } from "../../db/schema.ts";
import { type TestDatabase, testDatabase } from "../../db/testing.ts";
import { checkLedgers } from "../check_ledgers.ts";
import { claimJobs } from "./claim.ts";
import { completeJobs, holdClaim } from "./finish.ts";
import { createRescuer, recoverFrom, recoverFromGone } from "./rescue.ts";
import { stillWanted } from "./suspects.ts";
import { addWorker, eventsOf, finish, jobsOf, session } from "./testing.ts";
import { beat, connectionName, resign, workerName } from "./workers.ts";

/** Looks every 2.5 s of a clock of its own until the lease of who does not beat has run out. */
async function rescueAfterLease(
  { db }: TestDatabase,
  between: () => Promise<unknown> = () => Promise.resolve(),
) {
  let time = 0;
  const rescuer = createRescuer(db, () => time);
  const total = { items: 0, suspects: 0 };
  for (; time <= 22.5; time += 2.5) {
    const { items, suspects } = await rescuer.runOnce();
    total.items += items;
    total.suspects += suspects;
    await between();
  }
  return total;
}

Deno.test("rescue", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  const options = (sessionId: number, workerId: string) => ({
    sessionId,
    phase: "training" as const,
    workerId,
  });

  await t.step("a dead worker's items are put back, once, and the story is told", async () => {
    const [one, two] = [await session(database, 3), await session(database, 1)];
    const worker = await addWorker(database);
    const claim = (await claimJobs(db, { ...options(one, worker), limit: 3 }))!;
    await claimJobs(db, { ...options(two, worker), limit: 3 });
    // Several look at the same time; one of them acts.
    const looks = await Promise.all([1, 2, 3].map(() => rescueAfterLease(database)));
    assert.equal(looks.reduce((sum, look) => sum + look.items, 0), 4);
    assert.deepEqual(
      await jobsOf(database, one),
      Array(3).fill(
        { state: "queued", attempt: 0, deaths: 1, lone: 0, reason: null },
      ),
    );
    assert.deepEqual(await db.select().from(workers), []);
    assert.deepEqual((await eventsOf(database, "worker_died")).map((e) => e.message), [
      "h, process 4711, whose lease ran out",
    ]);
    assert.deepEqual(
      (await eventsOf(database, "recovered")).map((e) => [e.sessionId, e.message]).sort(),
      [[one, "3 items of h, process 4711 were put back"], [
        two,
        "1 item of h, process 4711 was put back",
      ]],
    );
    const tries = await db.select().from(attempts);
    assert.deepEqual(
      tries.map((a) => [a.kind, a.worker, a.reason]),
      Array(4).fill(
        ["death", "h, process 4711", null],
      ),
    );
    assert.ok(tries.every((a) => a.startedAt !== null && a.endedAt >= a.startedAt));
    assert.ok(claim.jobs.every((job) => tries.some((a) => a.jobId === job.id)));
  });

  await t.step("a late worker's results are refused after a rescue", async () => {
    const id = await session(database, 5);
    const [zombie, other] = [await addWorker(database), await addWorker(database)];
    const late = (await claimJobs(db, { ...options(id, zombie), limit: 5 }))!;
    assert.equal(await stillWanted(db, late), true);
    await recoverFrom(db, zombie);
    assert.equal(await stillWanted(db, late), false);
    const second = (await claimJobs(db, { ...options(id, other), limit: 5 }))!;
    assert.deepEqual(new Set(second.jobs.map((job) => job.attempt)), new Set([1]));
    assert.equal(await finish(database, late, "failed"), 0);
    assert.equal(await finish(database, second, "done"), 5);
    assert.equal(await finish(database, late, "failed"), 0);
    assert.deepEqual(await checkLedgers(db), []);
    assert.ok((await jobsOf(database, id)).every((job) => job.state === "done"));
    await recoverFrom(db, other);
  });

  await t.step("a worker that beats keeps its items, wherever the clocks are set", async () => {
    const id = await session(database, 2);
    const worker = await addWorker(database);
    await claimJobs(db, { ...options(id, worker), limit: 2 });
    let turn = 0;
    const { items } = await rescueAfterLease(database, async () => {
      const step = [-600, 600, -86_400 * 400, 0][turn++ % 4];
      await db.execute(sql`update workers set beats = beats + ${turn % 2},
        beat_at = now() + make_interval(secs => ${step}),
        started_at = now() - make_interval(secs => ${step}) where id = ${worker}`);
    });
    assert.equal(items, 0);
    assert.ok((await jobsOf(database, id)).every((job) => job.state === "running"));
    // And a worker that is dead does not live on a clock that is ahead.
    await db.execute(sql`update workers set beat_at = now() + interval '1 hour'`);
    assert.equal((await rescueAfterLease(database)).items, 2);
  });

  await t.step("a beat between look and burial saves the worker", async () => {
    const id = await session(database, 1);
    const worker = await addWorker(database);
    await claimJobs(db, { ...options(id, worker), limit: 1 });
    let time = 0;
    const late = {
      ...db,
      execute: async (query: Parameters<typeof db.execute>[0]) => {
        const rows = await db.execute(query);
        await db.execute(sql`update workers set beats = beats + 1 where id = ${worker}`);
        return rows;
      },
      transaction: db.transaction.bind(db),
    } as unknown as typeof db;
    // Each look reads a number that has just changed when it acts.
    const rescuer = createRescuer(late, () => time);
    for (; time <= 60; time += 2.5) assert.equal((await rescuer.runOnce()).items, 0);
    await recoverFrom(db, worker);
  });

  await t.step("a worker frozen inside a transaction does not hold up its own rescue", async () => {
    const id = await session(database, 2);
    const worker = await addWorker(database);
    const frozen = await openDatabase(database.url, {
      name: `safelight ${connectionName(worker)}`,
    });
    const claim = (await claimJobs(db, { ...options(id, worker), limit: 2 }))!;
    const locked = Promise.withResolvers<void>();
    const late = frozen.db.transaction(async (tx) => {
      await tx.execute(sql`select from workers where id = ${worker} for update`);
      await holdClaim(tx, claim);
      locked.resolve();
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await completeJobs(tx, claim, claim.jobs.map(({ id }) => ({ id, state: "failed" })));
    }).then(() => "written", (error) => isConnectionFault(error) ? "cut off" : String(error));
    await locked.promise;
    assert.deepEqual(await recoverFrom(db, worker), { items: 2, suspects: 0 });
    assert.equal(await late, "cut off");
    assert.ok((await jobsOf(database, id)).every((job) => job.state === "queued"));
    await frozen.close();
  });

  await t.step("what is held under an id that is on no list is freed at once", async () => {
    const id = await session(database, 2);
    await claimJobs(db, { ...options(id, crypto.randomUUID()), limit: 2 });
    assert.equal((await createRescuer(db).runOnce()).items, 2);
    assert.equal(
      (await eventsOf(database, "recovered")).at(-1)!.message,
      "2 items of a worker that is gone were put back",
    );
  });

  await t.step("workers of this host without a process are buried at a clean start", async () => {
    const id = await session(database, 3);
    // No process has the largest number a kernel gives.
    const gone = await addWorker(database, 2 ** 22 + 1, hostname());
    const alive = await addWorker(database, Deno.pid, hostname());
    const elsewhere = await addWorker(database, 2 ** 22 + 1, "elsewhere");
    const connected = await addWorker(database, 2 ** 22 + 2, hostname());
    const connection = await openDatabase(database.url, {
      name: `safelight ${connectionName(connected)}`,
    });
    for (const worker of [gone, alive, elsewhere]) {
      await claimJobs(db, { ...options(id, worker), limit: 1 });
    }
    assert.deepEqual(await recoverFromGone(db), { items: 1, suspects: 0 });
    const left = (await db.select().from(workers)).map((row) => row.id);
    assert.deepEqual(new Set(left), new Set([alive, elsewhere, connected]));
    await connection.close();
    await db.execute(sql`delete from workers`);
  });

  await t.step("a worker is introduced once, beats, and signs off", async () => {
    const worker = { id: crypto.randomUUID(), device: `cpu on ${hostname()}`, models: MODELS };
    const vitals = {
      inHand: 3,
      stillSeconds: 1.5,
      patienceSeconds: 61,
      rate: 12.5,
      counters: { items: { "training done": 7 }, batches: {}, rescued: 2 },
    };
    const introductions = async () => (await eventsOf(database, "worker_started")).length;
    for (let turn = 0; turn < 3; turn++) await beat(db, worker, vitals);
    const [row] = await db.select().from(workers);
    assert.equal(row.beats, 2);
    assert.deepEqual(row.counters, vitals.counters);
    assert.deepEqual([row.inHand, row.stillSeconds, row.patienceSeconds, row.rate], [
      3,
      1.5,
      61,
      12.5,
    ]);
    assert.equal(await introductions(), 1);
    // Taken for dead, it comes back.
    await recoverFrom(db, worker.id);
    await beat(db, worker, vitals);
    assert.equal(await introductions(), 2);
    const deaths = (await eventsOf(database, "worker_died")).length;
    await resign(db, worker.id);
    assert.deepEqual(await db.select().from(workers), []);
    const [{ message }] = await eventsOf(database, "worker_stopped");
    assert.equal(message, workerName());
    assert.equal((await eventsOf(database, "worker_died")).length, deaths);
    assert.match((await eventsOf(database, "worker_started"))[0].message!, /, cpu, c and f$/);
  });

  await database.drop();
});

const MODELS = {
  clip: { key: "c", dimension: 2 },
  faces: { key: "f", dimension: 2 },
} as Parameters<typeof beat>[1]["models"];
