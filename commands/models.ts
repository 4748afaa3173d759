import type { Config } from "../config.ts";
import { useModels } from "../jobs/change_models.ts";
import { configureLog } from "../log.ts";
import { catalogue } from "../models/catalogue.ts";
import { readChosen } from "../models/chosen.ts";
import { type InstalledPack, installedPack, installedPacks } from "../models/installed.ts";
import { packFiles } from "../models/manifest.ts";
import { optimizePack } from "../models/optimize_pack.ts";
import { BUILTIN } from "../models/pack.ts";
import { tryPack } from "../models/try_pack.ts";
import { verifyPack } from "../models/verify.ts";
import { openHouse } from "./house.ts";
import { listCommand } from "./list_models.ts";
import { pullCommand } from "./pull_models.ts";
import { stopSignals } from "./stop_signals.ts";
import { terminalUser } from "./terminal_user.ts";

const USAGE = `Say what to do with models:

  list           packs that are installed and packs that can be pulled
  pull NAME      fetch a pack, or repair it; also a manifest.json of your own, or its folder
                   --accept-licence
  verify [NAME]  read every file of one pack, or of all, and compare it with its SHA-256
  use NAME       work with a pack from now on; "builtin" goes back to the built-in models
  optimize NAME  let graphs that take one picture at a time take several`;

/**
 * `models`: what is installed, and changes to it. Exit code 1 if `verify` finds something wrong, 130
 * if a pull was interrupted. Throws an Error that says what to do about everything else.
 */
export async function modelsCommand(
  config: Config,
  { words: [deed, name, ...others], ...options }: {
    words: string[];
    acceptLicence: boolean;
    json: boolean;
  },
): Promise<number> {
  configureLog({ ...config, logLevel: config.logLevel === "info" ? "warn" : config.logLevel });
  if (others.length > 0) throw new Error(`There is no use for "${others.join(" ")}"\n\n${USAGE}`);
  if (deed === "list" && name === undefined) return await listCommand(config, options);
  if (deed === "verify") return await verify(config, name);
  if (name !== undefined) {
    if (deed === "pull") return await pullCommand(config, { ...options, name });
    if (deed === "use") return await use(config, name);
    if (deed === "optimize") return await optimize(config, name);
    if (deed === "try") return await tryOnly(config, name);
  }
  throw new Error(USAGE);
}

async function verify(config: Config, name: string | undefined): Promise<number> {
  const packs = name === undefined
    ? await installedPacks(config.dataDir, (fault) => console.error(fault))
    : [await mustBeInstalled(config, name)];
  if (packs.length === 0) console.log("No packs are installed; the built-in one needs no check");
  const { stopping, restore } = stopSignals();
  let code = 0;
  try {
    for (const pack of packs) {
      const faults = await verifyPack(pack, { signal: stopping });
      if (faults.length === 0) {
        console.log(`ok    ${pack.name}: ${packFiles(pack.manifest).length} files`);
        continue;
      }
      code = 1;
      for (const { file, problem } of faults) {
        console.log(`fails ${pack.name}: ${file}: ${problem}`);
      }
      console.log(`      repair it with "deno task models pull ${pack.name}"`);
    }
    return code;
  } catch (error) {
    if (stopping.aborted) return 130;
    throw error;
  } finally {
    restore();
  }
}

async function optimize(config: Config, name: string): Promise<number> {
  const pack = await mustBeInstalled(config, name);
  for (const [file, outcome] of Object.entries(await optimizePack(config.dataDir, pack))) {
    console.log(
      "refused" in outcome
        ? `as it was  ${file}: ${outcome.refused}`
        : `optimized  ${file}: it takes several pictures at once, with the same results ` +
          `(cosine ${outcome.cosine.toFixed(6)}); workers load it when they start`,
    );
  }
  return 0;
}

/** Hidden: the web app has packs tried apart, since graphs take more memory than it may. */
async function tryOnly(config: Config, name: string): Promise<number> {
  await tryPack(config.dataDir, await mustBeInstalled(config, name));
  return 0;
}

async function use(config: Config, name: string): Promise<number> {
  if (config.modelsDir !== null) {
    throw new Error(
      `SAFELIGHT_MODELS names "${config.modelsDir}", whose models are in use; unset it to choose packs`,
    );
  }
  if (name !== BUILTIN) {
    await tryPack(config.dataDir, await mustBeInstalled(config, name));
  }
  const house = await openHouse(config, "models");
  try {
    const { dataDir } = config;
    const run = await useModels(house.database.db, { dataDir, pack: name, ...terminalUser() });
    const { clip, faces } = await readChosen(dataDir);
    console.log(
      `In use: ${clip ?? BUILTIN} for pictures and words, ${faces ?? BUILTIN} for faces`,
    );
    if (run !== null) {
      console.log(
        `Session ${run} makes what they have not seen yet; the former models answer until it is ` +
          `complete. It runs when a worker does: deno task start`,
      );
    }
    return 0;
  } finally {
    await house.close();
  }
}

async function mustBeInstalled({ dataDir }: Config, name: string): Promise<InstalledPack> {
  const pack = await installedPack(dataDir, name);
  if (pack) return pack;
  const names = (await installedPacks(dataDir)).map(({ name }) => name);
  throw new Error(
    `The pack "${name}" is not installed; ` + (
      catalogue().some((manifest) => manifest.name === name)
        ? `run "deno task models pull ${name}" first`
        : `installed are: ${names.join(", ") || "none"}`
    ),
  );
}
