import { basename, join } from "node:path";
import { identify, sha256 } from "./identity.ts";
import { type LooseFile, resolveLoose } from "./loose_pack.ts";
import {
  type DetectorRole,
  type Manifest,
  parseManifest,
  type RecogniserRole,
  type TextualRole,
  type TokenizerRole,
  type VisualRole,
} from "./manifest.ts";
import type { ModelIdentity } from "./types.ts";

/** A role with the absolute path of its graph. */
export type Placed<Role> = Role & { path: string };

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

/**
 * Finds the models to work with. In `modelsDir` (null: none) every folder with a manifest is a pack;
 * other graphs are recognised by SHA-256 or by their inputs and outputs. Pairs it lacks come from
 * the built-in pack. Throws an Error if the folder cannot be read, a manifest is wrong or a file is not
 * the one its manifest names.
 */
export async function openPacks(
  { modelsDir, builtinDir }: { modelsDir: string | null; builtinDir: string },
): Promise<ResolvedModels> {
  const warnings: string[] = [];
  const packs = modelsDir === null ? [] : await openFolder(modelsDir, warnings);
  let clip = packs.find((pack) => pack.clip)?.clip;
  let faces = packs.find((pack) => pack.faces)?.faces;
  if (modelsDir !== null) {
    const missing = [!clip && "pictures and words", !faces && "faces"].filter(Boolean);
    if (missing.length) {
      warnings.push(
        `No usable models for ${missing.join(" nor for ")} in "${modelsDir}": ` +
          `the built-in demonstration models are used there`,
      );
    }
  }
  if (!clip || !faces) {
    const builtin = await openManifest(builtinDir);
    clip ??= builtin.clip;
    faces ??= builtin.faces;
  }
  if (!clip || !faces) throw new Error(`The built-in model pack in "${builtinDir}" is incomplete`);
  return { clip, faces, warnings };
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

/** Opens the pack of a folder with a manifest, and checks every graph's SHA-256. */
export async function openManifest(dir: string): Promise<Pack> {
  const path = join(dir, MANIFEST);
  const manifest = parseManifest(await Deno.readTextFile(path), path);
  for (const role of Object.values(manifest.roles)) {
    const actual = await sha256(await readGraph(manifest, join(dir, role.file)));
    if (actual !== role.sha256) {
      throw new Error(
        `Cannot open model pack "${manifest.name}": ${role.file} has SHA-256 ${actual}, ` +
          `expected ${role.sha256}; fetch the file again, or correct ${path} if the change is meant`,
      );
    }
  }
  const placed = <Role extends { file: string }>(role: Role): Placed<Role> => ({
    ...role,
    path: join(dir, role.file),
  });
  const { visual, textual, detector, recogniser } = manifest.roles;
  const { licence, tokenizer } = manifest;
  const pack: Pack = {};
  if (visual && textual && tokenizer) {
    pack.clip = {
      identity: await identify(manifest, { graphs: [visual], dimension: visual.dimension }),
      licence,
      visual: placed(visual),
      textual: placed(textual),
      tokenizer: { kind: tokenizer.kind, path: join(dir, tokenizer.vocabulary) },
    };
  }
  if (detector && recogniser) {
    const { dimension } = recogniser;
    pack.faces = {
      identity: await identify(manifest, { graphs: [detector, recogniser], dimension }),
      licence,
      detector: placed(detector),
      recogniser: placed(recogniser),
    };
  }
  return pack;
}

async function readGraph(manifest: Manifest, path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new Error(
      `Cannot open model pack "${manifest.name}": "${path}" cannot be read ` +
        `(${(error as Error).message}); fetch the pack again`,
    );
  }
}
