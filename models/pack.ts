import { basename, join } from "node:path";
import { setTimeout as rest } from "node:timers/promises";
import { readChosenIn } from "./chosen.ts";
import { hashFile, identify } from "./identity.ts";
import { putBackOld } from "./install.ts";
import { type LooseFile, resolveLoose } from "./loose_pack.ts";
import {
  type DetectorRole,
  type Manifest,
  packFiles,
  parseManifest,
  type RecogniserRole,
  type TextualRole,
  type TokenizerRole,
  type VisualRole,
} from "./manifest.ts";
import { readStamp, writeStamp } from "./stamp.ts";
import type { ModelIdentity } from "./types.ts";

/** A role with the absolute path of its graph, and the SHA-256 of what lies there. */
export type Placed<Role> = Role & { path: string; sha256: string };

/** A pair of CLIP halves that share a space, with what turns words into ids. */
export interface ClipPair {
  identity: ModelIdentity;
  licence: string;
  visual: Placed<VisualRole>;
  textual: Placed<TextualRole>;
  tokenizer: { kind: TokenizerRole["kind"]; path: string };
}

/** A detector and the recogniser its landmarks feed. */
export interface FacePair {
  identity: ModelIdentity;
  licence: string;
  detector: Placed<DetectorRole>;
  recogniser: Placed<RecogniserRole>;
}

/** Plain data: it goes to the inference threads as it is. */
export interface ResolvedModels {
  clip: ClipPair;
  faces: FacePair;
  /** For a person: what in the models folder is not used, and why. */
  warnings: string[];
}

/** What one folder holds: a pair is complete or absent, halves of different packs never meet. */
export interface Pack {
  clip?: ClipPair;
  faces?: FacePair;
}

const MANIFEST = "manifest.json";
// Deep enough for models/NAME/visual/model.onnx, shallow enough for a wrong folder to be noticed.
const DEEPEST = 4;

/** The name under which the built-in pack is asked for. */
export const BUILTIN = "builtin";

export interface PackOptions {
  /** A folder of the user's own, which then counts instead of any choice; null: none. */
  modelsDir: string | null;
  /** Where pulled packs and the choice between them lie; absent: there are none. */
  packsDir?: string;
  builtinDir: string;
  /** The pack to take a pair from, whatever was chosen. */
  clip?: string;
  faces?: string;
}

/**
 * Finds the models to work with. In `modelsDir` every folder with a manifest is a pack; other graphs
 * are recognised by SHA-256 or by their inputs and outputs. Without it the packs chosen in `packsDir`
 * count. Pairs that nobody has or chose come from the built-in pack. Throws an Error if a folder
 * cannot be read, a manifest is wrong, a file is not the one its manifest names, or a chosen or named
 * pack is missing or damaged.
 */
export async function openPacks(
  { modelsDir, packsDir, builtinDir, clip, faces }: PackOptions,
): Promise<ResolvedModels> {
  const warnings: string[] = [];
  const packs = modelsDir === null ? [] : await openFolder(modelsDir, warnings);
  // A choice that cannot be read stands in nobody's way who does not go by it.
  const isAsked = clip === undefined || faces === undefined;
  const chosen = modelsDir === null && packsDir !== undefined && isAsked
    ? await readChosenIn(packsDir)
    : null;
  const opened = new Map<string, Promise<Pack>>();
  const open = (name: string): Promise<Pack> => {
    const pack = opened.get(name) ??
      (name === BUILTIN ? openManifest(builtinDir) : openInstalled(name, packsDir));
    opened.set(name, pack);
    return pack;
  };
  async function find<Kind extends keyof Pack>(kind: Kind, named?: string) {
    const own = packs.find((pack) =>
      pack[kind] && (named ?? pack[kind].identity.pack) ===
        pack[kind].identity.pack
    )?.[kind];
    if (own) return own;
    const name = named ?? chosen?.[kind] ?? BUILTIN;
    const pair = (await open(name))[kind];
    if (pair) return pair;
    throw new Error(
      `The pack "${name}" has no models for ${KINDS[kind]}: choose another with ` +
        `"deno task models use NAME"`,
    );
  }
  const found = { clip: await find("clip", clip), faces: await find("faces", faces) };
  const missing = (["clip", "faces"] as const).filter((kind) => !packs.some((pack) => pack[kind]));
  if (modelsDir !== null && missing.length > 0) {
    warnings.push(
      `No usable models for ${missing.map((kind) => KINDS[kind]).join(" nor for ")} in ` +
        `"${modelsDir}": the built-in demonstration models are used there`,
    );
  }
  return { ...found, warnings };
}

const KINDS = { clip: "pictures and words", faces: "faces" } as const;

