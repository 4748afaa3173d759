import { setPriority } from "node:os";
import { type Config, configEnvironment } from "../config.ts";
import { log } from "../log.ts";

/** A worker process that is kept alive. */
export interface Supervisor {
  /** Asks the worker to finish what it has in hand and waits for it; after 20 s it is killed. */
  stop(): Promise<void>;
}

const LONGEST_PAUSE_MS = 30_000;
const PATIENCE_MS = 20_000;

/**
 * Starts `worker` as a child process and starts it again whenever it ends, after 1, 2, 4 … 30
 * seconds; a worker that lived for a minute begins at one again. The child's standard input is its
 * lifeline: when this process dies, however it dies, the pipe closes and the worker stops.
 */
export function superviseWorker(
  config: Config,
  databaseUrl: string,
  options: { command?: () => Deno.Command; onDeath?: (pid: number) => Promise<void> } = {},
): Supervisor {
  const command = options.command ?? (() => workerCommand(config, databaseUrl));
  let child: Deno.ChildProcess | null = null;
  const stopping = Promise.withResolvers<void>();
  let stopped = false;

  const keepAlive = async () => {
    let pause = 1000;
    while (!stopped) {
      const started = performance.now();
      child = command().spawn();
      log("debug", "started a worker", { pid: child.pid });
      // People wait for pages, nobody for the next photo: on two cores the slowest pages during
      // training went from 139 to 21 ms (p99) when the worker stepped back.
      setPriority(child.pid, 10);
      const { pid } = child;
      const status = await child.status;
      await child.stdin.close().catch(() => {});
      child = null;
      if (stopped) return;
      await options.onDeath?.(pid).catch((error) => {
        log("warn", "the lease of a dead worker must run out", { error: String(error) });
      });
      if (performance.now() - started > 60_000) pause = 1000;
      log("warn", "the worker ended and is started again", {
        code: status.code,
        signal: status.signal,
        seconds: pause / 1000,
      });
      await Promise.race([stopping.promise, delay(pause)]);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  };
  const running = keepAlive();

  return {
    async stop() {
      stopped = true;
      stopping.resolve();
      const current = child;
      if (current) {
        current.kill("SIGTERM");
        const kill = setTimeout(() => current.kill("SIGKILL"), PATIENCE_MS);
        await current.status;
        clearTimeout(kill);
      }
      await running;
    },
  };
}

/**
 * The worker as a process of its own, whose right to write ends at the data directory: it is the
 * one that touches photos. The compiled program runs itself.
 */
export function workerCommand(config: Config, databaseUrl: string): Deno.Command {
  const compiled = Deno.build.standalone;
  const args = compiled ? ["worker", "--supervised"] : [
    "run",
    "--quiet",
    ...workerPermissions(config.dataDir),
    import.meta.resolve("../main.ts"),
    "worker",
    "--supervised",
  ];
  return new Deno.Command(Deno.execPath(), {
    args,
    env: { ...configEnvironment(config), DATABASE_URL: databaseUrl },
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

const delay = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
