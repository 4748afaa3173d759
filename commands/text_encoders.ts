import { fileURLToPath } from "node:url";
import type { Config } from "../config.ts";
import type { OpenEncoder } from "../db/search/stages.ts";
import { log } from "../log.ts";
import { type Engine, type EngineRole, openEngine } from "../models/engine.ts";
import { installedPacks, packsDir } from "../models/installed.ts";
import { BUILTIN, openManifest } from "../models/pack.ts";
import { type SearchEncoder, searchEncoder } from "../models/search_encoder.ts";

const BUILTIN_DIR = fileURLToPath(new URL("../models/builtin", import.meta.url));

/** What search asks of an engine: words, and pictures that somebody shows it. */
export const SEARCH_ROLES: EngineRole[] = ["text", "images"];

/**
 * How search opens its encoder: that of the pack which has the model asked for, among the
 * built-in and the installed ones, or else that of the models in use: always, where SAFELIGHT_MODELS
 * sets them. `first` is an engine of the latter that is open already; search closes what it is given.
 */
export function textEncoders(config: Config, first: Engine | null = null): OpenEncoder {
  const { modelsDir, dataDir } = config;
  let inUse: SearchEncoder | null = first && searchEncoder(first);
  const open = async (named: { clip?: string; faces?: string } = {}) =>
    searchEncoder(
      await openEngine({ modelsDir, packsDir: packsDir(dataDir), roles: SEARCH_ROLES, ...named }),
    );
  const takeInUse = () => {
    const encoder = inUse;
    inUse = null;
    return encoder;
  };

  const openEncoder: OpenEncoder = async (model, { exactly = false } = {}) => {
    if (model === null || inUse?.models.clip.key === model) return takeInUse() ?? await open();
    // The faces of the choice may be what is missing, and search needs none.
    const pack = await packWith(dataDir, model);
    if (pack !== null) return await open({ clip: pack, faces: BUILTIN });
    return exactly ? null : takeInUse() ?? await open();
  };
  openEncoder.fixed = modelsDir !== null;
  return openEncoder;
}

/** The name of the pack whose picture model has this key; null if there is none. */
async function packWith(dataDir: string, model: string): Promise<string | null> {
  const installed = (await installedPacks(dataDir))
    .filter(({ name }) => model.startsWith(`${name}@`));
  const places = [{ name: BUILTIN, dir: BUILTIN_DIR }, ...installed];
  for (const { name, dir } of places) {
    try {
      const { clip } = await openManifest(dir, { stamped: dir !== BUILTIN_DIR });
      if (clip?.identity.key === model) return name;
    } catch (error) {
      log("warn", `the pack "${name}" cannot be opened`, { error: (error as Error).message });
    }
  }
  return null;
}
