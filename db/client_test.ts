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
