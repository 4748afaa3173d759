import { setPriority } from "node:os";
import { type Config, configEnvironment } from "../config.ts";
import type { Database } from "../db/client.ts";
import { log } from "../log.ts";
import type { DeviceChoice } from "../models/devices/device.ts";
import type { Rescue } from "./queue/put_back.ts";
import { recoverFrom, recoverFromGone } from "./queue/rescue.ts";
import { resign, workerName } from "./queue/workers.ts";
import { rest } from "./rest.ts";
import { watchWorker } from "./watch_worker.ts";
import { deviceChooser, deviceEnvironment, workerDevices } from "./worker_device.ts";

/** A worker process that is kept alive. */
export interface Supervisor {
  /** Asks the worker to finish what it has in hand and waits for it; after 20 s it is killed. */
  stop(): Promise<void>;
}

/** Exit code of a worker that wants to be started again at once (WorkerEnd "fresh"). */
export const FRESH = 75;

const NOTHING: Rescue = { items: 0, suspects: 0 };

const LONGEST_PAUSE_MS = 30_000;
const PATIENCE_MS = 20_000;

/**
 * Starts `worker` as a child process and starts it again whenever it ends, after 1, 2, 4 … 30
 * seconds, or at once if it asks for that; after one that was at work or lived for a minute, it
 * begins at one again.
 * One that stands still, or does not come to life within `startSeconds`, is killed and replaced (see
 * watchWorker). What a dead worker had in hand
 * goes back to work at once, and so does, to begin with, what workers of this host left behind
 * that died together with their supervisor. The child's standard input is its lifeline: when this
 * process dies, however it dies, the pipe closes and the worker stops. `command` makes the process
 * of the worker with that id.
 */
export function superviseWorker(
  config: Config,
  { db, url }: Database,
  options: {
    command?: (workerId: string) => Deno.Command | Promise<Deno.Command>;
    startSeconds?: number;
  } = {},
): Supervisor {
  const stopping = new AbortController();
  const devices = workerDevices(deviceChooser(config, stopping.signal));
  const command = options.command ??
    (async (id) => workerCommand(config, { databaseUrl: url, id, device: await devices.choose() }));
  let child: Deno.ChildProcess | null = null;

  const recover = (work: Promise<Rescue>): Promise<Rescue> =>
    work.catch((error) => {
      log("warn", "the lease of a dead worker must run out", { error: String(error) });
      return NOTHING;
    });

  const runOne = async () => {
    const id = crypto.randomUUID();
    const made = await command(id);
    if (stopping.signal.aborted) return null;
    child = made.spawn();
    const { pid } = child;
    log("debug", "started a worker", { pid, worker: id });
    // People wait for pages, nobody for the next photo: on two cores the slowest pages during
    // training went from 139 to 21 ms (p99) when the worker stepped back.
    setPriority(pid, 10);
    const ended = new AbortController();
    const { startSeconds } = options;
    const watching = watchWorker(db, { id, child, ended: ended.signal, startSeconds });
    const status = await child.status;
    ended.abort();
    await watching;
    await child.stdin.close().catch(() => {/* the pipe broke when its reader died */});
    child = null;
    devices.ended(status.signal);
    // Told to stop and killed because it took too long (a walk): then no item is to blame.
    const { items } = await recover(
      stopping.signal.aborted
        ? resign(db, id, workerName(pid)).then(() => NOTHING)
        : recoverFrom(db, id),
    );
    return { id, ...status, items };
  };

  const keepAlive = async () => {
    await recover(recoverFromGone(db));
    let pause = 1000;
    while (!stopping.signal.aborted) {
      const started = performance.now();
      const ended = await runOne().catch((error) => {
        // Another start may find what it needs; a worker without it would be of no use.
        if (stopping.signal.aborted) return null;
        log("error", "no worker can be started", { error: (error as Error).message });
        return null;
      });
      if (stopping.signal.aborted) return;
      if (ended === null) {
        await rest(pause, stopping.signal);
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
        continue;
      }
      const { id, code, signal, items } = ended;
      if (code === FRESH) continue;
      // Whoever died at work got somewhere: its items count the deaths and are given up in time.
      if (items > 0 || performance.now() - started > 60_000) pause = 1000;
      log("warn", "the worker ended and is started again", {
        worker: id,
        code,
        signal,
        seconds: pause / 1000,
      });
      await rest(pause, stopping.signal);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  };
  const running = keepAlive();

  return {
    async stop() {
      stopping.abort();
      const current = child;
      if (current) {
        signal(current, "SIGTERM");
        const kill = setTimeout(() => signal(current, "SIGKILL"), PATIENCE_MS);
        await current.status;
        clearTimeout(kill);
      }
      await running;
    },
  };
}

// One that has just ended by itself cannot be sent anything, and need not.
function signal(child: Deno.ChildProcess, name: Deno.Signal): void {
  try {
    child.kill(name);
  } catch (error) {
    log("debug", "a worker had ended already", { pid: child.pid, error: String(error) });
  }
}

/**
 * The worker as a process of its own, whose right to write ends at the data directory: it is the
 * one that touches photos. The compiled program runs itself.
 */
export function workerCommand(
  config: Config,
  { databaseUrl, id, device }: { databaseUrl: string; id: string; device: DeviceChoice },
): Deno.Command {
  const compiled = Deno.build.standalone;
  const args = compiled ? ["worker", "--supervised", id] : [
    "run",
    "--quiet",
    // Everything is there, since this program runs: a worker neither fetches code nor asks anybody.
    "--cached-only",
    "--no-prompt",
    ...workerPermissions(config.dataDir),
    import.meta.resolve("../main.ts"),
    "worker",
    "--supervised",
    id,
  ];
  return new Deno.Command(Deno.execPath(), {
    args,
    env: {
      ...configEnvironment(config),
      ...deviceEnvironment(device),
      DATABASE_URL: databaseUrl,
    },
    stdin: "piped",
    stdout: "inherit",
    stderr: "inherit",
  });
}

/** What a worker may do: read, compute, talk to the database, and write to its data directory only. */
export const workerPermissions = (dataDir: string) => [
  "--allow-read",
  "--allow-env",
  "--allow-sys",
  "--allow-ffi",
  "--allow-net",
  `--allow-write=${dataDir}`,
];
