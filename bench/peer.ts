import { join } from "node:path";
import { CLIP_PIXELS } from "../models/known_models.ts";
import { shapesFolder, writeGraph } from "./shapes/make.ts";
import { vitB32Visual } from "./shapes/vit_b_32.ts";

/** What `@huggingface/transformers` took for the same pictures, one by one and in batches. */
export interface PeerFigures {
  version: string;
  results: { batch: number; photos: number; seconds: number; coreSeconds: number }[];
  peakMb: number;
}

/**
 * Runs `@huggingface/transformers` in a process of its own, with its own dependencies, on the same
 * graph: same weights, its ports named as that library wants them.
 */
export async function runPeer(paths: string[], dir: string): Promise<PeerFigures> {
  const models = await peerModels();
  const list = join(dir, "paths.json");
  await Deno.writeTextFile(list, JSON.stringify(paths));
  const here = (name: string) => new URL(name, import.meta.url).pathname;
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--quiet", "--frozen", "--config", here("./peer/deno.json")],
      ...[here("./peer/transformers.ts"), models, list],
    ],
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Error(`The peer ended with ${code}`);
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  return JSON.parse(lines.at(-1)!);
}

async function peerModels(): Promise<string> {
  const models = `${shapesFolder()}-transformers`;
  const folder = join(models, "clip");
  const last = join(folder, "preprocessor_config.json");
  if (await Deno.stat(last).then(() => true, () => false)) return models;
  await Deno.mkdir(join(folder, "onnx"), { recursive: true });
  const net = vitB32Visual({ input: "pixel_values", output: "image_embeds" });
  await writeGraph(join(folder, "onnx", "vision_model.onnx"), net);
  await Deno.writeTextFile(join(folder, "config.json"), JSON.stringify({ model_type: "clip" }));
  // As in openai/clip-vit-base-patch32.
  const preprocessing = {
    image_processor_type: "CLIPImageProcessor",
    ...{ do_resize: true, size: { shortest_edge: 224 }, resample: 3 },
    ...{ do_center_crop: true, crop_size: { width: 224, height: 224 } },
    ...{ do_convert_rgb: true, do_rescale: true, rescale_factor: 1 / 255, do_normalize: true },
    ...{ image_mean: CLIP_PIXELS.mean, image_std: CLIP_PIXELS.std },
  };
  await Deno.writeTextFile(last, JSON.stringify(preprocessing));
  return models;
}
