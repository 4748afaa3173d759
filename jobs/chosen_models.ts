import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Config } from "../config.ts";
import { log } from "../log.ts";
import { readChosen } from "../models/chosen.ts";
import { packsDir } from "../models/installed.ts";
import { BUILTIN, openPacks, type ResolvedModels } from "../models/pack.ts";
import type { ModelSet } from "../models/types.ts";

const BUILTIN_DIR = fileURLToPath(new URL("../models/builtin", import.meta.url));

/**
 * The models of the packs that are chosen, or of those named here. Throws an Error that says what to
 * do if one of them is missing or damaged.
 */
export async function findModels(
  dataDir: string,
  named: { clip?: string; faces?: string } = {},
): Promise<ModelSet> {
  const { clip, faces } = await findPacks(dataDir, named);
  return { clip: clip.identity, faces: faces.identity };
}

const findPacks = (dataDir: string, named: { clip?: string; faces?: string } = {}) =>
  openPacks({ modelsDir: null, packsDir: packsDir(dataDir), builtinDir: BUILTIN_DIR, ...named });

/** The graphs themselves: an optimised one makes the vectors of the one it was made of, only faster. */
const graphsOf = ({ clip, faces }: ResolvedModels) =>
  [clip.visual, faces.detector, faces.recogniser].map(({ sha256 }) => sha256).join();

/**
 * Tells, whenever it is asked, whether other models are chosen by now than `models`, which a worker
 * works with. Costs three small reads; packs are only opened at first, since one may have been replaced
 * while the worker began, and when a name or a manifest has changed.
 * True as well where the same models have other graphs than at the first answer.
 * False where SAFELIGHT_MODELS decides, and for a choice that cannot be opened: a worker that still
 * has its models does better than one that cannot start.
 */
export function watchChoice(
  { dataDir, modelsDir }: Pick<Config, "dataDir" | "modelsDir">,
  models: ModelSet,
): () => Promise<boolean> {
  if (modelsDir !== null) return () => Promise.resolve(false);
  let seen: string | null = null;
  let others = false;
  let graphs: string | null = null;

  async function differ(): Promise<boolean> {
    try {
      const packs = await findPacks(dataDir);
      graphs ??= graphsOf(packs);
      return packs.clip.identity.key !== models.clip.key ||
        packs.faces.identity.key !== models.faces.key || graphsOf(packs) !== graphs;
    } catch (error) {
      log("warn", "the models that were chosen cannot be used; going on with those before", {
        error: (error as Error).message,
      });
      return false;
    }
  }

  return async () => {
    const chosen = await readChosen(dataDir).catch((error: Error) => error);
    const names = chosen instanceof Error
      ? null
      : { clip: chosen.clip ?? BUILTIN, faces: chosen.faces ?? BUILTIN };
    const times = names &&
      await Promise.all([names.clip, names.faces].map((name) => changedAt(dataDir, name)));
    const now = JSON.stringify([names, times]);
    if (now === seen) return others;
    seen = now;
    others = await differ();
    return others;
  };
}

/** When a pack's manifest was written; null if it is not there or built in. */
const changedAt = (dataDir: string, name: string): Promise<number | null> =>
  Deno.stat(join(packsDir(dataDir), name, "manifest.json"))
    .then(({ mtime }) => mtime?.getTime() ?? null, () => null);
