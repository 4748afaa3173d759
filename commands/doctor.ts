import { fileURLToPath } from "node:url";
import type { Config } from "../config.ts";
import { openDataDir } from "../db/data_dir.ts";
import { place } from "../db/client.ts";
import { workerDevice } from "../jobs/worker_device.ts";
import { examineDevices } from "../models/devices/choose.ts";
import { DeviceError } from "../models/devices/device.ts";
import { openEngine } from "../models/engine.ts";
import { packsDir } from "../models/installed.ts";
import { openPacks } from "../models/pack.ts";
import { checkVectors } from "./check_vectors.ts";
import { openHouse } from "./house.ts";

const BUILTIN_DIR = fileURLToPath(new URL("../models/builtin", import.meta.url));

/** `doctor`: tries every part on its own and says what works; exit code 1 if anything does not. */
export async function doctorCommand(config: Config): Promise<number> {
  const { modelsDir } = config;
  const packs = { modelsDir, packsDir: packsDir(config.dataDir) };
  const checks: [string, () => Promise<string>][] = [
    ["data directory", async () => {
      await openDataDir(config.dataDir);
      return config.dataDir;
    }],
    ["database", async () => {
      const house = await openHouse({ ...config }, "doctor");
      try {
        const { sql, url } = house.database;
        const [{ version }] = await sql`select current_setting('server_version') as version`;
        return `PostgreSQL ${version} at ${place(url)}${config.databaseUrl ? "" : ", embedded"}`;
      } finally {
        await house.close();
      }
    }],
    ["vectors", async () => {
      const house = await openHouse({ ...config }, "doctor");
      return await checkVectors(config, house).finally(house.close);
    }],
    ["models", async () => {
      const engine = await openEngine({ ...packs, roles: ["images", "text"] });
      try {
        for (const warning of engine.warnings) console.log(`warn  models: ${warning}`);
        const size = engine.clipSize;
        const [vector] = await engine.embedImages([new Uint8Array(size * size * 3)]);
        const { clip, faces } = engine.models;
        return `${clip.key} (${vector.length} dimensions), ${faces.key}`;
      } finally {
        await engine.close();
      }
    }],
    ["device", async () => {
      const models = await openPacks({ ...packs, builtinDir: BUILTIN_DIR });
      const examined = await examineDevices({ models, dataDir: config.dataDir }).catch((error) => {
        if (!(error instanceof DeviceError)) throw error;
        // The CPU is as good as ever, and tried below unless another device is asked for.
        console.log(`warn  device: GPUs cannot be looked for: ${error.message}`);
        return [];
      });
      for (const { candidate, usable, reason } of examined) {
        console.log(`${usable ? "ok    " : "no    "}device ${candidate.device}: ${reason}`);
      }
      const { device, reason } = await workerDevice(config);
      return `${device} (${reason})`;
    }],
  ];
  let code = 0;
  for (const [name, check] of checks) {
    try {
      console.log(`ok    ${name}: ${await check()}`);
    } catch (error) {
      code = 1;
      console.log(`fails ${name}: ${(error as Error).message}`);
    }
  }
  return code;
}
