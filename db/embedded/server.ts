import { join } from "node:path";
import { createServer } from "node:net";
import { type Account, canReach, databaseAccount } from "./account.ts";
import { type Binaries, findBinaries } from "./binaries.ts";
import { isRunning } from "../running.ts";

/** A PostgreSQL server in the data directory, shared by every process that uses that directory. */
export interface EmbeddedServer {
  /** Of the database `postgres`; contains the password. */
  url: string;
  /** Starts the server again on the same port if it has died; returns true if it had. */
  ensure(): Promise<boolean>;
  /** Leaves the server; the last process to leave stops it. */
  release(): Promise<void>;
}

const USER = "safelight";

/**
 * Makes sure a PostgreSQL server runs in `dataDir/postgres` and joins it. It listens on a loopback
 * port only, with a random password in `dataDir/postgres.password`. A server left behind by a
 * killed process is found through its pid file and used again; the kernel drops the file locks of
 * killed processes, so the count of users is always right. Throws with the server's own log when
 * it does not start.
 */
export async function startEmbedded(dataDir: string): Promise<EmbeddedServer> {
  const cluster = join(dataDir, "postgres");
  const account = await databaseAccount(cluster);
  if (account && !await canReach(account, cluster)) {
    throw new Error(
      `Cannot keep the embedded database in "${cluster}": Safelight runs as root, PostgreSQL then ` +
        `runs as "${account.name}", who may not enter one of the folders above it; choose another ` +
        `folder with --data, run as an ordinary user, or set DATABASE_URL`,
    );
  }
  const binaries = await findBinaries(dataDir, account);
  const server = { dataDir, cluster, account, binaries };
  const users = await Deno.open(join(dataDir, "postgres.users"), { create: true, write: true });
  try {
    await withLock(dataDir, async () => {
      await users.lock(false);
      if (!await exists(join(cluster, "PG_VERSION"))) await initialise(server);
      await checkVersion(cluster);
      await startUnlessRunning(server);
    });
  } catch (error) {
    users.close();
    throw error;
  }
  const url = await connectionUrl(server);
  return {
    url,
    ensure: () => withLock(dataDir, () => startUnlessRunning(server, { samePort: true })),
    release: () =>
      withLock(dataDir, async () => {
        await users.unlock();
        const last = await users.tryLock(true);
        if (last && await hasServer(server)) await control(server, ["stop", "-m", "fast", "-w"]);
        users.close();
      }),
  };
}

interface Server {
  dataDir: string;
  cluster: string;
  account: Account | null;
  binaries: Binaries;
}

// Made beside its place and renamed at the end: nothing that is there is ever removed, and a
// cluster in its place is complete.
async function initialise({ dataDir, cluster, account, binaries }: Server): Promise<void> {
  if (await exists(cluster) && !await isEmpty(cluster)) {
    throw new Error(
      `Cannot open the embedded database in "${cluster}": its file PG_VERSION is missing; restore ` +
        `the folder from a backup, or choose another --data`,
    );
  }
  const fresh = `${cluster}.new`;
  await Deno.remove(fresh, { recursive: true }).catch(() => {});
  await Deno.mkdir(fresh, { mode: 0o700 });
  const password = crypto.randomUUID() + crypto.randomUUID();
  const initPassword = join(dataDir, `postgres.init-${crypto.randomUUID()}`);
  await Deno.writeTextFile(initPassword, password, { mode: 0o600 });
  if (account) {
    await Deno.chown(fresh, account.uid, account.gid);
    await Deno.chown(initPassword, account.uid, account.gid);
  }
  try {
    await run(account, binaries.initdb, [
      `--pgdata=${fresh}`,
      `--username=${USER}`,
      "--auth=scram-sha-256",
      `--pwfile=${initPassword}`,
      "--encoding=UTF8",
      // Names sort and compare the same on every machine.
      "--locale=C",
    ]);
  } finally {
    await Deno.remove(initPassword);
  }
  await Deno.writeTextFile(join(dataDir, "postgres.password"), password, { mode: 0o600 });
  await Deno.rename(fresh, cluster);
}

async function isEmpty(folder: string): Promise<boolean> {
  for await (const _ of Deno.readDir(folder)) return false;
  return true;
}

async function checkVersion(cluster: string): Promise<void> {
  const found = (await Deno.readTextFile(join(cluster, "PG_VERSION"))).trim();
  if (found === "18") return;
  throw new Error(
    `Cannot open the embedded database in "${cluster}": it was made by PostgreSQL ${found}, this ` +
      `program carries 18; start the Safelight that made it and dump it, or choose another --data`,
  );
}

