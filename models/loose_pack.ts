import { basename, dirname } from "node:path";
import { z } from "zod";
import { identify, sha256 } from "./identity.ts";
import {
  BY_127_5,
  BY_128,
  CLIP_PIXELS,
  KNOWN_MODELS,
  RAW_PIXELS,
  USUAL_THRESHOLDS,
} from "./known_models.ts";
import type { ClipPair, FacePair, Pack } from "./pack.ts";
import { readSignature, recognise, type Recognised } from "./signature.ts";
import type { Normalisation } from "./tensor.ts";
import { openTokenizer } from "./tokenizer.ts";

/** A file of a models folder; `name` is its path within, for messages. */
export interface LooseFile {
  path: string;
  name: string;
}

type Role = NonNullable<Recognised["role"]>;
type Graph<R extends Role = Role> = Extract<Recognised, { role: R }> & LooseFile & {
  file: string;
  sha256: string;
};

const OTHER_HALF: Record<Role, Role> = {
  visual: "textual",
  textual: "visual",
  detector: "recogniser",
  recogniser: "detector",
};

const VOCABULARIES = [
  "bpe_simple_vocab_16e6.txt.gz",
  "bpe_simple_vocab_16e6.txt",
  "merges.txt",
  "tokenizer.json",
];

// A pack's name is part of the key its vectors are stored under. The folder's name will not do: one
// folder is mounted under different names on different machines.
const UNNAMED = "custom";
const NO_LICENCE = "unknown (the folder has no manifest.json)";

/**
 * Makes a pack of graphs that come without a manifest. Known files (by SHA-256) are preferred, then
 * those nearest to the top. Everything that is not used is said in `warnings`.
 */
export async function resolveLoose(files: LooseFile[], warnings: string[]): Promise<Pack> {
  const graphs: Graph[] = [];
  for (const file of files.filter(({ name }) => name.endsWith(".onnx"))) {
    const graph = await inspect(file);
    if (typeof graph === "string") warnings.push(`"${file.name}" is not used: ${graph}`);
    else graphs.push(graph);
  }
  graphs.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  const clip = await pairClip(graphs, { files, warnings });
  const faces = await pairFaces(graphs);
  const used = [clip?.visual, clip?.textual, faces?.detector, faces?.recogniser]
    .map((role) => role?.path);
  for (const { path, name, role } of graphs) {
    if (used.includes(path)) continue;
    const paired = role === "visual" || role === "textual" ? clip : faces;
    const reason = paired
      ? `another ${role} is`
      : `its ${OTHER_HALF[role]} half is missing or unusable`;
    warnings.push(`"${name}" (${role}) is not used: ${reason}`);
  }
  return { clip, faces };
}

async function inspect(file: LooseFile): Promise<Graph | string> {
  const bytes = await Deno.readFile(file.path);
  try {
    const found = recognise(readSignature(bytes));
    if (found.role === null) return found.reason;
    return { ...found, ...file, file: file.name, sha256: await sha256(bytes) };
  } catch (error) {
    return (error as Error).message;
  }
}

function rank(graph: Graph): number {
  return (KNOWN_MODELS[graph.sha256] ? 0 : 100) + graph.name.split("/").length;
}

function licenceOf(graph: Graph): string {
  return KNOWN_MODELS[graph.sha256]?.licence ?? NO_LICENCE;
}

function ofRole<R extends Role>(graphs: Graph[], role: R): Graph<R>[] {
  return graphs.filter((graph): graph is Graph<R> => graph.role === role);
}

async function pairClip(
  graphs: Graph[],
  { files, warnings }: { files: LooseFile[]; warnings: string[] },
): Promise<ClipPair | undefined> {
  const textuals = ofRole(graphs, "textual");
  const matching = (visual: Graph<"visual">) =>
    textuals.find((textual) => textual.dimension === visual.dimension);
  const visual = ofRole(graphs, "visual").find(matching);
  if (!visual) return undefined;
  const textual = matching(visual)!;
  const tokenizer = await findVocabulary(files, warnings);
  if (!tokenizer) return undefined;
  const pack = { name: KNOWN_MODELS[visual.sha256]?.pack ?? UNNAMED, builtin: false };
  return {
    identity: await identify(pack, { graphs: [visual], dimension: visual.dimension }),
    licence: licenceOf(visual),
    visual: { ...visual, ...await clipPixels(visual, files), order: "rgb" },
    textual,
    tokenizer: { kind: "clip", path: tokenizer },
  };
}

// InsightFace's and OpenCV's conventions. SCRFD's usual score is 0.5; with 0.6 YuNet found all 41 faces
// of the reference photographs and nothing else, with 0.3 three that are none.
const DETECTORS = {
  scrfd: { ...BY_128, order: "rgb", thresholds: { detection: 0.5 } },
  yunet: { ...RAW_PIXELS, order: "bgr", thresholds: { detection: 0.6 } },
} as const;

async function pairFaces(graphs: Graph[]): Promise<FacePair | undefined> {
  const [detector] = ofRole(graphs, "detector");
  const [recogniser] = ofRole(graphs, "recogniser");
  if (!detector || !recogniser) return undefined;
  const known = KNOWN_MODELS[recogniser.sha256];
  const pack = { name: known?.pack ?? UNNAMED, builtin: false };
  const { dimension } = recogniser;
  return {
    identity: await identify(pack, { graphs: [detector, recogniser], dimension }),
    licence: [...new Set([detector, recogniser].map(licenceOf))].join("; "),
    detector: {
      ...detector,
      ...DETECTORS[detector.family],
      ...KNOWN_MODELS[detector.sha256]?.normalisation,
      // What SCRFD is evaluated at. It is enough for YuNet too, which finds faces of 16 pixels in a
      // preview; at 1280 it saw 11 in the reference photographs that are none.
      size: detector.size ?? 640,
    },
    recogniser: {
      ...recogniser,
      order: "rgb",
      ...known?.normalisation ?? BY_127_5,
      thresholds: known?.thresholds ?? USUAL_THRESHOLDS,
    },
  };
}

async function findVocabulary(files: LooseFile[], warnings: string[]): Promise<string | null> {
  const found = VOCABULARIES.flatMap((name) => files.filter(({ path }) => basename(path) === name));
  const reasons: string[] = [];
  for (const { path, name } of found) {
    try {
      openTokenizer("clip", await Deno.readFile(path));
      return path;
    } catch (error) {
      reasons.push(`"${name}": ${(error as Error).message}`);
    }
  }
  warnings.push(
    reasons.length
      ? `No usable CLIP vocabulary: ${reasons.join("; ")}`
      : `There is no CLIP vocabulary beside the models; add one of ${VOCABULARIES.join(", ")}`,
  );
  return null;
}

const preprocessing = z.object({
  mean: z.tuple([z.number(), z.number(), z.number()]),
  std: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]),
});

// Exports for photo libraries carry OpenCLIP's preprocessing beside the graph; others are OpenAI's.
async function clipPixels(visual: Graph, files: LooseFile[]): Promise<Normalisation> {
  const beside = files.find(({ path }) =>
    dirname(path) === dirname(visual.path) && basename(path) === "preprocess_cfg.json"
  );
  if (!beside) return CLIP_PIXELS;
  const parsed = preprocessing.safeParse(JSON.parse(await Deno.readTextFile(beside.path)));
  if (!parsed.success) {
    throw new Error(`Cannot read "${beside.path}": expected mean and std, three numbers each`);
  }
  return parsed.data;
}
