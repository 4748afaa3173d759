import assert from "node:assert/strict";
import { join } from "node:path";
import { testDatabase, testDirectory } from "../db/testing.ts";
import { startProgram } from "./program.ts";

Deno.test("`worker` is a supervisor with a child, and both come and go together", async (t) => {
  const database = await testDatabase();
  const dir = await testDirectory();
  const { sql } = database;
  const start = () =>
    startProgram(["worker"], { SAFELIGHT_DATA: join(dir, "data"), DATABASE_URL: database.url });

  /** The worker on the list, once there is one other than `before`. */
  async function worker(before?: string): Promise<{ id: string; pid: number }> {
    for (;;) {
      const [row] = await sql<{ id: string; pid: number }[]>`
        select id, pid from workers order by started_at desc limit 1`;
      if (row && row.id !== before) return row;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  const list = async () => (await sql`select id from workers`).length;
  const told = async (kind: string) =>
    (await sql`select 1 from events where kind = ${kind}`).length;

  await t.step("Ctrl-C reaches both, and the worker signs off", async () => {
    const program = start();
    const { pid } = await worker();
    assert.notEqual(pid, program.pid);
    Deno.kill(pid, "SIGINT");
    program.kill("SIGINT");
    assert.equal((await program.ended).code, 0, program.errors());
    assert.equal(await list(), 0);
    assert.equal(await told("worker_stopped"), 1);
    assert.equal(await told("worker_died"), 0);
  });

  await t.step("a worker that dies is replaced", async () => {
    const program = start();
    const first = await worker();
    Deno.kill(first.pid, "SIGKILL");
    const second = await worker(first.id);
    assert.notEqual(second.pid, first.pid);
    assert.equal(await told("worker_died"), 1);

    // Its supervisor killed, it finds its input closed and signs off by itself.
    program.kill("SIGKILL");
    await program.ended;
    while (await list() > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(await told("worker_stopped"), 2);
  });

  await t.step("after a kill of both, a new start puts everything right at once", async () => {
    const program = start();
    const lost = await worker();
    // Stopped first, so that it cannot notice the end of the other.
    Deno.kill(lost.pid, "SIGSTOP");
    program.kill("SIGKILL");
    Deno.kill(lost.pid, "SIGKILL");
    await program.ended;
    assert.equal(await list(), 1);
    const again = start();
    await worker(lost.id);
    assert.equal(await told("worker_died"), 2, "buried before the new one was started");
    again.kill("SIGTERM");
    assert.equal((await again.ended).code, 0, again.errors());
    assert.equal(await list(), 0);
  });

  await t.step("the hidden flag wants a uuid, and says so", async () => {
    const program = startProgram(["worker", "--supervised", "7"], {
      SAFELIGHT_DATA: join(dir, "data"),
      DATABASE_URL: database.url,
    });
    assert.equal((await program.ended).code, 2);
    assert.match(program.errors(), /Cannot start a worker as "7", expected the uuid/);
  });

  await database.drop();
  await Deno.remove(dir, { recursive: true });
});
