import assert from "node:assert/strict";
import { join } from "node:path";
import { testDirectory } from "../testing.ts";
import { type Account, canReach, databaseAccount } from "./account.ts";

const posix = Deno.build.os !== "windows";

Deno.test({
  name: "an account reaches a path if it may pass every folder above it",
  ignore: !posix,
  async fn() {
    const dir = await testDirectory();
    try {
      const path = join(dir, "outer", "inner", "file");
      await Deno.mkdir(join(dir, "outer", "inner"), { recursive: true });
      const { uid, gid } = await Deno.stat(join(dir, "outer"));
      const account = (uid: number, gid: number): Account => ({ name: "x", uid, gid });
      const [owner, group, other] = [
        account(uid!, gid! + 1),
        account(uid! + 1, gid!),
        account(uid! + 1, gid! + 1),
      ];
      const reach = async (mode: number) => {
        await Deno.chmod(join(dir, "outer"), mode);
        // The last part may be closed, or not exist yet: only the way to it counts.
        return Promise.all([owner, group, other].map((one) => canReach(one, path)));
      };
      assert.deepEqual(await reach(0o711), [true, true, true]);
      assert.deepEqual(await reach(0o755), [true, true, true]);
      assert.deepEqual(await reach(0o710), [true, true, false]);
      assert.deepEqual(await reach(0o700), [true, false, false]);
      assert.deepEqual(await reach(0o744), [true, false, false]);
      // An owner or a group that is shut out stays shut out, whatever others may do.
      assert.deepEqual(await reach(0o701), [true, false, true]);
    } finally {
      await Deno.chmod(join(dir, "outer"), 0o755).catch(() => {});
      await Deno.remove(dir, { recursive: true });
    }
  },
});

Deno.test({
  name: "an ordinary user runs the database as itself, root as somebody else",
  ignore: !posix,
  async fn() {
    const dir = await testDirectory();
    try {
      const account = await databaseAccount(join(dir, "nothing-yet"));
      if (Deno.uid() !== 0) return assert.equal(account, null);
      assert(account && account.uid > 0, "PostgreSQL refuses to run as root");
      assert(["postgres", "nobody"].includes(account.name));
      // A folder that has an owner keeps it.
      const nobody = (await Deno.readTextFile("/etc/passwd")).match(/^nobody:[^:]*:(\d+):(\d+)/m);
      assert(nobody, "no nobody in /etc/passwd");
      await Deno.chown(dir, Number(nobody[1]), Number(nobody[2]));
      assert.deepEqual(await databaseAccount(dir), {
        name: "nobody",
        uid: Number(nobody[1]),
        gid: Number(nobody[2]),
      });
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
});