async function startUnlessRunning(
  server: Server,
  options: { samePort?: boolean } = {},
): Promise<boolean> {
  if (await hasServer(server)) return false;
  const log = join(server.dataDir, "postgres.log");
  if (!await exists(log)) await Deno.writeTextFile(log, "", { mode: 0o600 });
  if (server.account) await Deno.chown(log, server.account.uid, server.account.gid);
  const port = await choosePort(server.dataDir, options.samePort ?? false);
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "100",
    shared_buffers: "128MB",
    password_encryption: "scram-sha-256",
  };
  const flags = Object.entries(settings).map(([name, value]) => `-c ${name}='${value}'`);
  const args = ["start", "-w", "-t", "60", "-l", log, "-o", `-p ${port} ${flags.join(" ")}`];
  // After a kill -9 of the server its children take moments to let go of the shared memory.
  for (let attempt = 1;; attempt++) {
    try {
      await control(server, args);
      return true;
    } catch (error) {
      if (attempt === 10) {
        const tail = (await Deno.readTextFile(log)).trim().split("\n").slice(-5).join("\n");
        throw new Error(
          `Cannot start the embedded PostgreSQL in "${server.cluster}": ${tail}`,
          { cause: error },
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

/**
 * Asked every second by every process that uses the server. pg_ctl would tell as well, but to start a
 * program the memory map of its parent is copied: 150 ms of a web process with the index of a million
 * photos, in which it answers nobody.
 */
async function hasServer({ cluster }: Server): Promise<boolean> {
  const pid = await postmasterPid(cluster);
  return pid !== null && isRunning(pid) && await isPostgres(pid);
}

async function postmasterPid(cluster: string): Promise<number | null> {
  try {
    const [pid] = (await Deno.readTextFile(join(cluster, "postmaster.pid"))).split("\n");
    return Number(pid) || null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

// After a power cut the number may be another program's; elsewhere than on Linux nobody can tell.
async function isPostgres(pid: number): Promise<boolean> {
  const name = await Deno.readTextFile(`/proc/${pid}/comm`).catch(() => "postgres");
  return name.trim() === "postgres";
}

const control = ({ account, binaries, cluster }: Server, args: string[]) =>
  run(account, binaries.pgCtl, ["-D", cluster, ...args]);

async function run(account: Account | null, program: string, args: string[]): Promise<void> {
  const output = await new Deno.Command(program, {
    args,
    // Its own working directory: the caller's may be closed to the account.
    cwd: "/",
    env: { LC_ALL: "C" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    ...(account ? { uid: account.uid, gid: account.gid } : {}),
  }).output();
  if (!output.success) {
    const text = new TextDecoder().decode(output.stderr).trim();
    throw new Error(`${program} ${args[0]} ended with ${output.code}: ${text}`);
  }
}

// The port survives restarts, so that a worker whose server comes back finds it where it was.
async function choosePort(dataDir: string, same: boolean): Promise<number> {
  const file = join(dataDir, "postgres.port");
  const known = Number(await Deno.readTextFile(file).catch(() => "0"));
  const port = await freePort(known).catch((error) => {
    if (!same) return freePort(0);
    throw new Error(
      `Cannot start the embedded PostgreSQL again on port ${known}, where everybody looks for it: ` +
        `${error.message}; restart Safelight`,
    );
  });
  await Deno.writeTextFile(file, String(port), { mode: 0o600 });
  return port;
}

function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject).listen(wanted, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

async function connectionUrl({ dataDir }: Server): Promise<string> {
  const password = await Deno.readTextFile(join(dataDir, "postgres.password"));
  const port = await Deno.readTextFile(join(dataDir, "postgres.port"));
  return `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`;
}

async function withLock<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  const lock = await Deno.open(join(dataDir, "postgres.lock"), { create: true, write: true });
  try {
    await lock.lock(true);
    return await work();
  } finally {
    lock.close();
  }
}

// Only "not found" means no: what may not be looked at must not be taken for absent.
const exists = (path: string) =>
  Deno.stat(path).then(() => true, (error) => {
    if (error instanceof Deno.errors.NotFound) return false;
    throw new Error(
      `Cannot look at "${path}": ${error.message}; run Safelight as the user who made it`,
      { cause: error },
    );
  });
