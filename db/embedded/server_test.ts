import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import process from "node:process";
import postgres from "postgres";
import { openDataDir } from "../data_dir.ts";
import { testDirectory } from "../testing.ts";
import { type EmbeddedServer, startEmbedded } from "./server.ts";

const root = Deno.build.os !== "windows" && Deno.uid() === 0;

/** Runs `work` with a data directory and removes it; whoever still holds the server is an error. */
async function withDataDir(work: (dataDir: string) => Promise<void>): Promise<void> {
  const dir = await testDirectory();
  const dataDir = join(dir, "data");
  try {
    await openDataDir(dataDir);
    await work(dataDir);
    assert.equal(await postmaster(dataDir), null, "the server still runs after the last release");
  } finally {
    // Also after a failed assertion: no server outlives its test.
    const left = await postmaster(dataDir);
    if (left && await isAlive(left)) process.kill(left, "SIGQUIT");
    await Deno.remove(dir, { recursive: true });
  }
}

/** The process id of the server, as it wrote it down itself; null when it is stopped. */
async function postmaster(dataDir: string): Promise<number | null> {
  const file = join(dataDir, "postgres", "postmaster.pid");
  const text = await Deno.readTextFile(file).catch(() => null);
  return text ? Number(text.split("\n")[0]) : null;
}

async function query<T>(server: EmbeddedServer, text: string): Promise<T[]> {
  const sql = postgres(server.url, { max: 1, onnotice: () => {} });
  try {
    return [...await sql.unsafe(text)] as T[];
  } finally {
    await sql.end();
  }
}

