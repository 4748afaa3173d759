import assert from "node:assert/strict";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { testDatabase, testDirectory } from "../db/testing.ts";
import { createSession } from "./lifecycle.ts";
import { isDiskAway } from "./outcomes.ts";
import { canBeRead, mayBeGone, photosAreBack, photosGone } from "./photos_gone.ts";
import { readOriginal } from "./read_original.ts";

/** Exists, can be listed, and reading it is an input/output error, as from a damaged disk. */
const BAD_SECTOR = "/proc/self/mem";

const failure = (path: string) => readOriginal(path).then(() => null, (error) => error);

Deno.test("which files are missing because their disk is", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  const root = await testDirectory();

  async function session(change: { subdirectories?: string[] } = {}) {
    const folders = { rootPath: root, subdirectories: [""], ...change };
    const id = await createSession(db, { name: "t", ...folders });
    return { claimId: crypto.randomUUID(), sessionId: id, phase: "training" as const, jobs: [] };
  }
  const knows = (id: number, paths: string[]) =>
    db.execute(sql`
      with f as (insert into files (path, size, mtime_ms)
        select path, 1, 1 from unnest(${sql.param(paths)}::text[]) path
        on conflict (path) do update set size = 1 returning id)
      insert into jobs (session_id, phase, subject) select ${id}::bigint, 'training', id from f`);
  const ask = async (claim: Awaited<ReturnType<typeof session>>, path: string, readable = true) => {
    const error = await failure(path);
    assert(mayBeGone(error), String(error));
    return await photosGone(db, claim, { missed: [{ path, error }], readable });
  };

  await t.step("a folder with other files in it: this one was deleted", async () => {
    await Deno.mkdir(join(root, "a"));
    await Deno.writeTextFile(join(root, "a", "other.jpg"), "x");
    assert.equal(await ask(await session(), join(root, "a", "b.jpg"), false), null);
    assert.equal(await ask(await session(), join(root, "gone", "deep", "b.jpg"), false), null);
  });

  await t.step("a session that was deleted meanwhile waits for nothing", async () => {
    const claim = await session();
    await db.execute(sql`delete from sessions where id = ${claim.sessionId}`);
    assert.equal(await ask(claim, join(root, "nowhere", "b.jpg"), false), null);
  });

  await t.step("the chosen folder empty or missing: the disk", async () => {
    await Deno.mkdir(join(root, "mount\npoint"));
    const chosen = await session({ subdirectories: ["mount\npoint"] });
    const reason = await ask(chosen, join(root, "mount\npoint", "a", "b.jpg"));
    assert.equal(reason?.hold, "photos_gone");
    assert.equal(reason?.path, join(root, "mount\npoint", "a", "b.jpg"));
    assert.match(reason!.message, /mount\npoint is empty or cannot be read any more/);
    await Deno.remove(join(root, "mount\npoint"));
    assert(await ask(chosen, join(root, "mount\npoint", "b.jpg")));
    // The innermost of two chosen folders counts.
    await Deno.mkdir(join(root, "inner"));
    assert(
      await ask(await session({ subdirectories: ["", "inner"] }), join(root, "inner", "b.jpg")),
    );
  });

  await t.step("a folder further down that is empty: the disk, if many were in it", async () => {
    await Deno.mkdir(join(root, "usb"));
    const claim = await session();
    const paths = Array.from({ length: 10 }, (_, n) => join(root, "usb", "x", `${n}.jpg`));
    await knows(claim.sessionId, paths.slice(1));
    assert.equal(await ask(claim, paths[0]), null);
    await knows(claim.sessionId, paths.slice(0, 1));
    assert.match((await ask(claim, paths[0]))!.message, /The folder .*\/usb is empty/);
    await db.execute(sql`update files set missing_at = now() where path = ${paths[5]}`);
    assert.equal(await ask(claim, paths[0]), null);
  });

  await t.step(
    "a mount point with a file of its own: the disk, if no other can be read",
    async () => {
      await Deno.mkdir(join(root, "marked"));
      await Deno.writeTextFile(join(root, "marked", ".marker"), "");
      const claim = await session({ subdirectories: ["marked"] });
      const paths = Array.from(
        { length: 40 },
        (_, n) => join(root, "marked", `${n % 7}`, `${n}.jpg`),
      );
      await knows(claim.sessionId, paths.slice(0, 9));
      assert.equal(await ask(claim, paths[0], false), null, "too few to tell");
      await knows(claim.sessionId, paths.slice(9));
      const reason = await ask(claim, paths[0], false);
      assert.equal(reason?.hold, "photos_gone");
      assert.equal(await ask(claim, paths[0], true), null, "others of the batch were read");
      const { sessionId: id } = claim;
      assert.equal(await photosAreBack(db, { id, path: reason!.path! }), false);
      // Of many, a few are there again.
      await Deno.mkdir(join(root, "marked", "4"));
      await Deno.writeTextFile(paths[39], "x");
      assert.equal(await photosAreBack(db, { id, path: reason!.path! }), true);
      assert.equal(await ask(claim, paths[0], false), null, "others can be read");
    },
  );

  await t.step("what is really gone is not asked about", async () => {
    const claim = await session({ subdirectories: ["nowhere"] });
    await db.execute(sql`update sessions set accept_missing = true where id = ${claim.sessionId}`);
    assert.equal(await ask(claim, join(root, "nowhere", "b.jpg")), null);
  });

  await t.step(
    "an error of the disk: one bad file, or the disk, by what the others say",
    async () => {
      assert(isDiskAway(await failure(BAD_SECTOR)));
      const claim = await session({ subdirectories: ["/proc"] });
      claim.sessionId = await createSession(db, {
        name: "t",
        rootPath: "/proc",
        subdirectories: [""],
      });
      const { sessionId } = claim;
      assert.equal(await ask(claim, BAD_SECTOR, true), null, "others of the batch were read");
      assert.equal(await ask(claim, BAD_SECTOR, false), null, "nobody is left to ask");
      await knows(sessionId, [BAD_SECTOR, `/proc/${Deno.pid}/mem`]);
      assert.equal((await ask(claim, BAD_SECTOR, false))?.hold, "photos_gone");
      await knows(sessionId, ["/proc/version"]);
      assert.equal(await ask(claim, BAD_SECTOR, false), null);
    },
  );

  await t.step("back is what can be read", async () => {
    assert.equal(await canBeRead("/proc/version"), true);
    assert.equal(await canBeRead(BAD_SECTOR), false);
    assert.equal(await canBeRead(join(root, "nothing")), false);
  });

  await database.drop();
  await Deno.remove(root, { recursive: true });
});
