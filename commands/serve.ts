import type { Config } from "../config.ts";
import { createSearch } from "../db/search/search.ts";
import { configureLog, log } from "../log.ts";
import { superviseWorker } from "../jobs/supervisor.ts";
import { checkDevice } from "../jobs/worker_device.ts";
import { type Engine, openEngine } from "../models/engine.ts";
import { packsDir } from "../models/installed.ts";
import { catalogue } from "../models/catalogue.ts";
import { createApp } from "../routes/app.ts";
import { createFolderCounter } from "../routes/folder_counter.ts";
import { createPulls } from "../routes/pulls.ts";
import { checkVectors } from "./check_vectors.ts";
import { openHouse } from "./house.ts";
import { fired, stopSignals } from "./stop_signals.ts";
import { SEARCH_ROLES, textEncoders } from "./text_encoders.ts";

/** Requests under way get this long when the server stops. */
const DRAIN_MS = 3000;

/**
 * `serve`: database, web server and one supervised worker, until SIGINT or SIGTERM. `ready` is
 * told the address once requests are answered.
 */
export async function serveCommand(
  config: Config,
  options: { ready?: (url: string) => void; stopping?: AbortSignal; worker?: boolean } = {},
): Promise<number> {
  configureLog(config, { process: "web" });
  const signals = options.stopping ? null : stopSignals();
  const stopping = options.stopping ?? signals!.stopping;
  const engine = await openModels(config);
  if (options.worker !== false && engine) await checkDevice(config, stopping);
  if (stopping.aborted) {
    await engine?.close();
    signals?.restore();
    return 0;
  }
  const house = await openHouse(config, "web");
  await checkVectors(config, house).catch(async (error) => {
    await house.close();
    throw error;
  });
  const counter = createFolderCounter();
  const pulls = createPulls({
    dataDir: config.dataDir,
    catalogue: catalogue(),
    reserve: config.minFreeMb * 1e6,
    mirror: config.modelsMirror,
  });
  const { dataDir, vectors } = config;
  const search = createSearch(house.database, textEncoders(config, engine), { dataDir, vectors });
  const app = createApp({ database: house.database, config, counter, search, pulls });
  const server = await listen(config, app)
    .catch(async (error) => {
      await house.close();
      throw error;
    });
  search.warm().catch((error) => {
    log("warn", "the search index is loaded at the first search", { error: String(error) });
  });
  const url = `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${
    (server.addr as Deno.NetAddr).port
  }`;
  const supervisor = options.worker === false ? null : superviseWorker(config, house.database);
  if (options.ready) options.ready(url);
  else console.log(`Safelight is at ${url}`);
  await fired(stopping);
  log("info", "stopping");
  await Promise.all([supervisor?.stop(), pulls.close()]);
  await Promise.race([
    server.shutdown(),
    new Promise((resolve) => setTimeout(resolve, DRAIN_MS)),
  ]);
  await search.close();
  await engine?.close();
  await house.close();
  signals?.restore();
  return 0;
}

/**
 * Wrong files of the user's own are found out here, with their message, not by a worker that cannot
 * start. A choice that cannot be opened is mended on the Models page, which only shows if this
 * starts: until then, null, search answers with the fault and no worker lives.
 */
async function openModels({ modelsDir, dataDir }: Config): Promise<Engine | null> {
  try {
    return await openEngine({ modelsDir, packsDir: packsDir(dataDir), roles: SEARCH_ROLES });
  } catch (error) {
    if (modelsDir !== null) throw error;
    log("error", "the chosen models cannot be opened; choose others on the page Models", {
      error: (error as Error).message,
    });
    return null;
  }
}

async function listen(
  config: Config,
  app: { fetch: (request: Request, info: Deno.ServeHandlerInfo) => Response | Promise<Response> },
): Promise<Deno.HttpServer> {
  try {
    return await Promise.resolve(Deno.serve({
      hostname: config.host,
      port: config.port,
      onListen: () => {},
    }, (request, info) => app.fetch(request, info)));
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new Error(
        `Cannot listen on ${config.host}:${config.port}: the port is in use, perhaps by another ` +
          `Safelight; choose another with --port`,
        { cause: error },
      );
    }
    if (error instanceof Deno.errors.AddrNotAvailable) {
      throw new Error(
        `Cannot listen on ${config.host}: no interface of this machine has that address; ` +
          `choose one with --host`,
        { cause: error },
      );
    }
    throw error;
  }
}