/** kill -9, until the process is dead: the signal takes a moment to work. */
async function killServer(dataDir: string): Promise<number> {
  const pid = (await postmaster(dataDir))!;
  process.kill(pid, "SIGKILL");
  while (await isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
  return pid;
}

async function isAlive(pid: number): Promise<boolean> {
  if (Deno.build.os === "linux") {
    // A zombie is dead, though its id still exists.
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => ") Z");
    return !stat.slice(stat.lastIndexOf(")")).startsWith(") Z");
  }
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function started(dataDir: string): Promise<void> {
  const server = await startEmbedded(dataDir);
  await server.release();
}

Deno.test("two users share one server behind its password; the last to leave stops it", async () => {
  await withDataDir(async (dataDir) => {
    const [first, second] = await Promise.all([startEmbedded(dataDir), startEmbedded(dataDir)]);
    assert.equal(first.url, second.url);
    assert.equal(new URL(first.url).hostname, "127.0.0.1");
    const pid = await postmaster(dataDir);
    assert(pid);
    const guess = new URL(first.url);
    guess.password = "guessed";
    await assert.rejects(query({ ...first, url: guess.href }, "select 1"), { code: "28P01" });
    await query(first, "create table kept (n int)");
    await query(second, "insert into kept values (42)");
    assert.equal(await first.ensure(), false);
    await first.release();
    assert.equal(await postmaster(dataDir), pid);
    assert.deepEqual(await query(second, "select n from kept"), [{ n: 42 }]);
    await second.release();
    assert.equal(await postmaster(dataDir), null);

    const again = await startEmbedded(dataDir);
    assert.equal(again.url, first.url, "port and password are kept");
    assert.deepEqual(await query(again, "select n from kept"), [{ n: 42 }]);
    await again.release();
  });
});

Deno.test("a killed server comes back on its port with everything that was committed", async () => {
  await withDataDir(async (dataDir) => {
    const server = await startEmbedded(dataDir);
    await query(server, "create table kept (n int)");
    await query(server, "insert into kept select generate_series(1, 1000)");
    // Connections and their server processes are there when it dies, as in real life.
    const sql = postgres(server.url, { max: 2, onnotice: () => {} });
    await Promise.all([sql`select 1`, sql`select 1`]);
    const pid = await killServer(dataDir);
    // Two processes that share the server notice at once; one of them starts it.
    const second = await startEmbedded(dataDir);
    assert.equal(await server.ensure(), false);
    assert.equal(second.url, server.url);
    assert.notEqual(await postmaster(dataDir), pid);
    assert.deepEqual([...await sql`select count(*)::int as n from kept`], [{ n: 1000 }]);
    await killServer(dataDir);
    assert.equal(await server.ensure(), true);
    assert.equal(await server.ensure(), false);
    assert.deepEqual([...await sql`select count(*)::int as n from kept`], [{ n: 1000 }]);
    await sql.end();
    await second.release();
    await server.release();
  });
});

Deno.test("a process that was killed no longer counts as a user", async () => {
  await withDataDir(async (dataDir) => {
    const module = import.meta.resolve("./server.ts");
    const code = `import { startEmbedded } from ${JSON.stringify(module)};
      const server = await startEmbedded(${JSON.stringify(dataDir)});
      console.log(server.url);
      setInterval(() => {}, 1000);`;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-lock", code],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value: url } = await reader.read();
    const server = await startEmbedded(dataDir);
    assert.equal(server.url, url?.trim());
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    assert.equal(await server.ensure(), false, "the server outlives the process that started it");
    await server.release();
  });
});

Deno.test("a database of another PostgreSQL is named and left alone", async () => {
  await withDataDir(async (dataDir) => {
    const cluster = join(dataDir, "postgres");
    await Deno.mkdir(cluster, { mode: 0o700 });
    await Deno.writeTextFile(join(cluster, "PG_VERSION"), "17\n");
    await assert.rejects(started(dataDir), (error: Error) => {
      assert(error.message.includes(`"${cluster}"`), error.message);
      assert.match(error.message, /made by PostgreSQL 17, this program carries 18/);
      assert.match(error.message, /choose another --data/);
      return true;
    });
    assert.equal(await Deno.readTextFile(join(cluster, "PG_VERSION")), "17\n");
  });
});

Deno.test("a data directory of another layout is named and left alone", async () => {
  await withDataDir(async (dataDir) => {
    const file = join(dataDir, "VERSION");
    assert.equal(await Deno.readTextFile(file), "1\n");
    await openDataDir(dataDir);
    await Deno.writeTextFile(file, "7\n");
    await assert.rejects(openDataDir(dataDir), (error: Error) => {
      assert(error.message.includes(`"${dataDir}"`), error.message);
      assert.match(error.message, /layout is version "7", this program knows 1/);
      assert.match(error.message, /--data/);
      return true;
    });
    assert.equal(await Deno.readTextFile(file), "7\n");
  });
});

Deno.test("a data directory that cannot be written is named with the remedy", async () => {
  await withDataDir(async (dataDir) => {
    await Deno.writeTextFile(join(dataDir, "file"), "");
    const places = [join(dataDir, "file"), join(dataDir, "file", "data")];
    if (!root) {
      // Root may write anywhere; only others can be shut out by a mode.
      places.push(join(dataDir, "closed", "data"));
      await Deno.mkdir(dirname(places[2]), { mode: 0o500 });
    }
    for (const place of places) {
      await assert.rejects(openDataDir(place), (error: Error) => {
        assert(error.message.startsWith(`Cannot use the data directory "${place}": `));
        assert.match(error.message, /choose another with --data or SAFELIGHT_DATA/);
        return true;
      });
    }
  });
});

Deno.test({
  name: "run by root, a folder the database's user cannot enter is named with the remedy",
  ignore: !root,
  async fn() {
    await withDataDir(async (dataDir) => {
      const inner = join(dataDir, "closed", "data");
      await Deno.mkdir(dirname(inner), { mode: 0o700 });
      await openDataDir(inner);
      await assert.rejects(started(inner), (error: Error) => {
        assert(error.message.includes(`"${join(inner, "postgres")}"`), error.message);
        assert.match(error.message, /runs as "\w+", who may not enter one of the folders above/);
        assert.match(error.message, /--data, run as an ordinary user, or set DATABASE_URL/);
        return true;
      });
    });
  },
});

Deno.test("a database folder that has lost its version file is left as it is", async () => {
  const dir = await testDirectory();
  await openDataDir(join(dir, "data"));
  const cluster = join(dir, "data", "postgres");
  const password = join(dir, "data", "postgres.password");
  await Deno.mkdir(cluster);
  await Deno.writeTextFile(join(cluster, "base"), "every photo's faces");
  await Deno.writeTextFile(password, "known");
  await assert.rejects(startEmbedded(join(dir, "data")), /PG_VERSION is missing/);
  assert.equal(await Deno.readTextFile(join(cluster, "base")), "every photo's faces");
  assert.equal(await Deno.readTextFile(password), "known");
  await Deno.remove(dir, { recursive: true });
});
