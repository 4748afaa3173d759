import type { Config } from "../config.ts";
import { superviseWorker } from "../jobs/supervisor.ts";
import { checkDevice } from "../jobs/worker_device.ts";
import { configureLog, log } from "../log.ts";
import { openEngine } from "../models/engine.ts";
import { packsDir } from "../models/installed.ts";
import { openHouse } from "./house.ts";
import { fired, stopSignals } from "./stop_signals.ts";

/**
 * `worker`: keeps one more worker alive on the same database until told to stop. The worker itself
 * is a child with fewer rights (see workerPermissions), as it is under `serve`.
 */
export async function workerCommand(config: Config): Promise<number> {
  configureLog(config, { process: "supervisor" });
  const { stopping, restore } = stopSignals();
  // Wrong model files are found out here, with their message, not by a worker that cannot start.
  const { modelsDir, dataDir } = config;
  const engine = await openEngine({ modelsDir, packsDir: packsDir(dataDir), roles: [] });
  await engine.close();
  await checkDevice(config, stopping);
  if (stopping.aborted) {
    restore();
    return 0;
  }
  const house = await openHouse(config, "supervisor");
  try {
    const supervisor = superviseWorker(config, house.database);
    log("info", "keeping a worker alive");
    await fired(stopping);
    log("info", "stopping");
    await supervisor.stop();
  } finally {
    await house.close();
    restore();
  }
  return 0;
}
