import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { createSession } from "../jobs/lifecycle.ts";
import type { Tx } from "./client.ts";
import { countTaken, type Failure, listFailures } from "./failure_queries.ts";
import { listItems } from "./item_queries.ts";
import { countReasons, idsOf, WINDOW } from "./ledger_scan.ts";
import { testDatabase } from "./testing.ts";

const MANY = 60_000;
/** The one item that failed for another reason than its neighbours. */
const RARE = 55_000;

Deno.test("what failed, page by page", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  const create = (name: string) =>
    createSession(db, { name, rootPath: "/p", subdirectories: [""] });
  const sessionId = await create("many");
  await db.execute(sql`
    insert into files (path, size, mtime_ms)
    select '/p/' || lpad(n::text, 6, '0') || '.jpg', 1, 1 from generate_series(1, ${MANY}) n`);
  await db.execute(sql`
    insert into jobs (session_id, phase, subject, state, attempt, reason, finished_at)
    select ${sessionId}, 'training', id, 'failed', 1,
      case when path = ${`/p/${
    String(RARE).padStart(6, "0")
  }.jpg`} then 'forbidden' else 'corrupt' end,
      now()
    from files order by path`);
  await db.execute(sql`insert into walk_faults values
    (${sessionId}, '/p/b', 'no'), (${sessionId}, '/p/a: 100%', 'no')`);
  const all = async (query: { phase?: "training"; reason?: string; limit: number }) => {
    const found: Failure[] = [];
    let cursor: string | null = "", pages = 0;
    while (cursor !== null) {
      const page: Awaited<ReturnType<typeof listFailures>> = await listFailures(db, {
        sessionId,
        ...query,
        cursor,
      });
      assert.ok(page.items.length <= query.limit);
      found.push(...page.items);
      cursor = page.nextCursor;
      pages++;
    }
    return { found, pages };
  };

  await t.step("each once, places first, then items in the order of the queue", async () => {
    const { found } = await all({ limit: 500 });
    const expected = Array.from(
      { length: MANY },
      (_, n) => `/p/${String(n + 1).padStart(6, "0")}.jpg`,
    );
    const paths = found.map((failure) => failure.path);
    assert.equal(paths.length, MANY + 2);
    assert.deepEqual(paths.slice(0, 2), ["/p/a: 100%", "/p/b"]);
    assert.ok(expected.every((path, n) => paths[n + 2] === path));
  });

  await t.step("a page that ends exactly with a phase goes on with the next", async () => {
    const first = await listFailures(db, { sessionId, cursor: "", limit: 2 });
    assert.deepEqual(first.items.map((item) => item.phase), ["discovery", "discovery"]);
    const { items } = await listFailures(db, { sessionId, cursor: first.nextCursor!, limit: 2 });
    assert.deepEqual(items.map((item) => item.path), ["/p/000001.jpg", "/p/000002.jpg"]);
  });

  await t.step("a rare reason is found, by looking at no more than a window a page", async () => {
    const { found, pages } = await all({ reason: "forbidden", limit: 50 });
    assert.deepEqual(found.map((failure) => failure.path), ["/p/055000.jpg"]);
    assert.ok(pages <= MANY / WINDOW + 1, `${pages} pages`);
    assert.deepEqual((await all({ reason: "unheard_of", limit: 50 })).found, []);
    assert.equal((await all({ reason: "corrupt", limit: 500 })).found.length, MANY - 1);
    assert.equal((await all({ reason: "unreadable", limit: 50 })).found.length, 2);
  });

  await t.step(
    "reasons are counted within the window, and it is said that there are more",
    async () => {
      const counted = await countReasons(db, {
        sessionId,
        phases: ["training", "face_detection"],
        state: "failed",
      });
      assert.deepEqual(counted, {
        reasons: [{ reason: "corrupt", count: WINDOW }],
        atLeast: true,
      });
      const ids = await idsOf(db, {
        sessionId,
        phases: ["training"],
        state: "failed",
        reason: "corrupt",
      });
      assert.equal(ids.length, WINDOW);
    },
  );

  await t.step(
    "a page reads no more than its window, and nothing where nothing failed",
    async () => {
      const other = await create("nothing failed");
      await db.execute(sql`
      insert into jobs (session_id, phase, subject, state)
      select ${other}, 'training', id, 'done' from files`);
      await db.execute(sql`analyze jobs`);
      const tuplesRead = async (tx: Tx) => {
        const [{ read }] = await tx.execute<{ read: string }>(sql`
          select sum(pg_stat_get_xact_tuples_returned(r::regclass)) as read
          from unnest(array['jobs', 'jobs_pkey', 'jobs_ledger', 'jobs_item']) r`);
        return Number(read);
      };
      const read = (id: number, reason?: string) =>
        db.transaction(async (tx) => {
          // It counts what the connection has not reported yet, which earlier transactions may
          // have left: reports go out once a second.
          const before = await tuplesRead(tx);
          await listFailures(tx, { sessionId: id, reason, cursor: "", limit: 50 });
          await countReasons(tx, {
            sessionId: id,
            phases: ["training", "face_detection"],
            state: "failed",
          });
          return await tuplesRead(tx) - before;
        });
      assert.ok(await read(other) < 100);
      // A window to look into, the same for where it ends, and one to count reasons in.
      assert.ok(await read(sessionId, "forbidden") < 3.1 * WINDOW);
      assert.ok(await read(sessionId) < 1.1 * WINDOW);
    },
  );

  await t.step("the last twenty tries, and how many there were", async () => {
    const [{ id: jobId }] = await db.execute<{ id: string }>(sql`
      select id from jobs where session_id = ${sessionId} order by id limit 1`);
    await db.execute(sql`
      insert into attempts (job_id, kind, worker, message, ended_at)
      select ${jobId}, 'transient', 'host, process 7', 'try ' || n, now() + n * interval '1 s'
      from generate_series(1, 25) n`);
    const { items: [tried, untold] } = await listFailures(db, {
      sessionId,
      phase: "training",
      cursor: "",
      limit: 2,
    });
    assert.equal(tried.tries, 25);
    assert.deepEqual(
      tried.history.map((attempt) => attempt.message),
      Array.from({ length: 20 }, (_, n) => `try ${n + 6}`),
    );
    assert.equal(tried.history[0].worker, "host, process 7");
    // Tries of the time before they were written down.
    assert.deepEqual([untold.tries, untold.history], [1, []]);
  });

  await t.step("a photo that very many files hold lists a hundred of them", async () => {
    const id = await create("copies");
    const [{ id: photo }] = await db.execute<{ id: string }>(sql`
      insert into photos (sha256, byte_size, width, height, format, dhash, flat, first_mtime_ms,
        first_path, preview_width, preview_height)
      values ('a', 1, 1, 1, 'jpeg', '', true, 0, '/c/1', 1, 1) returning id`);
    await db.execute(sql`
      insert into files (path, size, mtime_ms, photo_id)
      select '/c/' || n, 1, 1, ${photo} from generate_series(1, 150) n`);
    await db.execute(sql`insert into jobs (session_id, phase, subject, state, reason)
      values (${id}, 'face_detection', ${photo}, 'failed', null)`);
    const { items: [failure] } = await listFailures(db, { sessionId: id, cursor: "", limit: 9 });
    assert.equal(failure.files.length, 100);
    assert.equal(failure.path, failure.files[0].path);
    const unknown = await listFailures(db, {
      sessionId: id,
      reason: "unknown",
      cursor: "",
      limit: 9,
    });
    assert.equal(unknown.items.length, 1);
  });

  await t.step("items named count only if they are of the session and failed", async () => {
    const other = await create("other");
    const rows = await db.execute<{ id: string }>(sql`
      insert into jobs (session_id, phase, subject, state, reason) values
        (${other}, 'training', 1, 'failed', 'corrupt'), (${other}, 'training', 2, 'done', null),
        (${other}, 'training', 3, 'skipped', 'ignored'), (${other}, 'clustering', 1, 'failed', null),
        (${other}, 'training', 4, 'cancelled', null), (${other}, 'face_detection', 5, 'failed', 'crashed')
      returning id`);
    const [foreign] = await db.execute<{ id: string }>(sql`
      select id from jobs where session_id = ${sessionId} limit 1`);
    const jobIds = [...rows, foreign].map((row) => Number(row.id)).concat(2 ** 53 - 1);
    const taken = (about: Partial<Parameters<typeof countTaken>[1]>) =>
      countTaken(db, { id: other, status: "completed", action: "retry", jobIds, ...about });
    assert.equal(await taken({}), 3);
    assert.equal(await taken({ status: "cancelled" }), 4);
    assert.equal(await taken({ action: "ignore" }), 2);
    assert.equal(await taken({ action: "ignore", phase: "training" }), 1);
  });

  await t.step("discovery lists what it could not read, and nothing else", async () => {
    const query = { sessionId, phase: "discovery" as const, cursor: "", limit: 1 };
    const first = await listItems(db, { ...query, state: "failed" });
    assert.deepEqual(first.items.map(({ path, jobId }) => [path, jobId]), [["/p/a: 100%", null]]);
    const second = await listItems(db, { ...query, state: "failed", cursor: first.nextCursor! });
    assert.deepEqual([second.items[0].path, second.nextCursor], ["/p/b", null]);
    assert.deepEqual((await listItems(db, { ...query, state: "done" })).items, []);
  });

  await database.drop();
});
