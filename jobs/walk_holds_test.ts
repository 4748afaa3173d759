import assert from "node:assert/strict";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { testDatabase, testDirectory } from "../db/testing.ts";
import { discover } from "./discovery.ts";
import { HoldNeeded } from "./holds.ts";
import { createSession, startSession } from "./lifecycle.ts";
import { photosAreBack } from "./photos_gone.ts";
import { claimJobs } from "./queue/claim.ts";
import { releaseClaim } from "./queue/finish.ts";
import type { WorkerContext } from "./worker_context.ts";

const FOLDERS = 4;
const FILES = 30;

Deno.test("a walk under which something happens", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  const dir = await testDirectory();
  const root = join(dir, "photos");
  const away = join(dir, "away");
  for (let folder = 0; folder < FOLDERS; folder++) {
    await Deno.mkdir(join(root, `${folder}`), { recursive: true });
    for (let file = 0; file < FILES; file++) {
      await Deno.writeTextFile(join(root, `${folder}`, `${file}.jpg`), "x");
    }
  }

  /** Walks with a claim of its own; `happens` at the movement of that number. */
  async function walk(at: number, happens: (claimId: string) => void | Promise<void>) {
    const sessionId = await createSession(db, {
      name: "t",
      rootPath: root,
      subdirectories: [""],
      skipFaceDetection: true,
    });
    await startSession(db, sessionId);
    const workerId = crypto.randomUUID();
    const claim = (await claimJobs(db, { sessionId, phase: "discovery", workerId, limit: 1 }))!;
    let movements = 0;
    const happened: (void | Promise<void>)[] = [];
    const context = {
      db,
      worker: { models: { clip: { key: "c" }, faces: { key: "f" } } },
      stopping: new AbortController().signal,
      moved() {
        if (movements++ === at) happened.push(happens(claim.claimId));
      },
      finished() {},
      advance: () => Promise.resolve(),
    } as unknown as WorkerContext;
    const error = await discover(context, claim).then(() => null, (error) => error);
    await Promise.all(happened);
    return { sessionId, claim, error };
  }
  const held = (error: unknown) => {
    assert(error instanceof HoldNeeded, String(error));
    assert.equal(error.reason.hold, "photos_gone");
    return error.reason.path!;
  };
  const known = async () => (await db.execute(sql`select 1 from files`)).length;

  await t.step("its disk goes: it waits until that is back", async () => {
    const { sessionId, error, claim } = await walk(10, () => Deno.renameSync(root, away));
    const path = held(error);
    assert.equal(await photosAreBack(db, { id: sessionId, path }), false);
    Deno.renameSync(away, root);
    assert.equal(await photosAreBack(db, { id: sessionId, path }), true);
    await releaseClaim(db, claim.claimId);
  });

  await t.step("its disk goes, and the mount point holds a file of its own", async () => {
    const { sessionId, error } = await walk(10, () => {
      Deno.renameSync(root, away);
      Deno.mkdirSync(root);
      Deno.writeTextFileSync(join(root, ".marker"), "");
    });
    const path = held(error);
    assert.equal(await photosAreBack(db, { id: sessionId, path }), false);
    Deno.removeSync(root, { recursive: true });
    Deno.renameSync(away, root);
    assert.equal(await photosAreBack(db, { id: sessionId, path }), true);
  });

  await t.step("its disk goes while its last folder is looked through", async () => {
    const { error } = await walk(FOLDERS * FILES + FOLDERS, () => Deno.renameSync(root, away));
    held(error);
    Deno.renameSync(away, root);
  });

  await t.step("one folder of it is deleted: the walk goes on", async () => {
    await Deno.mkdir(join(root, "deleted"));
    const { error } = await walk(1, () => Deno.removeSync(join(root, "deleted")));
    assert.equal(error, null);
    assert.equal(await known(), FOLDERS * FILES);
  });

  await t.step("it is taken for dead, and writes nothing any more", async () => {
    await db.execute(sql`delete from jobs`);
    await db.execute(sql`delete from files`);
    const { sessionId, error } = await walk(10, async (claimId) => {
      await db.execute(sql`
        update jobs set claim_id = gen_random_uuid() where claim_id = ${claimId}`);
    });
    assert.equal(error, null);
    assert.equal(await known(), 0);
    const [{ done }] = await db.execute<{ done: number }>(sql`
      select done from phases where session_id = ${sessionId} and name = 'discovery'`);
    assert.equal(done, 0);
  });

  await t.step("a folder that cannot be looked into: what is in it is not gone", async () => {
    assert.equal((await walk(-1, () => {})).error, null);
    await Deno.rename(join(root, "0"), join(dir, "elsewhere"));
    await Deno.symlink(join(root, "0"), join(root, "0"));
    const { sessionId, error } = await walk(-1, () => {});
    assert.equal(error, null);
    const missing = await db.execute(sql`select 1 from files where missing_at is not null`);
    assert.equal(missing.length, 0);
    const faults = await db.execute<{ path: string }>(sql`
      select path from walk_faults where session_id = ${sessionId}`);
    assert.deepEqual(faults.map(({ path }) => path), [join(root, "0")]);
  });

  await database.drop();
  await Deno.remove(dir, { recursive: true });
});
