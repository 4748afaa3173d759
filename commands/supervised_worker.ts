import { z } from "zod";
import type { Config } from "../config.ts";
import { connectionName } from "../jobs/queue/workers.ts";
import { FRESH } from "../jobs/supervisor.ts";
import { runWorker } from "../jobs/worker.ts";
import { chosenDevice } from "../jobs/worker_device.ts";
import { configureLog, log } from "../log.ts";
import { openEngine } from "../models/engine.ts";
import { packsDir } from "../models/installed.ts";
import { openHouse } from "./house.ts";

/**
 * `worker --supervised ID`: the process that works, started by a supervisor under the id it gave.
 * Stops when told to, and when its standard input closes, which the kernel does for a parent that
 * was killed. Exits with FRESH when it wants to be started again at once.
 */
export async function supervisedWorker(config: Config, id: string): Promise<number> {
  if (!z.uuid().safeParse(id).success) {
    throw new Error(
      `Cannot start a worker as "${id}", expected the uuid that a supervisor gives it; ` +
        `start "worker" without --supervised`,
    );
  }
  configureLog(config, { process: "worker", worker: id });
  const stopping = untilStopped();
  const { device, reason } = chosenDevice();
  const engine = await openEngine({
    modelsDir: config.modelsDir,
    packsDir: packsDir(config.dataDir),
    roles: ["images", "faces"],
    device,
    deviceReason: reason,
  });
  for (const warning of engine.warnings) log("warn", warning);
  const house = await openHouse(config, connectionName(id));
  try {
    const end = await runWorker({ database: house.database, config, engine, stopping, id });
    return end === "fresh" ? FRESH : 0;
  } finally {
    await engine.close();
    await house.close();
  }
}

// Ctrl-C in a terminal reaches the supervisor and this process alike; the supervisor passes it on
// as SIGTERM, and once is enough.
function untilStopped(): AbortSignal {
  const controller = new AbortController();
  Deno.addSignalListener("SIGINT", () => {});
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", () => controller.abort());
  watchInput(() => controller.abort());
  return controller.signal;
}

async function watchInput(ended: () => void): Promise<void> {
  try {
    for await (const _ of Deno.stdin.readable);
  } finally {
    ended();
  }
}
