/**
 * Writes model packs with the exact shapes of what people use (CLIP ViT-B/32; SCRFD-10G with ArcFace
 * R50) and random weights: as slow and as large as the real ones, without their knowledge or their
 * licences. `deno run -A bench/shapes/make.ts [FOLDER] [--batch 1] [--faces 0|1|2]` prints the folder,
 * which SAFELIGHT_MODELS takes, as it takes one of the two folders in it.
 */
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { encodeInParts } from "../../models/builtin/onnx_writer.ts";
import { BY_127_5, BY_128, CLIP_PIXELS, USUAL_THRESHOLDS } from "../../models/known_models.ts";
import { arcfaceR50 } from "./arcface_r50.ts";
import type { Net } from "./layers.ts";
import { scrfd10g } from "./scrfd_10g.ts";
import { vitB32Textual, vitB32Visual } from "./vit_b_32.ts";

export interface ShapesOptions {
  /** Fixes the visual graph's batch axis; free by default. */
  batch?: number;
  /** Faces the detector finds in every picture: 0, 1 or 2 (the default). */
  faces?: number;
}

/** What one graph came to; `macs` for one picture, face or text. */
export interface ShapeFigures {
  file: string;
  bytes: number;
  parameters: number;
  macs: number;
}

/** The folder that `makeShapes` writes to unless told otherwise, outside the repository. */
export function shapesFolder({ batch, faces }: ShapesOptions = {}): string {
  const cache = Deno.env.get("XDG_CACHE_HOME") || join(homedir(), ".cache");
  const name = ["shapes", batch && `batch-${batch}`, faces !== undefined && `faces-${faces}`];
  return join(cache, "safelight", name.filter(Boolean).join("-"));
}

/** Gives the folder of packs with these options, writing them (800 MB) where they are not there. */
export async function shapes(options: ShapesOptions = {}): Promise<string> {
  const folder = shapesFolder(options);
  const there = await Deno.stat(join(folder, "faces", "manifest.json")).then(
    () => true,
    () => false,
  );
  if (!there) await makeShapes(folder, options);
  return folder;
}

/** Writes the packs into `folder`/clip and `folder`/faces, each manifest after its graphs. */
export async function makeShapes(
  folder: string,
  { batch, faces }: ShapesOptions = {},
): Promise<ShapeFigures[]> {
  const figures: ShapeFigures[] = [];
  // One graph at a time: each is let go before the next is made.
  const graph = async (file: string, make: () => Net, input: string) => {
    await Deno.mkdir(dirname(join(folder, file)), { recursive: true });
    const net = make();
    const { sha256, bytes } = await writeGraph(join(folder, file), net);
    figures.push({ file, bytes, parameters: net.parameters, macs: net.macs });
    return { file: basename(file), sha256, input };
  };
  const manifest = (pack: string, fields: Record<string, unknown>) => {
    const licence = "none: random weights";
    const text = JSON.stringify({ name: `shapes-${pack}`, licence, ...fields }, null, 2);
    return Deno.writeTextFile(join(folder, pack, "manifest.json"), text);
  };
  const visual = await graph("clip/visual.onnx", () => vitB32Visual({ batch }), "image");
  const textual = await graph("clip/textual.onnx", vitB32Textual, "text");
  await Deno.writeTextFile(join(folder, "clip", "merges.txt"), merges());
  await manifest("clip", {
    description: "The shape of CLIP ViT-B/32 with random weights",
    roles: {
      visual: { ...visual, size: 224, ...CLIP_PIXELS, dimension: 512 },
      textual: { ...textual, context: 77, dimension: 512 },
    },
    tokenizer: { kind: "clip", vocabulary: "merges.txt" },
  });
  const detector = await graph("faces/detector.onnx", () => scrfd10g({ faces }), "input.1");
  const recogniser = await graph("faces/recogniser.onnx", arcfaceR50, "input.1");
  await manifest("faces", {
    description: "The shapes of SCRFD-10G and ArcFace R50 with random weights",
    roles: {
      detector: { ...detector, size: 640, ...BY_128, thresholds: { detection: 0.5 } },
      recogniser: {
        ...recogniser,
        ...{ size: 112, ...BY_127_5, dimension: 512 },
        thresholds: USUAL_THRESHOLDS,
      },
    },
  });
  return figures;
}

/** Writes a graph piece by piece; gives its SHA-256 and its length. */
export async function writeGraph(
  path: string,
  net: Net,
): Promise<{ sha256: string; bytes: number }> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  const hash = createHash("sha256");
  let bytes = 0;
  for (const part of encodeInParts(net.graph, `${net.graph.name} with random weights`)) {
    hash.update(part);
    bytes += part.length;
    for (let at = 0; at < part.length;) at += await file.write(part.subarray(at));
  }
  return { sha256: hash.digest("hex"), bytes };
}

// As many merges as CLIP's vocabulary has, of letters that are not merged any further.
function merges(): string {
  const letters = Array.from(
    { length: 222 },
    (_, i) => String.fromCharCode(i < 94 ? 33 + i : 162 + i),
  );
  const pairs = letters.flatMap((one) => letters.map((other) => `${one} ${other}`));
  return ["#version: 0.2", ...pairs.slice(0, 49408 - 2 * 256 - 2), ""].join("\n");
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    args: Deno.args,
    options: { batch: { type: "string" }, faces: { type: "string" } },
    allowPositionals: true,
  });
  const number = (text?: string) => text === undefined ? undefined : Number(text);
  const options = { batch: number(values.batch), faces: number(values.faces) };
  const folder = positionals[0] ?? shapesFolder(options);
  for (const { file, bytes, parameters, macs } of await makeShapes(folder, options)) {
    const [mega, millions, giga] = [bytes / 1e6, parameters / 1e6, macs / 1e9];
    console.log(
      `${file}: ${mega.toFixed(1)} MB, ${millions.toFixed(2)} million parameters, ` +
        `${giga.toFixed(2)} G multiply-adds`,
    );
  }
  console.log(folder);
}
