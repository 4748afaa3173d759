import type { Config } from "../config.ts";
import { openDataDir } from "../db/data_dir.ts";
import { place } from "../db/client.ts";
import { openEngine } from "../models/engine.ts";
import { openHouse } from "./house.ts";

/** `doctor`: tries every part on its own and says what works; exit code 1 if anything does not. */
export async function doctorCommand(config: Config): Promise<number> {
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
    ["models", async () => {
      const engine = await openEngine({ modelsDir: config.modelsDir, roles: ["images", "text"] });
      try {
        for (const warning of engine.warnings) console.log(`warn  models: ${warning}`);
        const size = engine.clipSize;
        const [vector] = await engine.embedImages([new Uint8Array(size * size * 3)]);
        const { clip, faces } = engine.models;
        return `${clip.key} (${vector.length} dimensions), ${faces.key}, on ${engine.device}`;
      } finally {
        await engine.close();
      }
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
