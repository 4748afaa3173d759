import type { Config } from "../config.ts";
import { openDataDir } from "../db/data_dir.ts";
import { configureLog, log } from "../log.ts";
import { openEngine } from "../models/engine.ts";
import { runWorker } from "../jobs/worker.ts";
import { openHouse } from "./house.ts";
import { stopSignals } from "./stop_signals.ts";

/**
 * `worker`: works until told to stop. Under a supervisor (`supervised`) it also stops when its
 * standard input closes, which the kernel does for a parent that was killed.
 */
export async function workerCommand(
  config: Config,
  options: { supervised: boolean },
): Promise<number> {
  configureLog(config, { process: "worker" });
  const { stopping, restore } = stopSignals();
  const orphaned = new AbortController();
  if (options.supervised) watchInput(() => orphaned.abort());
  await openDataDir(config.dataDir);
  const engine = await openEngine({ modelsDir: config.modelsDir, roles: ["images", "faces"] });
  for (const warning of engine.warnings) log("warn", warning);
  const house = await openHouse(config, "worker");
  try {
    const { database } = house;
    await runWorker({
      database,
      config,
      engine,
      stopping: AbortSignal.any([stopping, orphaned.signal]),
    });
  } finally {
    await engine.close();
    await house.close();
    restore();
  }
  return 0;
}

async function watchInput(ended: () => void): Promise<void> {
  try {
    for await (const _ of Deno.stdin.readable);
  } finally {
    ended();
  }
}
