import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { createSession } from "../jobs/lifecycle.ts";
import { openDatabase } from "./client.ts";
import { listWorkerEvents, listWorkers } from "./worker_queries.ts";
import { testDatabase } from "./testing.ts";

Deno.test("workers are listed without a walk over jobs or events", async () => {
  const database = await testDatabase();
  const { db } = database;
  const session = await createSession(db, { name: "t", rootPath: "/p", subdirectories: [""] });
  const worker = crypto.randomUUID();
  await db.execute(sql`insert into workers (id, host, pid, device, clip_model, face_model)
    values (${worker}, 'h', 1, 'cpu', 'c', 'f')`);
  await db.execute(sql`insert into jobs (session_id, phase, subject)
    select ${session}, 'training', n from generate_series(1, 20000) n`);
  await db.execute(sql`insert into events (session_id, kind, at)
    select ${session}, 'started', now() - n * interval '1 s' from generate_series(1, 20000) n`);
  await db.execute(sql`insert into events (kind, at)
    select 'worker_started', now() - n * interval '1 s' from generate_series(1, 20000) n`);
  // The file of one job is no longer known.
  await db.execute(sql`insert into files (path, size, mtime_ms) values ('/p/1.jpg', 1, 1)`);
  await db.execute(sql`update jobs set state = 'running', claim_id = gen_random_uuid(),
    worker_id = ${worker}, started_at = now() where subject <= 2`);
  await db.execute(sql`analyze`);

  // One connection, which can be asked to hand over its counts.
  const one = await openDatabase(database.url, { connections: 1 });
  const scans = async () => {
    await one.sql`select pg_stat_force_next_flush()`;
    const [row] = await one.sql<{ scans: string }[]>`
      select sum(seq_scan) as scans from pg_stat_user_tables where relname in ('jobs', 'events')`;
    return Number(row.scans);
  };
  const before = await scans();
  const { workers: [only], total } = await listWorkers(one.db, { lease: 20, limit: 9, files: 5 });
  assert.deepEqual([only.id, total, only.held.length], [worker, 1, 1]);
  const [held] = only.held;
  assert.deepEqual([held.items, held.files], [2, [{ path: "/p/1.jpg", photoId: null }]]);
  assert.equal((await listWorkerEvents(one.db, 20)).length, 20);
  assert.equal(await scans() - before, 0, "a table was read from end to end");
  await one.sql`select count(*) from jobs`;
  assert.equal(await scans() - before, 1, "scans are not counted here");

  await one.close();
  await database.drop();
});
