import assert from "node:assert/strict";
import { DatabaseUnreachable, isConnectionFault, openDatabase } from "./client.ts";
import { testDatabase } from "./testing.ts";

Deno.test("a database that cannot be had is named, without its password", async () => {
  const database = await testDatabase();
  const change = (edit: (url: URL) => void) => {
    const url = new URL(database.url);
    edit(url);
    return url.href;
  };
  const urls = [
    change((url) => url.port = "1"),
    change((url) => url.pathname = "/no_such_database"),
    change((url) => [url.username, url.password] = ["nobody_of_this_name", "hunter2"]),
  ];
  for (const url of urls) {
    await assert.rejects(openDatabase(url), (error: Error) => {
      assert.ok(error instanceof DatabaseUnreachable, String(error));
      const { host, pathname, password } = new URL(url);
      assert.ok(error.message.startsWith(`Cannot reach the database at ${host}${pathname}: `));
      assert.match(error.message, /DATABASE_URL/);
      if (password) assert.ok(!error.message.includes(password));
      return true;
    });
  }
  await database.drop();
});

Deno.test("a lost connection passes, a wrong statement does not", async () => {
  const database = await testDatabase();
  const wrong = await database.sql`select no_such_column`.catch((error) => error);
  assert.equal(isConnectionFault(wrong), false);
  const cut = database.sql`select pg_sleep(20)`.catch((error) => error);
  const other = await openDatabase(database.url);
  // Not before the statement runs.
  for (;;) {
    const ended = await other.sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where query like 'select pg_sleep%' and state = 'active'`;
    if (ended.length > 0) break;
  }
  await other.close();
  assert.equal(isConnectionFault(await cut), true);
  await database.drop();
});

Deno.test("a statement of a transaction whose connection is gone is answered, and nobody dies", async () => {
  const database = await testDatabase();
  const other = await openDatabase(database.url);
  for (let round = 0; round < 5; round++) {
    const lost = database.sql.begin(async (tx) => {
      const [{ pid }] = await tx`select pg_backend_pid() as pid`;
      await other.sql`select pg_terminate_backend(${pid}, 5000)`;
      // Bytes on their way while the connection closes, and more once it is closed.
      const first = tx`select 1`.catch((error) => error);
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.ok(isConnectionFault(await first), String(await first));
      await tx`select 2`;
    });
    await assert.rejects(lost, (error: Error) => isConnectionFault(error));
  }
  assert.equal((await database.sql`select 3 as three`)[0].three, 3);
  await other.close();
  await database.drop();
});