async function openInstalled(name: string, packsDir: string | undefined): Promise<Pack> {
  // Other names would lead out of the folder.
  const dir = packsDir !== undefined && !/[/\\]|^\./.test(name) ? join(packsDir, name) : null;
  try {
    if (dir === null) throw new Error("it is not installed");
    return await openManifest(dir, { stamped: true }).catch(async (error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      // Somebody may be replacing it, which takes a moment, or has died over that.
      if (!await putBackOld(packsDir!, name)) await rest(100);
      return await openManifest(dir, { stamped: true });
    });
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "it is not installed"
      : (error as Error).message;
    throw new Error(
      `Cannot open the model pack "${name}" (${reason}); run "deno task models pull ${name}", or ` +
        `choose another with "deno task models use NAME"`,
      { cause: error },
    );
  }
}

async function openFolder(dir: string, warnings: string[]): Promise<Pack[]> {
  const files = (await listFiles(dir, DEEPEST)).sort();
  const folders = files.filter((file) => basename(file) === MANIFEST)
    .map((file) => file.slice(0, -MANIFEST.length));
  const packs: Pack[] = [];
  for (const folder of folders) packs.push(await openManifest(folder));
  for (const kind of ["clip", "faces"] as const) {
    const [used, ...others] = packs.flatMap((pack) => pack[kind] ?? []);
    for (const { identity } of others) {
      warnings.push(
        `The ${kind} models of pack "${identity.pack}" are not used: those of ` +
          `"${used.identity.pack}" come first; keep one of them in the folder`,
      );
    }
  }
  const loose: LooseFile[] = files
    .filter((path) => !folders.some((folder) => path.startsWith(folder)))
    .map((path) => ({ path, name: path.slice(join(dir, "/").length) }));
  packs.push(await resolveLoose(loose, warnings));
  return packs;
}

async function listFiles(dir: string, depth: number): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const { name } of Deno.readDir(dir)) {
      const path = join(dir, name);
      // Model caches are full of symbolic links: what counts is what they lead to.
      const entry = await Deno.stat(path);
      if (entry.isFile) found.push(path);
      else if (entry.isDirectory && depth > 1) found.push(...await listFiles(path, depth - 1));
    }
  } catch (error) {
    throw new Error(
      `Cannot read the models folder "${dir}": ${(error as Error).message}; ` +
        `set SAFELIGHT_MODELS to a readable folder, or leave it unset for the built-in models`,
    );
  }
  return found;
}

/**
 * Opens the pack of a folder with a manifest, and checks every graph's SHA-256. `stamped`: files that
 * have been checked before, and have neither size nor time changed since, are not read again.
 */
export async function openManifest(
  dir: string,
  { stamped = false }: { stamped?: boolean } = {},
): Promise<Pack> {
  const path = join(dir, MANIFEST);
  const manifest = parseManifest(await Deno.readTextFile(path), path);
  const known = stamped ? await readStamp(dir, manifest) : null;
  const hashes = known ?? await hashPack(dir, { manifest, path });
  if (stamped && !known) await writeStamp(dir, hashes);
  const placed = <Role extends { file: string }>(role: Role): Placed<Role> => ({
    ...role,
    path: join(dir, role.file),
    sha256: hashes[role.file],
  });
  const { licence: { name: licence }, tokenizer } = manifest;
  const { visual, textual, detector, recogniser } = manifest.roles;
  // What somebody optimized here makes the vectors of the graph it was made of.
  const origin = (role: { file: string; madeOf?: string }) => ({
    sha256: role.madeOf ?? hashes[role.file],
  });
  const pack: Pack = {};
  if (visual && textual && tokenizer) {
    const graphs = [origin(visual)];
    pack.clip = {
      identity: await identify(manifest, { graphs, dimension: visual.dimension }),
      licence,
      visual: placed(visual),
      textual: placed(textual),
      tokenizer: { kind: tokenizer.kind, path: join(dir, tokenizer.vocabulary) },
    };
  }
  if (detector && recogniser) {
    const graphs = [origin(detector), origin(recogniser)];
    pack.faces = {
      identity: await identify(manifest, { graphs, dimension: recogniser.dimension }),
      licence,
      detector: placed(detector),
      recogniser: placed(recogniser),
    };
  }
  return pack;
}

async function hashPack(
  dir: string,
  { manifest, path }: { manifest: Manifest; path: string },
): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const { file, sha256 } of packFiles(manifest)) {
    const actual = await hashFile(join(dir, file)).catch((error: Error) => {
      throw new Error(
        `Cannot open model pack "${manifest.name}": "${join(dir, file)}" cannot be read ` +
          `(${error.message}); fetch the pack again`,
      );
    });
    if (sha256 !== undefined && actual !== sha256) {
      throw new Error(
        `Cannot open model pack "${manifest.name}": ${file} has SHA-256 ${actual}, ` +
          `expected ${sha256}; fetch the file again, or correct ${path} if the change is meant`,
      );
    }
    hashes[file] = actual;
  }
  return hashes;
}
