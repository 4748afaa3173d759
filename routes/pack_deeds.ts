import { useModels } from "../jobs/change_models.ts";
import { findModels } from "../jobs/chosen_models.ts";
import type { Actor } from "../jobs/lifecycle.ts";
import { readChosen } from "../models/chosen.ts";
import { type InstalledPack, installedPack } from "../models/installed.ts";
import { BUILTIN } from "../models/pack.ts";
import { kindsOf, sourceOf } from "./packs.ts";
import type { Deps } from "./env.ts";
import { Fault } from "./fault.ts";
import { tryApart } from "./try_apart.ts";

/** What may be done with a pack, for pages and API alike. Each throws a Fault that a person can act on. */

type Given = Pick<Deps, "config" | "pulls">;

/**
 * Begins to pull a pack in the background; false if it is under way, or if the pack is installed and
 * nothing speaks against its files.
 */
export async function pull(
  deps: Given,
  name: string,
  { acceptLicence }: { acceptLicence: boolean },
): Promise<boolean> {
  // What the catalogue knows replaces a pack whose manifest is broken.
  const pack = isKnown(deps, name)
    ? await installedPack(deps.config.dataDir, name).catch(() => null)
    : await readInstalled(deps, name);
  const manifest = sourceOf(deps.pulls, { name, pack });
  if (!manifest) {
    await mustBeInstalled(deps, name);
    const message = `Nothing says where the pack ${name} comes from; add URLs to its manifest`;
    throw new Fault(409, "pack_without_source", message);
  }
  const { licence } = manifest;
  if (licence.nonCommercial && !acceptLicence) {
    throw new Fault(
      422,
      "licence_not_accepted",
      `The pack ${name} may be used for non-commercial purposes only (${licence.name}); ` +
        `it is downloaded when you agree to that`,
      { licence: licence.name, licenceUrl: licence.url ?? null },
    );
  }
  const work = deps.pulls.work(name);
  const sound = work?.state !== "failed" &&
    (work?.state !== "verified" || work.faults.length === 0);
  if (pack && sound) return false;
  return deps.pulls.pull(manifest, { acceptLicence });
}

/** Stops what is under way with a pack; false if nothing is. What was fetched is kept. */
export async function cancel(deps: Given, name: string): Promise<boolean> {
  if (!isKnown(deps, name)) await mustBeInstalled(deps, name);
  return await deps.pulls.stop(name);
}

/** Begins to check the files of an installed pack; false if something is under way with it. */
export async function verify(deps: Given, name: string): Promise<boolean> {
  return deps.pulls.verify(await mustBeInstalled(deps, name));
}

/**
 * Works with an installed pack from now on, once its graphs have run, which takes seconds. Returns
 * the run over the library that this takes, or null while nothing is in it.
 */
export async function use(
  { config, pulls, database }: Deps,
  name: string,
  { by }: Required<Actor>,
): Promise<number | null> {
  if (config.modelsDir !== null) {
    throw new Fault(
      409,
      "models_folder_set",
      `The models in "${config.modelsDir}" are in use because SAFELIGHT_MODELS names that folder; ` +
        `start Safelight without that variable to choose packs`,
    );
  }
  const pack = name === BUILTIN ? null : await mustBeInstalled({ config, pulls }, name);
  const { dataDir } = config;
  await mustWork(dataDir, pack);
  return await useModels(database.db, { dataDir, pack: name, by });
}

/** What is damaged, misses its files or does not run is told before anything changes. */
async function mustWork(dataDir: string, pack: InstalledPack | null): Promise<void> {
  const named = pack
    ? Object.fromEntries(kindsOf(pack.manifest).map((kind) => [kind, pack.name]))
    : { clip: BUILTIN, faces: BUILTIN };
  try {
    // The other half of a choice stays as it is; only the built-in pack replaces it whole.
    if (pack) await readChosen(dataDir);
    await findModels(dataDir, named);
    if (pack) await tryApart(dataDir, pack.name);
  } catch (error) {
    throw unusable(error);
  }
}

const unusable = (error: unknown) => new Fault(409, "pack_unusable", (error as Error).message);

const isKnown = ({ pulls }: Pick<Given, "pulls">, name: string): boolean =>
  pulls.catalogue.some((manifest) => manifest.name === name);

/** A manifest that cannot be read is told, as what somebody can mend. */
async function readInstalled(
  { config }: Pick<Given, "config">,
  name: string,
): Promise<InstalledPack | null> {
  try {
    return await installedPack(config.dataDir, name);
  } catch (error) {
    throw unusable(error);
  }
}

async function mustBeInstalled({ config, pulls }: Given, name: string): Promise<InstalledPack> {
  const pack = await readInstalled({ config }, name);
  if (pack) return pack;
  if (isKnown({ pulls }, name)) {
    throw new Fault(
      409,
      "pack_not_installed",
      `The pack ${name} is not installed; download it first`,
    );
  }
  if (name === BUILTIN) {
    throw new Fault(409, "pack_builtin", "The built-in pack is part of the program");
  }
  throw new Fault(404, "pack_not_found", `There is no pack "${name}"`);
}
