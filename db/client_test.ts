import assert from "node:assert/strict";
import { connect, createServer, type Socket } from "node:net";
import { type Database, DatabaseUnreachable, isConnectionFault, openDatabase } from "./client.ts";
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
  for (const code of ["EAI_AGAIN", "ENETUNREACH", "ECONNRESET", "53300", "57P01", "08006"]) {
    assert.equal(isConnectionFault(Object.assign(new Error("gone"), { code })), true, code);
  }
  for (const code of ["23505", "40P01", "53100", "ENOENT"]) {
    assert.equal(isConnectionFault(Object.assign(new Error("wrong"), { code })), false, code);
  }
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

Deno.test("what a transaction asks after it lost its connection reaches nobody else's", async () => {
  const database = await testDatabase();
  const { sql } = database;
  const one = await openDatabase(database.url, { connections: 1 });
  await sql`create table said (who text)`;
  const late = Promise.withResolvers<unknown>();
  const lost = one.sql.begin(async (tx) => {
    const [{ pid }] = await tx`select pg_backend_pid() as pid`;
    await sql`select pg_terminate_backend(${pid}, 5000)`;
    await second.promise;
    late.resolve(await tx`insert into said values ('the first')`.catch((error) => error));
    throw new Error("it wants to be rolled back");
  });
  const second = Promise.withResolvers<void>();
  await assert.rejects(lost, isConnectionFault);
  // On the same connection, which has come back.
  await one.sql.begin(async (tx) => {
    await tx`insert into said values ('the second')`;
    second.resolve();
    assert.ok(isConnectionFault(await late.promise));
    await tx`insert into said values ('the second')`;
  });
  assert.deepEqual((await sql`select who from said`).map(({ who }) => who), [
    "the second",
    "the second",
  ]);
  await one.close();
  await database.drop();
});

Deno.test("connections that were reset within a transaction are as good as new", async () => {
  const database = await testDatabase();
  const { hostname, port } = new URL(database.url);
  await using proxy = await resettingProxy({ hostname, port: Number(port) });
  const url = new URL(database.url);
  url.port = String(proxy.port);
  const connections = 3;
  const { sql, close } = await openDatabase(url.href, { connections });
  for (let round = 0; round < 3; round++) {
    const lost = Array.from({ length: connections }, () =>
      sql.begin(async (tx) => {
        await tx`select 1`;
        await tx`select pg_sleep(60)`;
      }));
    const settled = Promise.allSettled(lost);
    while ((await asleep(database)) < connections);
    proxy.reset();
    for (const outcome of await settled) {
      assert.ok(outcome.status === "rejected" && isConnectionFault(outcome.reason));
    }
    // Each connection of the pool is asked, and more than once.
    const answers = await Promise.all(
      Array.from({ length: 4 * connections }, (_, n) => sql`select ${n}::int as n`),
    );
    assert.deepEqual(answers.map(([{ n }]) => n), answers.map((_, n) => n));
  }
  await close();
  await database.drop();
});

async function asleep({ sql }: Database): Promise<number> {
  const [{ count }] = await sql<[{ count: number }]>`
    select count(*)::int as count from pg_stat_activity
    where datname = current_database() and wait_event = 'PgSleep'`;
  return count;
}

/** A TCP proxy whose connections can be reset, as a router does that has forgotten them. */
async function resettingProxy(to: { hostname: string; port: number }) {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(to.port, to.hostname);
    open.add(client);
    for (const [one, other] of [[client, upstream], [upstream, client]]) {
      one.pipe(other);
      one.on("error", () => other.destroy()).on("close", () => other.destroy());
    }
    client.on("close", () => open.delete(client));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    reset: () => open.forEach((client) => client.resetAndDestroy()),
    async [Symbol.asyncDispose]() {
      open.forEach((client) => client.destroy());
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
