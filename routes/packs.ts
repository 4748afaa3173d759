import { join } from "node:path";
import { fileURLToPath } from "node:url";
import builtinJson from "../models/builtin/manifest.json" with { type: "json" };
import { type Chosen, readChosen } from "../models/chosen.ts";
import { pullDir } from "../models/install.ts";
import { ifMissing, type InstalledPack, installedPacks, packsDir } from "../models/installed.ts";
import { checkManifest, type Manifest, packFiles } from "../models/manifest.ts";
import type { PackKind, PackProgress, PackStatus, PackView } from "../views/pack_view.ts";
import type { Deps } from "./env.ts";
import type { PackWork, Pulls } from "./pulls.ts";

/** Packs as pages and API tell of them, out of manifests, the disk and what is under way. */

const BUILTIN_PACK = checkManifest(builtinJson, "models/builtin/manifest.json");
const BUILTIN_DIR = fileURLToPath(new URL("../models/builtin", import.meta.url));

export interface Packs {
  packs: PackView[];
  /** Null: what was chosen cannot be read. */
  chosen: Chosen | null;
  /** For a person: what is wrong with the folder of packs or the choice. */
  faults: string[];
}

type Given = Pick<Deps, "config" | "pulls">;

/**
 * Every pack: those of the catalogue, those of the data directory, the built-in one. Reads manifests
 * and the sizes of files, never the files; the database is not asked.
 */
export async function readPacks({ config, pulls }: Given): Promise<Packs> {
  const { dataDir, modelsDir } = config;
  const faults: string[] = [];
  // Asked before the disk: a pull that ends in between would be neither under way nor installed.
  const works = new Map(pulls.catalogue.map(({ name }) => [name, pulls.work(name)]));
  const [installed, chosen, builtinBytes] = await Promise.all([
    installedPacks(dataDir, (fault) => void faults.push(fault)),
    readChosen(dataDir).catch((error: Error) => {
      faults.push(error.message);
      return null;
    }),
    sizeOf(BUILTIN_DIR, BUILTIN_PACK),
  ]);
  const here = new Map(installed.map((pack) => [pack.name, pack]));
  const inUse = (manifest: Manifest) =>
    chosen === null || modelsDir !== null ? [] : kindsOf(manifest)
      .filter((kind) => (chosen[kind] ?? BUILTIN_PACK.name) === manifest.name);
  const names = new Set([...pulls.catalogue.map(({ name }) => name), ...here.keys()]);
  const views = [...names].map(async (name) => {
    const pack = here.get(name), source = sourceOf(pulls, { name, pack });
    const manifest = pack?.manifest ?? source!;
    return {
      ...described(manifest, { source, mirror: config.modelsMirror }),
      bytes: pack?.bytes ?? total(manifest),
      installed: pack !== undefined,
      inUse: inUse(manifest),
      ...stateOf(works.has(name) ? works.get(name) ?? null : pulls.work(name), {
        installed: pack !== undefined,
        partial: await partialBytes(dataDir, manifest),
        total: total(manifest),
      }),
    };
  });
  const builtin: PackView = {
    ...described(BUILTIN_PACK, {}),
    bytes: builtinBytes,
    installed: true,
    inUse: inUse(BUILTIN_PACK),
    status: "installed",
    progress: null,
    message: null,
    checked: null,
  };
  if (chosen && modelsDir === null) faults.push(...missing(chosen, here));
  return { packs: [builtin, ...await Promise.all(views)], chosen, faults };
}

/** What a pack can be pulled by: the catalogue, or a manifest of one's own that says from where. */
export function sourceOf(
  { catalogue }: Pick<Pulls, "catalogue">,
  { name, pack }: { name: string; pack?: InstalledPack | null },
): Manifest | undefined {
  const known = catalogue.find((manifest) => manifest.name === name);
  if (known || !pack) return known;
  return packFiles(pack.manifest).every(({ url }) => url) ? pack.manifest : undefined;
}

function missing(chosen: Chosen, here: Map<string, InstalledPack>): string[] {
  const gone = [...new Set([chosen.clip, chosen.faces])]
    .filter((name) => name !== null && !here.has(name));
  return gone.map((name) =>
    `The pack ${name} is chosen, but it is not installed: download it, or use another`
  );
}

function described(
  manifest: Manifest,
  { source, mirror }: { source?: Manifest; mirror?: string | null },
) {
  const { name, description, homepage, licence, builtin, roles } = manifest;
  const url = source && packFiles(source).find(({ url }) => url)?.url;
  return {
    name,
    description: description ?? null,
    homepage: homepage ?? null,
    licence: licence.name,
    licenceUrl: licence.url ?? null,
    nonCommercial: licence.nonCommercial,
    source: url ? new URL(mirror ?? url).host : null,
    pinned: packFiles(manifest).every(({ sha256, recorded }) => sha256 && !recorded),
    understands: kindsOf(manifest).map((kind) => ({
      kind,
      dimension: (kind === "clip" ? roles.visual! : roles.recogniser!).dimension,
    })),
    builtin,
  };
}

export const kindsOf = ({ roles }: Manifest): PackKind[] => [
  ...(roles.visual ? ["clip" as const] : []),
  ...(roles.recogniser ? ["faces" as const] : []),
];

/** All files in bytes; null where the manifest does not know. */
function total(manifest: Manifest): number | null {
  const sizes = packFiles(manifest).map(({ bytes }) => bytes ?? null);
  return sizes.includes(null) ? null : sizes.reduce<number>((sum, size) => sum + size!, 0);
}

function stateOf(
  work: PackWork | null,
  { installed, partial, total }: { installed: boolean; partial: number; total: number | null },
): Pick<PackView, "progress" | "message" | "checked"> & { status: PackStatus } {
  const begun: PackProgress = {
    file: null,
    bytes: partial,
    total,
    bytesPerSecond: null,
    etaSeconds: null,
  };
  const state = { progress: null, message: null, checked: null };
  if (work?.state === "pulling") {
    const status = work.progress?.stage ?? "fetching";
    return { ...state, status, progress: shown(work.progress ?? begun) };
  }
  if (work?.state === "verifying") {
    const { bytes, total } = work;
    return { ...state, status: "verifying", progress: { ...begun, bytes, total } };
  }
  if (work?.state === "failed") {
    const progress = partial > 0 ? begun : null;
    return { ...state, status: "failed", message: work.message, progress };
  }
  if (installed) {
    const checked = work && {
      at: work.at.toISOString(),
      faults: work.faults.map(({ file, problem }) => `${file}: ${problem}`),
    };
    return { ...state, status: "installed", checked };
  }
  if (partial > 0) return { ...state, status: "interrupted", progress: begun };
  return { ...state, status: "absent" };
}

const shown = ({ file, bytes, total, bytesPerSecond, etaSeconds }: PackProgress) => ({
  file,
  bytes,
  total,
  bytesPerSecond,
  etaSeconds,
});

async function sizeOf(dir: string, manifest: Manifest): Promise<number> {
  const files = await Promise.all(
    packFiles(manifest).map(({ file }) => Deno.stat(join(dir, file))),
  );
  return files.reduce((sum, { size }) => sum + size, 0);
}

/** What an interrupted pull has on the disk. */
async function partialBytes(dataDir: string, manifest: Manifest): Promise<number> {
  const dir = pullDir(packsDir(dataDir), manifest.name);
  const sizes = await Promise.all(
    packFiles(manifest).map(({ file }) =>
      Deno.stat(join(dir, file)).then(({ size }) => size, ifMissing(0))
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
